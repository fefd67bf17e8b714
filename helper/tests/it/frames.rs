//! Frames as no browser sends them: cut in odd places, with bits that mean nothing, closed in every
//! way (RFC 6455, sections 5 and 7).

use crate::support::{Helper, ORIGIN, PATIENCE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HELLO: &[u8] = br#"{"id":1,"request":{"type":"hello","protocol":2}}"#;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Set in the first byte of the last frame of a message.
const LAST: u8 = 0x80;

/// A masked frame of up to 65535 bytes; the mask is zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = match length {
        0..126 => vec![first, 0x80 | length as u8],
        _ => vec![first, 0xFE, (length >> 8) as u8, length as u8],
    };
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A connection behind its upgrade.
async fn upgraded(helper: &Helper) -> TcpStream {
    let mut stream = helper.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nOrigin: {ORIGIN}\r\nConnection: Upgrade\r\nUpgrade: \
         websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; \
         client_max_window_bits\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        helper.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap().to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    assert!(!answer.contains("extensions"), "what is not spoken is not agreed to: {answer}");
    stream
}

/// The next frame of the helper: its first byte and its payload.
async fn read(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let whole = async {
        let (first, length) = (stream.read_u8().await?, stream.read_u8().await?);
        assert_eq!(length & 0x80, 0, "a server masks nothing");
        let length = match length {
            126 => stream.read_u16().await?.into(),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        std::io::Result::Ok((first, payload))
    };
    tokio::time::timeout(PATIENCE, whole).await.expect("in time").expect("a whole frame")
}

#[tokio::test]
async fn a_message_may_come_in_any_pieces_with_pings_between_them() {
    let helper = Helper::without_service();
    let (start, end) = HELLO.split_at(1);
    let mut pieces = frame(TEXT, start);
    for byte in end {
        pieces.extend(frame(CONTINUATION, &[*byte]));
        pieces.extend(frame(CONTINUATION, &[]));
        pieces.extend(frame(LAST | PING, &[*byte]));
        pieces.extend(frame(LAST | PONG, b"nobody asked"));
    }
    pieces.extend(frame(LAST | CONTINUATION, &[]));
    // All at once, and each byte in a packet of its own.
    for size in [pieces.len(), 1] {
        let mut stream = upgraded(&helper).await;
        for piece in pieces.chunks(size) {
            stream.write_all(piece).await.unwrap();
        }
        let mut pongs = 0;
        let hello = loop {
            match read(&mut stream).await {
                (first, _) if first == LAST | PONG => pongs += 1,
                other => break other,
            }
        };
        assert!(pongs > 0, "at least the last one is answered (RFC 6455, 5.5.3)");
        assert_eq!(hello.0, LAST | TEXT);
        assert!(hello.1.starts_with(br#"{"type":"hello","id":1,"#), "{}", hello.1.escape_ascii());
    }
}

#[tokio::test]
async fn a_frame_that_browsers_cannot_send_ends_its_connection_alone() {
    let helper = Helper::without_service();
    let unmasked = [&[LAST | TEXT, HELLO.len() as u8][..], HELLO].concat();
    let cases = [
        ("compressed, though nobody agreed to it", frame(LAST | 0x40 | TEXT, HELLO)),
        ("the second reserved bit", frame(LAST | 0x20 | TEXT, HELLO)),
        ("the third", frame(LAST | 0x10 | TEXT, HELLO)),
        ("a reserved bit in a ping", frame(LAST | 0x40 | PING, &[])),
        ("no mask", unmasked),
        ("a reserved kind of data", frame(LAST | 0x3, HELLO)),
        ("a reserved kind of control", frame(LAST | 0xB, &[])),
        ("a long ping", frame(LAST | PING, &[b'a'; 126])),
        ("a ping in pieces", frame(PING, b"a")),
        ("a close in pieces", frame(CLOSE, &1000_u16.to_be_bytes())),
        ("more of nothing", frame(LAST | CONTINUATION, HELLO)),
        ("a message in a message", [frame(TEXT, b"{"), frame(LAST | TEXT, HELLO)].concat()),
        ("no UTF-8", frame(LAST | TEXT, b"\xFF\xFE")),
        ("binary", frame(LAST | BINARY, HELLO)),
        ("a length of 63 bits", [&[LAST | TEXT, 0xFF, 0x7F][..], &[0xFF; 7], &[0; 4]].concat()),
        ("a length of 64 bits", [&[LAST | TEXT, 0xFF][..], &[0xFF; 8], &[0; 4]].concat()),
        ("half a close code", frame(LAST | CLOSE, &[3])),
        ("a reason that is no UTF-8", frame(LAST | CLOSE, b"\x03\xE8\xFF\xFE")),
    ];
    for (what, bytes) in cases {
        let mut stream = upgraded(&helper).await;
        stream.write_all(&bytes).await.unwrap();
        let (first, refused) = read(&mut stream).await;
        assert_eq!(first, LAST | TEXT, "{what}");
        let expected = br#"{"type":"refused","id":null,"error":{"error":"malformed"}}"#;
        assert_eq!(refused.escape_ascii().to_string(), expected.escape_ascii().to_string());
        let (first, close) = read(&mut stream).await;
        assert_eq!((first, &close[..2]), (LAST | CLOSE, &4400_u16.to_be_bytes()[..]), "{what}");
    }
    helper.page().await;
}

#[tokio::test]
async fn every_close_is_answered_by_one() {
    let helper = Helper::without_service();
    let codes = [1000, 1001, 3000, 4999];
    let mut cases = vec![(frame(LAST | CLOSE, &[]), vec![])];
    cases.extend(
        codes.map(|code: u16| {
            (frame(LAST | CLOSE, &code.to_be_bytes()), code.to_be_bytes().to_vec())
        }),
    );
    // In the middle of a message, and with more behind it that nobody reads.
    let half = [frame(TEXT, b"{"), frame(LAST | CLOSE, &[])].concat();
    cases.push((half, vec![]));
    cases.push(([frame(LAST | CLOSE, &[]), frame(LAST | TEXT, HELLO)].concat(), vec![]));
    for (bytes, expected) in cases {
        let mut stream = upgraded(&helper).await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(read(&mut stream).await, (LAST | CLOSE, expected));
    }
    // Codes that must not be sent (RFC 6455, 7.4.1) are not repeated.
    for code in [0_u16, 999, 1005, 1006, 1015, 65535] {
        let mut stream = upgraded(&helper).await;
        stream.write_all(&frame(LAST | CLOSE, &code.to_be_bytes())).await.unwrap();
        let (first, close) = read(&mut stream).await;
        assert_eq!((first, &close[..2]), (LAST | CLOSE, &1002_u16.to_be_bytes()[..]), "{code}");
    }
    helper.page().await;
}
