//! Heads that nobody would send who means well, through the real parser and the whole router, on
//! streams in memory. `cargo xtask soak registry-heads --count N` runs as many as wanted.

use crate::raw::{RawAnswer, config, until_closed};
use cardwright_registry::{Door, Registry};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// How the registry is called in this test.
const HOST: &str = "127.0.0.1:8420";

/// How many heads without being told.
const FEW: u64 = 2_000;

/// Names the number of heads.
const COUNT: &str = "CARDWRIGHT_COUNT";

/// What it counted is printed: that is what a soak is for.
#[allow(clippy::print_stdout)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_heads_cost_nothing_but_their_connection() {
    let folder = TempDir::new().unwrap();
    let (registry, _) = Registry::open(folder.path(), config()).await.unwrap();
    let door = Door::in_clear(registry, HOST.parse().unwrap());
    let count = std::env::var(COUNT).map_or(FEW, |count| count.parse().unwrap());
    let mut statuses = BTreeMap::<u16, u64>::new();
    for seed in 0..count {
        let head = hostile_head(&mut StdRng::seed_from_u64(seed));
        let answer = through(&door, &head).await;
        check(&head, &answer, seed);
        *statuses.entry(answer.status()).or_default() += 1;
    }
    let honest = format!("GET /api/v1/session HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    assert_eq!(through(&door, honest.as_bytes()).await.status(), 401, "honest clients are served");
    println!("registry.heads\t{count}\theads");
    for (status, answers) in statuses {
        let name = if status == 0 { "unanswered".to_owned() } else { format!("answered_{status}") };
        println!("registry.heads.{name}\t{answers}\theads");
    }
}

/// What comes back for these bytes.
async fn through(door: &Door, bytes: &[u8]) -> RawAnswer {
    let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
    let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
    let client = async {
        // Longer ones are refused before their end.
        let _ = ours.write_all(bytes).await;
        let _ = ours.shutdown().await;
        until_closed(&mut ours).await
    };
    let ((), answer) = tokio::join!(door.serve_stream(theirs, peer), client);
    RawAnswer::new(answer)
}

/// Nothing, or an answer that says no; and only those who name the registry learn more.
fn check(head: &[u8], answer: &RawAnswer, seed: u64) {
    let shown = || format!("seed {seed}: {}\n{}", head.escape_ascii(), answer.0.escape_ascii());
    let status = answer.status();
    assert_eq!(status == 0, answer.0.is_empty(), "not HTTP: {}", shown());
    assert!(matches!(status, 0 | 400..=499), "{}", shown());
    let is_ours = answer.header("content-security-policy").is_some();
    // What hyper answers by itself has no body, and nothing for a browser to do wrong.
    assert!(status == 0 || is_ours || answer.header("content-length") == Some("0"), "{}", shown());
    let names_us = head.windows(HOST.len()).any(|window| window == HOST.as_bytes());
    let names_localhost = head.windows(14).any(|window| window == b"localhost:8420");
    if is_ours && !names_us && !names_localhost {
        assert_eq!(status, 403, "{}", shown());
    }
}

/// A request that is nearly right, with a few things wrong in it.
fn hostile_head(random: &mut StdRng) -> Vec<u8> {
    let mut head = nearly_right(random).into_bytes();
    for _ in 0..random.random_range(0..12_u32).saturating_sub(6) {
        mutate(&mut head, random);
    }
    head
}

fn nearly_right(random: &mut StdRng) -> String {
    let method = pick(random, METHODS);
    let target = pick(random, TARGETS);
    let version = pick(random, VERSIONS);
    let end = pick(random, ENDS);
    let mut head = format!("{method} {target} {version}{end}");
    for _ in 0..random.random_range(0..8_u32) {
        let lines = if random.random_ratio(1, 12) { BROKEN } else { LINES };
        let line = pick(random, lines);
        head += &format!("{line}{end}");
    }
    match random.random_range(0..12_u32) {
        0 => head += &format!("x: {}{end}", "x".repeat(random.random_range(0..40_000))),
        1 => head += &format!("x: y{end}").repeat(random.random_range(0..200)),
        2 => head = head.replacen('/', &"/".repeat(random.random_range(1..30_000)), 1),
        _ => {}
    }
    head += end;
    head += pick(random, BODIES);
    head
}

fn mutate(head: &mut Vec<u8>, random: &mut StdRng) {
    if head.is_empty() {
        return;
    }
    let at = random.random_range(0..head.len());
    let until = random.random_range(at..=head.len().min(at + 64));
    match random.random_range(0..7_u32) {
        0 => head[at] = random.random(),
        1 => head[at] ^= 1 << random.random_range(0..8_u32),
        2 => head.insert(at, SPECIAL[random.random_range(0..SPECIAL.len())]),
        3 => drop(head.drain(at..until)),
        4 => {
            let copy = head[at..until].to_vec();
            let to = random.random_range(0..=head.len());
            head.splice(to..to, copy);
        }
        5 => head.truncate(at),
        _ => {
            let other = nearly_right(random).into_bytes();
            head.splice(at..at, other);
        }
    }
}

fn pick<'a, T: ?Sized>(random: &mut StdRng, of: &'a [&'a T]) -> &'a T {
    of[random.random_range(0..of.len())]
}

const SPECIAL: &[u8] = b"\0\r\n :\t\x7f\xff";

const METHODS: &[&str] = &[
    "GET",
    "GET",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "G\0T",
    "",
    "M-SEARCH",
    "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
];

const VERSIONS: &[&str] =
    &["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", ""];

const ENDS: &[&str] =
    &["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\n", "\r", ""];

const TARGETS: &[&str] = &[
    "/",
    "/api/v1/session",
    "/api/v1/cards",
    "/api/v1/cards/TC-1/processes",
    "/api/v1/cards/%00",
    "/api/v1/cards/%ff%fe",
    "/api/v1/cards?text=%&page=-1",
    "/api/v1/cards?page=99999999999999999999999",
    "/api/v1/outcomes",
    "/api/v1/enrolments",
    "/api/v1/templates/temporary-card",
    "/api/v1/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "//evil.example/",
    "*",
    "http://evil.example/",
    "http://127.0.0.1:8420/api/v1/session",
    "http://127.0.0.1:8420@evil.example/",
    "127.0.0.1:8420",
    "/a b",
    "/#",
    "/\u{e9}",
    "",
    "/api/v1/session",
    "/api/v1/cards",
    "/api/v1/session",
];

const LINES: &[&str] = &[
    "host: 127.0.0.1:8420",
    "host: 127.0.0.1:8420",
    "host: localhost:8420",
    "host: 127.0.0.1:8420",
    "host: 127.0.0.1:8420",
    "accept: */*",
    "Host: evil.example",
    "host:",
    "origin: http://127.0.0.1:8420",
    "origin: http://127.0.0.1:8420",
    "origin: null",
    "origin: https://evil.example",
    "content-type: application/json",
    "content-type: text/plain",
    "content-length: 2",
    "content-length: 0",
    "transfer-encoding: chunked",
    "connection: close",
    "connection: keep-alive, upgrade",
    "upgrade: websocket",
    "upgrade: h2c",
    "http2-settings: AAMAAABkAAQAAP__",
    "expect: 100-continue",
    "range: bytes=0-18446744073709551615",
    "authorization: Cardwright 00:00",
    "authorization: Basic AAAA",
    "cookie: a=x; =; ;",
    "if-modified-since: never",
    "x-forwarded-for: 127.0.0.1",
    "accept-encoding: gzip, br",
];

/// What no request may have.
const BROKEN: &[&str] = &[
    "content-length: -1",
    "content-length: 2, 2",
    "content-length: 99999999999999999999",
    "transfer-encoding: identity, chunked",
    "transfer-encoding: chunked, chunked",
    "Transfer-Encoding : chunked",
    ": empty",
    " folded: line",
    "no colon",
    "x\u{0}: y",
    "x: \u{1}",
    "content-length: 104857600",
];

const BODIES: &[&str] = &[
    "",
    "",
    "{}",
    "{\"name\":\"a\",\"password\":\"b\"}",
    "0\r\n\r\n",
    "2\r\n{}\r\n0\r\n\r\n",
    "ffffffffffffffff\r\n{}",
    "-1\r\n{}\r\n",
    "2;x=y\r\n{}\r\n0\r\nhost: evil.example\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: 127.0.0.1:8420\r\n\r\n",
];
