use crate::support::{Helper, ORIGIN, PATIENCE, Page};
use cardwright_protocol::helper::{Message, Request};
use cardwright_protocol::hex::HexBytes;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The first line of what the helper answers to bytes, or nothing.
async fn answer(helper: &Helper, request: &[u8]) -> String {
    let mut stream = helper.connect().await;
    // A helper that has read enough may close before all is sent.
    let _ = stream.write_all(request).await;
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.expect("in time");
    let text = String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

fn request(line: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("{line}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The request of a browser, with these `Host` and `Origin` headers.
fn upgrade(hosts: &[&str], origins: &[&str]) -> Vec<u8> {
    let mut headers: Vec<(&str, &str)> = Vec::new();
    headers.extend(hosts.iter().map(|host| ("Host", *host)));
    headers.extend(origins.iter().map(|origin| ("Origin", *origin)));
    headers.extend(UPGRADE);
    request("GET / HTTP/1.1", &headers)
}

const UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

const LET_IN: &str = "HTTP/1.1 101 Switching Protocols";
const REFUSED: &str = "HTTP/1.1 403 Forbidden";

#[tokio::test]
async fn only_the_exact_host_and_origin_are_let_in() {
    let helper = Helper::without_service();
    let port = helper.address.port();
    let host = &*format!("127.0.0.1:{port}");
    let localhost = &*format!("localhost:{port}");
    let own = &*format!("http://127.0.0.1:{port}");
    let [other_port, prefixed, upper, dotted, six, user, mapped, decimal, short, zero, sub, padded] = [
        format!("127.0.0.1:{}", port.wrapping_add(1)),
        format!("127.0.0.1:{port}0"),
        format!("LOCALHOST:{port}"),
        format!("localhost.:{port}"),
        format!("[::1]:{port}"),
        format!("a@127.0.0.1:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("2130706433:{port}"),
        format!("127.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("a.localhost:{port}"),
        format!("127.0.0.1:0{port}"),
    ];
    let rebound = &*format!("attacker.example:{port}");
    let cases: &[(&[&str], &[&str], &str)] = &[
        (&[host], &[ORIGIN], LET_IN),
        (&[localhost], &[ORIGIN], LET_IN),
        (&[host], &["https://cards.example.org"], LET_IN),
        // Origins
        (&[host], &[], REFUSED),
        (&[host], &["null"], REFUSED),
        (&[host], &[""], REFUSED),
        (&[host], &["*"], REFUSED),
        (&[host], &["file://"], REFUSED),
        (&[host], &[ORIGIN, ORIGIN], REFUSED),
        (&[host], &[ORIGIN, "https://evil.example"], REFUSED),
        (&[host], &["http://127.0.0.1"], REFUSED),
        (&[host], &["http://127.0.0.1:80800"], REFUSED),
        (&[host], &["http://127.0.0.1:8081"], REFUSED),
        (&[host], &["https://127.0.0.1:8080"], REFUSED),
        (&[host], &["http://127.0.0.1:8080/"], REFUSED),
        (&[host], &["http://127.0.0.1:8080.evil.example"], REFUSED),
        (&[host], &["http://evil.example/http://127.0.0.1:8080"], REFUSED),
        (&[host], &["http://localhost:8080"], REFUSED),
        (&[host], &["HTTP://127.0.0.1:8080"], REFUSED),
        (&[host], &["http://127.0.0.1:8080, http://127.0.0.1:8080"], REFUSED),
        (&[host], &["https://cards.example.org.evil.example"], REFUSED),
        (&[host], &["https://evilcards.example.org"], REFUSED),
        (&[host], &["https://cards.example.org:443"], REFUSED),
        (&[host], &["https://CARDS.example.org"], REFUSED),
        (&[host], &["https://cards\u{ad}.example.org"], REFUSED),
        (&[host], &[own], REFUSED),
        (&[host], &["chrome-extension://abcdefghijklmnop"], REFUSED),
        (&[host], &["http://user@127.0.0.1:8080"], REFUSED),
        (&[host], &["http://127.0.0.1.:8080"], REFUSED),
        (&[host], &["http://[::1]:8080"], REFUSED),
        (&[host], &["http://[::ffff:127.0.0.1]:8080"], REFUSED),
        (&[host], &["http://2130706433:8080"], REFUSED),
        (&[host], &["http://0x7f000001:8080"], REFUSED),
        (&[host], &["http://127.1:8080"], REFUSED),
        (&[host], &["http://127.0.0.1:08080"], REFUSED),
        (&[host], &["https://xn--crds-5na.example.org"], REFUSED),
        (&[host], &["https://cards.example.org."], REFUSED),
        (&[host], &["https://example.org"], REFUSED),
        // White space around a value is none of it (RFC 9110, 5.5): this is the origin itself.
        (&[host], &["https://cards.example.org\t"], LET_IN),
        (&[host], &["https://cards.example.org#"], REFUSED),
        (&[host], &["https://cards.example.org\0"], REFUSED),
        // Hosts
        (&[], &[ORIGIN], REFUSED),
        (&[""], &[ORIGIN], REFUSED),
        (&["127.0.0.1"], &[ORIGIN], REFUSED),
        (&["localhost"], &[ORIGIN], REFUSED),
        (&[&other_port], &[ORIGIN], REFUSED),
        (&[&prefixed], &[ORIGIN], REFUSED),
        (&[&upper], &[ORIGIN], REFUSED),
        (&[&dotted], &[ORIGIN], REFUSED),
        (&[&six], &[ORIGIN], REFUSED),
        (&[&user], &[ORIGIN], REFUSED),
        (&[&mapped], &[ORIGIN], REFUSED),
        (&[&decimal], &[ORIGIN], REFUSED),
        (&[&short], &[ORIGIN], REFUSED),
        (&[&zero], &[ORIGIN], REFUSED),
        (&[&sub], &[ORIGIN], REFUSED),
        (&[&padded], &[ORIGIN], REFUSED),
        (&[rebound], &[ORIGIN], REFUSED),
        (&[host, host], &[ORIGIN], REFUSED),
        (&[host, rebound], &[ORIGIN], REFUSED),
        (&[rebound, host], &[ORIGIN], REFUSED),
    ];
    for (hosts, origins, expected) in cases {
        let answered = answer(&helper, &upgrade(hosts, origins)).await;
        assert_eq!(answered, *expected, "{hosts:?} {origins:?}");
    }
    helper.page().await;
}

#[tokio::test]
async fn nothing_but_the_upgrade_at_the_root_is_served() {
    let helper = Helper::without_service();
    let host = helper.address.to_string();
    let basic = [("Host", &*host), ("Origin", ORIGIN)];
    let with = |line: &str, more: &[(&str, &str)]| request(line, &[&basic[..], more].concat());
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("no upgrade", with("GET / HTTP/1.1", &[])),
        ("an absolute URI", with(&format!("GET http://{host}/ HTTP/1.1"), &UPGRADE)),
        ("another method", with("POST / HTTP/1.1", &UPGRADE)),
        ("a preflight", with("OPTIONS / HTTP/1.1", &[("Access-Control-Request-Method", "GET")])),
        ("an old HTTP", with("GET / HTTP/1.0", &UPGRADE)),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("no key", with("GET / HTTP/1.1", &UPGRADE[..3])),
        ("TLS", vec![0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
        ("not HTTP", b"hello\r\n\r\n".to_vec()),
        ("zeros", vec![0; 100]),
        ("a long header", with("GET / HTTP/1.1", &[("Cookie", &"a".repeat(17000))])),
        ("a long line", with(&format!("GET /{} HTTP/1.1", "a".repeat(17000)), &UPGRADE)),
        ("many headers", with("GET / HTTP/1.1", &[("A", "b"); 200])),
        ("endless headers", [b"GET / HTTP/1.1\r\n".to_vec(), b"A: b\r\n".repeat(100_000)].concat()),
    ];
    for (what, request) in cases {
        assert_eq!(answer(&helper, &request).await, REFUSED, "{what}");
    }
    helper.page().await;
}

#[tokio::test]
async fn a_page_of_the_registry_is_told_by_a_close_code_what_is_not_here() {
    let helper = Helper::without_service();
    let host = helper.address.to_string();
    let basic = [("Host", &*host), ("Origin", ORIGIN)];
    let with = |line: &str, more: &[(&str, &str)]| {
        request(line, &[&basic[..], &UPGRADE[..], more].concat())
    };
    let cases = [
        with("GET /readers HTTP/1.1", &[]),
        with("GET /?a=b HTTP/1.1", &[]),
        with("GET / HTTP/1.1", &[("Sec-WebSocket-Protocol", "chat")]),
        [with("GET / HTTP/1.1", &[]), vec![0x81]].concat(),
    ];
    for request in cases {
        let mut stream = helper.connect().await;
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        // It ends with the connection, however that ends.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.starts_with(LET_IN.as_bytes()), "{}", answer.escape_ascii());
        // RFC 6455, 5.5.1: the code stands at the beginning of the close frame's data.
        let code = 4404_u16.to_be_bytes();
        assert!(answer.windows(2).any(|pair| pair == code), "{}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn a_slow_client_is_dropped_and_keeps_nobody_out() {
    let helper = Helper::without_service();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = helper.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127").await.unwrap();
        slow.push(stream);
    }
    helper.page().await;
    let mut first = slow.swap_remove(0);
    let closed = tokio::time::timeout(PATIENCE, first.read(&mut [0; 16])).await.expect("in time");
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
}

#[tokio::test]
async fn as_many_pages_as_there_are_places_have_tickets_at_once() {
    let helper = Helper::without_service();
    let mut pages = Vec::new();
    for _ in 0..32 {
        pages.push(helper.page().await);
    }
    let mut one_more = Page::before_hello(helper.address).await;
    let challenge = one_more.hello().await;
    let ticket = helper.registry.ticket(&challenge, ORIGIN);
    one_more.send(Request::Authenticate { ticket }).await;
    assert_eq!(one_more.closed().await, Some(4429));
    drop(pages);
    // The places are free when the helper has read the ends of those connections.
    let back = async {
        loop {
            let mut page = Page::before_hello(helper.address).await;
            if page.is_admitted(&helper.registry).await {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, back).await.expect("in time");
}

/// A page that said `hello`, and its challenge.
async fn challenged(helper: &Helper) -> (Page, HexBytes) {
    let mut page = Page::before_hello(helper.address).await;
    let challenge = page.hello().await;
    (page, challenge)
}

#[tokio::test]
async fn the_oldest_page_without_a_ticket_goes_first() {
    let helper = Helper::without_service();
    let mut page = helper.page().await;
    let (mut oldest, _) = challenged(&helper).await;
    // At once: a page waits for its ticket no longer than 10 seconds.
    let mut others = join_all((0..64).map(|_| challenged(&helper))).await;
    assert_eq!(oldest.closed().await, Some(4429));
    let (mut newest, _) = others.pop().unwrap();
    assert!(newest.answers().await, "it is not its turn");
    let answer = page.ask(Request::Outcomes {}).await;
    assert!(matches!(answer, Message::Outcomes { .. }), "who has a ticket stays: {answer:?}");
}

#[tokio::test]
async fn whoever_is_refused_takes_no_place_of_a_page_that_waits_for_its_ticket() {
    let helper = Helper::without_service();
    let foreign = upgrade(&[&helper.address.to_string()], &["null"]);
    let mut pages = join_all((0..64).map(|_| challenged(&helper))).await;
    for answered in join_all((0..64).map(|_| answer(&helper, &foreign))).await {
        assert_eq!(answered, REFUSED);
    }
    for (mut page, challenge) in pages.drain(..8) {
        let ticket = helper.registry.ticket(&challenge, ORIGIN);
        let answer = page.ask(Request::Authenticate { ticket }).await;
        assert!(matches!(answer, Message::Ready { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn the_helper_listens_on_loopback_alone() {
    let helper = Helper::without_service();
    assert_eq!(helper.address.ip().to_string(), "127.0.0.1");
    // The whole of 127.0.0.0/8 is this machine, but only one address of it is listened on.
    let elsewhere = tokio::net::TcpStream::connect(("127.0.0.2", helper.address.port())).await;
    assert!(elsewhere.is_err());
}
