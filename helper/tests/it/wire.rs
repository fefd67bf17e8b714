use crate::support::{Helper, Page};
use cardwright_protocol::helper::{
    HelperError, MAX_FRAME_LENGTH, Message, PROTOCOL_VERSION, Request, Service,
};
use cardwright_protocol::outcome::Acknowledgement;
use cardwright_seal::{SigningKey, sign};
use tokio_tungstenite::tungstenite;

#[tokio::test]
async fn a_frame_that_is_not_of_the_protocol_is_refused_and_ends_the_connection() {
    let helper = Helper::without_service();
    let text = tungstenite::Message::text::<&str>;
    let cases = [
        (text(""), None),
        (text("hello"), None),
        (text("{}"), None),
        (text("[1]"), None),
        (text(&"[".repeat(10_000)), None),
        (text(r#"{"id":1}"#), Some(1)),
        (text(r#"{"id":-1,"request":{"type":"outcomes"}}"#), None),
        (text(r#"{"id":"1","request":{"type":"outcomes"}}"#), None),
        (text(r#"{"id":2,"request":{"type":"outcomes"},"more":1}"#), Some(2)),
        (text(r#"{"id":3,"request":{"type":"outcomes","more":1}}"#), Some(3)),
        (text(r#"{"id":4,"request":{"type":"cancel","job":"a","more":1}}"#), Some(4)),
        (text(r#"{"id":5,"request":{"type":"cancel","job":1}}"#), Some(5)),
        (text(r#"{"id":6,"request":{"type":"cancel"}}"#), Some(6)),
        (text(r#"{"id":7,"request":{"type":"reset"}}"#), Some(7)),
        (text(r#"{"id":8,"request":{"type":"outcomes"}} "#.repeat(2).trim()), None),
        (text(&" ".repeat(MAX_FRAME_LENGTH + 1)), None),
        (text(&" ".repeat(10 * MAX_FRAME_LENGTH)), None),
        (tungstenite::Message::binary(vec![1, 2, 3]), None),
        (tungstenite::Message::binary(vec![0; MAX_FRAME_LENGTH + 1]), None),
    ];
    for (frame, id) in cases {
        let mut page = helper.page().await;
        let shown: String = format!("{frame:?}").chars().take(80).collect();
        page.send_raw(frame).await;
        let refused = Message::Refused { id, error: HelperError::Malformed };
        assert_eq!(page.receive().await, refused, "{shown}");
        assert_eq!(page.closed().await, Some(4400), "{shown}");
    }
    helper.page().await;
}

async fn after_hello(helper: &Helper) -> Page {
    let mut page = Page::before_hello(helper.address).await;
    page.hello().await;
    page
}

#[tokio::test]
async fn hello_comes_first_and_once() {
    let helper = Helper::without_service();
    let mut page = Page::before_hello(helper.address).await;
    assert_eq!(page.refused(Request::Outcomes {}).await, HelperError::OutOfOrder);
    assert_eq!(page.closed().await, Some(4401));

    for mut page in [helper.page().await, after_hello(&helper).await] {
        let hello = Request::Hello { protocol: PROTOCOL_VERSION };
        assert_eq!(page.refused(hello).await, HelperError::OutOfOrder);
        assert_eq!(page.closed().await, Some(4401));
    }
}

#[tokio::test]
async fn another_version_is_told_ours() {
    let helper = Helper::without_service();
    for protocol in [0, PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1, u32::MAX] {
        let mut page = Page::before_hello(helper.address).await;
        let refused = page.refused(Request::Hello { protocol }).await;
        assert_eq!(refused, HelperError::Version { helper: PROTOCOL_VERSION });
        assert_eq!(page.closed().await, Some(4426));
    }
}

#[tokio::test]
async fn a_page_that_says_nothing_is_closed() {
    let helper = Helper::without_service();
    let mut page = Page::before_hello(helper.address).await;
    assert_eq!(page.closed().await, Some(4408));
}

#[tokio::test]
async fn without_a_service_the_page_is_told_so_and_requests_are_refused() {
    let helper = Helper::without_service();
    let mut page = Page::before_hello(helper.address).await;
    let ready = page.authenticate(&helper.registry).await;
    let Message::Ready { running, outcomes, .. } = ready else { panic!("{ready:?}") };
    assert_eq!((running, outcomes), (vec![], vec![]));
    let Message::Readers { service, readers, .. } = page.receive().await else { panic!() };
    assert_eq!((service, readers), (Service::Stopped, vec![]));

    let inspect = |length| Request::Inspect {
        reader: "r".into(),
        insertion: "i".into(),
        registry_nonce: vec![0; length].into(),
    };
    let key = SigningKey::generate();
    let foreign = Acknowledgement { job: "a".into(), outcome_hash: vec![0; 32].into() };
    let acknowledge = Request::Acknowledge { acknowledgement: sign(&key, &foreign) };
    let cases = [
        (inspect(16), HelperError::ServiceStopped),
        (inspect(15), HelperError::Malformed),
        (Request::Cancel { job: "a".into() }, HelperError::NoSuchJob),
        (acknowledge, HelperError::AcknowledgementRefused),
    ];
    for (request, error) in cases {
        assert_eq!(page.refused(request).await, error);
    }
    let answer = page.ask(Request::Outcomes {}).await;
    assert!(matches!(answer, Message::Outcomes { outcomes, .. } if outcomes.is_empty()));
}
