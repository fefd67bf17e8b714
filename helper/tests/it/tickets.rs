//! Tickets against the running helper: without one it says nothing, with one it does for as long
//! as that is good.

use crate::support::{Desk, Helper, ORIGIN, Page, WORKSTATION, before, insert, receipt_of};
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Request, Slot};
use cardwright_protocol::outcome::Phase;
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::{CHALLENGE_LENGTH, Ticket, is_challenge_at};
use cardwright_seal::{SigningKey, sign};
use cardwright_virtual_card::CardOptions;
use cardwright_virtual_card::office::reader_name;
use std::time::{Duration, Instant};

async fn challenged(helper: &Helper) -> (Page, Ticket) {
    let mut page = Page::before_hello(helper.address).await;
    let challenge = page.hello().await;
    assert_eq!(challenge.0.len(), CHALLENGE_LENGTH);
    // The page called by this port: it answers no challenge of another one, which somebody who
    // listens elsewhere would have from here.
    assert!(is_challenge_at(&challenge, helper.address.port()), "{challenge}");
    let ticket = Ticket {
        challenge,
        origin: ORIGIN.to_owned(),
        operator: "operator".to_owned(),
        workstation: WORKSTATION.into(),
    };
    (page, ticket)
}

async fn refused(mut page: Page, ticket: Signed<Ticket>) {
    let shown = ticket.statement.clone();
    let refused = page.refused(Request::Authenticate { ticket }).await;
    assert_eq!(refused, HelperError::TicketRefused, "{shown}");
    assert_eq!(page.closed().await, Some(4403), "{shown}");
}

#[tokio::test]
async fn a_ticket_with_any_field_changed_is_refused() {
    let helper = Helper::without_service();
    let signing = &helper.registry.signing;
    // Signed anew by the registry: it would be another page's, helper's or challenge's.
    let changes: [fn(&mut Ticket); 6] = [
        |ticket| ticket.challenge.0[0] ^= 1,
        |ticket| ticket.challenge.0.push(0),
        |ticket| ticket.origin = "https://cards.example.org".to_owned(),
        |ticket| ticket.origin = "http://127.0.0.1:8081".to_owned(),
        |ticket| ticket.origin = "null".to_owned(),
        |ticket| ticket.workstation = "5f1d6c2ab3e94d08".into(),
    ];
    for change in changes {
        let (page, mut ticket) = challenged(&helper).await;
        change(&mut ticket);
        refused(page, sign(signing, &ticket)).await;
    }
    // Not signed anew: every byte of the statement, a few at a time, and of the signature.
    let (mut page, ticket) = challenged(&helper).await;
    let length = sign(signing, &ticket).statement.len();
    for place in (0..length).step_by(7) {
        let signed = sign(signing, &ticket);
        let mut text = signed.statement.into_bytes();
        text[place] ^= 1;
        let text = String::from_utf8(text).unwrap();
        refused(page, Signed::from_parts(text, signed.signature)).await;
        (page, _) = challenged(&helper).await;
    }
    for place in [0, 31, 32, 63] {
        let (page, ticket) = challenged(&helper).await;
        let mut signed = sign(signing, &ticket);
        signed.signature.0[place] ^= 0x80;
        refused(page, signed).await;
    }
    let (page, ticket) = challenged(&helper).await;
    refused(page, sign(&SigningKey::generate(), &ticket)).await;
    helper.page().await;
}

#[tokio::test]
async fn a_ticket_of_another_connection_or_used_before_is_refused() {
    let helper = Helper::without_service();
    let (mut page, ticket) = challenged(&helper).await;
    let ticket = sign(&helper.registry.signing, &ticket);
    let (other, _) = challenged(&helper).await;
    refused(other, ticket.clone()).await;
    let answer = page.ask(Request::Authenticate { ticket: ticket.clone() }).await;
    assert!(matches!(answer, Message::Ready { .. }), "{answer:?}");
    refused(page, ticket).await;
}

#[tokio::test]
async fn before_its_ticket_a_page_is_told_nothing_and_answered_nothing() {
    let desk = Desk::open();
    let requests = [
        Request::Outcomes {},
        Request::Cancel { job: "0a".into() },
        Request::Inspect {
            reader: "r1".into(),
            insertion: "i1".into(),
            registry_nonce: vec![7; 16].into(),
        },
        Request::Hello { protocol: PROTOCOL_VERSION },
    ];
    for request in requests {
        let (mut page, _) = challenged(&desk.helper).await;
        assert_eq!(page.refused(request).await, HelperError::OutOfOrder);
        assert_eq!(page.closed().await, Some(4401));
    }
    // Events go on for the page with a ticket, and none of them comes to the one without.
    let mut page = desk.helper.page().await;
    insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let (mut stranger, ticket) = challenged(&desk.helper).await;
    desk.office.remove(0).unwrap();
    page.readers_until(|readers| readers[0].slot == Slot::Empty).await;
    let ticket = sign(&desk.helper.registry.signing, &ticket);
    stranger.send(Request::Authenticate { ticket }).await;
    let first = stranger.receive().await;
    assert!(matches!(first, Message::Ready { .. }), "{first:?}");
}

#[tokio::test]
async fn a_page_that_gets_no_ticket_is_closed() {
    let helper = Helper::without_service();
    let (mut page, _) = challenged(&helper).await;
    assert_eq!(page.closed().await, Some(4408));
}

/// How long a ticket's authority lasts in tests that wait for its end. A page that is to stay has
/// half of it to answer, however busy the machine is.
const AUTHORITY: Duration = Duration::from_secs(10);

async fn desk_with_a_card(card: CardOptions) -> (Desk, Page) {
    let limits = format!("[limits]\nticket_seconds = {}", AUTHORITY.as_secs());
    let desk = Desk::with_configuration(&limits);
    // Before the page: while it waits for the reader, it answers nothing.
    desk.office.insert(0, card).unwrap();
    let page = desk.helper.page().await;
    (desk, page)
}

#[tokio::test]
async fn a_page_that_does_not_answer_a_challenge_is_closed_and_its_job_goes_on() {
    let (desk, mut page) = desk_with_a_card(CardOptions::new(0)).await;
    let (reader, insertion) = page.chip_in(&reader_name(0), None).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Puk)).await;
    drop(page);
    // Its challenge is made from here on.
    let began = Instant::now();
    let (mut silent, ticket) = challenged(&desk.helper).await;
    let ticket = sign(&desk.helper.registry.signing, &ticket);
    silent.ask(Request::Authenticate { ticket }).await;
    silent.event(|message| matches!(message, Message::Challenge { .. }).then_some(())).await;
    assert_eq!(silent.closed().await, Some(4403));
    let short = Duration::from_millis(100);
    assert!(began.elapsed() + short >= AUTHORITY, "{:?}", began.elapsed());
    desk.office.let_go(0).unwrap();
    let mut page = desk.helper.page().await;
    let outcome = match page.outcomes.first() {
        Some(outcome) => outcome.clone(),
        None => page.outcome("0a").await,
    };
    receipt_of(&outcome, &desk.helper.key);
}

#[tokio::test]
async fn a_page_that_answers_its_challenges_stays() {
    // Slow, so that little is done meanwhile.
    let card = CardOptions { delay: Duration::from_millis(100), ..CardOptions::new(0) };
    let (desk, mut page) = desk_with_a_card(card).await;
    let began = Instant::now();
    let (reader, insertion) = page.chip_in(&reader_name(0), None).await;
    while began.elapsed() < AUTHORITY * 3 / 2 {
        desk.inspect(&mut page, &reader, &insertion).await;
    }
}
