//! Peers that take their time, or too much room: each costs itself its connection.

use crate::raw::{RawAnswer, RawRegistry, ask, until_closed};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_registry::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Patience for tests; what a test does not look at is never at its end.
fn patience() -> Limits {
    let long = Duration::from_secs(3_600);
    Limits { first_request: long, idle: long, body: long, answer: long, ..Limits::default() }
}

const SHORT: Duration = Duration::from_millis(200);

/// Sends a byte now and then until the registry ends it, and tells what it said.
async fn drip(mut stream: TcpStream) -> Vec<u8> {
    let (mut reader, mut writer) = stream.split();
    let dripping = async {
        let mut drops = tokio::time::interval(SHORT / 10);
        loop {
            drops.tick().await;
            if writer.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        said = until_closed(&mut reader) => said,
        () = dripping => unreachable!("it drips until the registry ends it"),
    }
}

#[tokio::test]
async fn a_head_that_drips_is_not_waited_for() {
    let limits = Limits { first_request: SHORT, ..patience() };
    let registry = RawRegistry::in_clear(limits, None).await;
    for begin in ["", "GET / HTTP/1.1\r\nhost: a\r\nx: "] {
        let mut stream = registry.connect().await;
        stream.write_all(begin.as_bytes()).await.unwrap();
        match begin {
            "" => assert_eq!(until_closed(&mut stream).await, b"", "silence"),
            _ => assert_eq!(drip(stream).await, b"", "{begin}"),
        }
    }
}

#[tokio::test]
async fn a_connection_that_asks_no_more_is_ended() {
    let registry = RawRegistry::in_clear(Limits { idle: SHORT, ..patience() }, None).await;
    let request = format!("GET /api/v1/session HTTP/1.1\r\nhost: {}\r\n\r\n", registry.address);
    let answer = registry.ask(request.as_bytes()).await;
    assert_eq!(answer.status(), 401);
    let begin = request.clone() + "GET / HTTP/1.1\r\nx: ";
    let mut stream = registry.connect().await;
    stream.write_all(begin.as_bytes()).await.unwrap();
    assert_eq!(RawAnswer::new(drip(stream).await).status(), 401, "the second is half a head");
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let registry = RawRegistry::in_clear(Limits { body: SHORT, ..patience() }, None).await;
    let address = registry.address;
    for length in ["content-length: 60000", "transfer-encoding: chunked\r\n\r\nea60"] {
        let begin = format!(
            "POST /api/v1/enrolments HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
             content-type: application/json\r\n{length}\r\n\r\n"
        );
        let mut stream = registry.connect().await;
        stream.write_all(begin.as_bytes()).await.unwrap();
        assert_eq!(drip(stream).await, b"", "{length}");
    }
}

#[tokio::test]
async fn when_there_is_no_room_the_oldest_that_never_asked_goes_first() {
    let limits =
        Limits { connections: 4, connections_of_one: 4, fresh: Duration::ZERO, ..patience() };
    let registry = RawRegistry::in_clear(limits, None).await;
    let request = format!("GET /api/v1/session HTTP/1.1\r\nhost: {}\r\n\r\n", registry.address);
    let mut asked = registry.connect().await;
    asked.write_all(request.as_bytes()).await.unwrap();
    assert_ne!(asked.read_buf(&mut Vec::with_capacity(4096)).await.unwrap(), 0);
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(registry.connect().await);
    }
    let answer = registry.ask(&registry.request()).await;
    assert_eq!(answer.status(), 401, "whoever is last is served");
    for (number, stream) in silent.iter_mut().enumerate().take(8) {
        assert_eq!(until_closed(stream).await, b"", "silent connection {number}");
    }
    let closing = ask(asked, &registry.request()).await;
    assert_eq!(closing.status(), 401, "who asked before is there still");
}

#[tokio::test]
async fn one_address_takes_no_more_than_its_part() {
    let limits = Limits { connections: 64, connections_of_one: 2, ..patience() };
    let registry = RawRegistry::in_clear(limits, None).await;
    let mut first = registry.connect().await;
    let others = [registry.connect().await, registry.connect().await];
    assert_eq!(until_closed(&mut first).await, b"");
    drop(others);
}

#[tokio::test]
async fn heads_and_bodies_have_an_end() {
    let registry = RawRegistry::in_clear(patience(), None).await;
    let address = registry.address;
    let get = |lines: &str| {
        format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{lines}\r\n")
    };
    let headers = |count: usize| get(&"x: y\r\n".repeat(count));
    let long_path = format!("GET /{} HTTP/1.1\r\nhost: {address}\r\n\r\n", "x".repeat(20_000));
    let cases = [
        (404, headers(50)),
        (431, headers(80)),
        (404, get(&format!("x: {}\r\n", "y".repeat(15_000)))),
        (431, get(&format!("x: {}\r\n", "y".repeat(17_000)))),
        (431, long_path),
    ];
    for (status, request) in cases {
        let answer = registry.ask(request.as_bytes()).await;
        assert_eq!(answer.status(), status, "{}", answer.head());
    }
    let post = |lines: &str, body: &str| {
        format!(
            "POST /api/v1/enrolments HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
             content-type: application/json\r\nconnection: close\r\n{lines}\r\n\r\n{body}"
        )
    };
    // No more than what makes it too large: the rest would not be read, and whoever sends it may
    // see a connection that ended instead of the answer.
    let large = "x".repeat(0x1_0001);
    for body in [
        post("content-length: 104857600", &large),
        post("transfer-encoding: chunked", &format!("6400000\r\n{large}")),
    ] {
        let answer = registry.ask(body.as_bytes()).await;
        assert_eq!(answer.problem(), Some(ProblemCode::TooLarge));
    }
}
