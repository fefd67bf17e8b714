//! Answers that take long, to clients that take their time, and to such that stop.

use crate::audit_checkpoints::database;
use crate::raw::RawRegistry;
use cardwright_registry::Limits;
use cardwright_seal::authorization;
use sea_orm::ConnectionTrait as _;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// More than the operating system keeps of an answer, on both sides, in bytes.
const LENGTH: usize = 16 * 1024 * 1024;

/// What is read at a time, in bytes.
const SIP: usize = 128 * 1024;

const SHORT: Duration = Duration::from_millis(200);

/// An answer is to take so many times as long as a part of it may.
const TIMES: u32 = 4;

/// A registry with a long file and a long audit log.
struct Long {
    registry: RawRegistry,
    _app: TempDir,
    /// The head of a request for either, and how their ends look.
    requests: [(String, &'static [u8]); 2],
}

impl Long {
    async fn new(answer: Duration) -> Self {
        let app = TempDir::new().unwrap();
        let mut file = vec![b'x'; LENGTH];
        file.extend(b"end");
        std::fs::write(app.path().join("large.bin"), file).unwrap();
        let never = Duration::from_secs(3_600);
        let limits =
            Limits { first_request: never, idle: never, body: never, answer, ..Limits::default() };
        let registry = RawRegistry::in_clear(limits, Some(app.path().to_owned())).await;
        let admin = registry.log_in("admin").await;
        fill_log(&registry).await;
        let target = "/api/v1/audit/export";
        let proof = authorization(&admin.key, "GET", target, b"");
        let address = registry.address;
        let file = format!("GET /large.bin HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let export =
            format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nauthorization: {proof}\r\n\r\n");
        // Of an export, its last record and the end of its last chunk (RFC 9112, 7.1).
        let requests = [(file, &b"end"[..]), (export, &b",\r\n\r\n0\r\n\r\n"[..])];
        Self { registry, _app: app, requests }
    }

    /// A client that asked and keeps little of what comes.
    async fn ask(&self, request: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        let mut stream = socket.connect(self.registry.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

/// Records long events; nothing here looks at their hashes.
async fn fill_log(registry: &RawRegistry) {
    let database = database(registry.folder.path()).await;
    let sql = format!(
        "INSERT INTO audit_events WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < {}) SELECT 1000 + i, at, \"by\", kind, NULL, NULL, hex(zeroblob(4096)), NULL, \
         previous, hash FROM n, audit_events WHERE seq = 1",
        LENGTH / 8192
    );
    database.execute_unprepared(&sql).await.unwrap();
    database.close().await.unwrap();
}

/// Reads all of an answer, sip by sip, such that it takes as long as is wanted: its last bytes.
async fn sip(mut stream: TcpStream, time: Duration) -> Vec<u8> {
    let mut sips = tokio::time::interval(time / (LENGTH / SIP) as u32);
    let (mut sip, mut last) = (vec![0; SIP], Vec::new());
    let mut rest = SIP;
    loop {
        match stream.read(&mut sip[..rest]).await {
            Ok(0) | Err(_) => return last,
            Ok(length) => {
                last.extend(&sip[..length]);
                last.drain(..last.len().saturating_sub(16));
                rest -= length;
            }
        }
        if last.ends_with(b"end") || last.ends_with(b"\r\n0\r\n\r\n") {
            return last;
        }
        if rest == 0 {
            sips.tick().await;
            rest = SIP;
        }
    }
}

#[tokio::test]
async fn an_answer_that_goes_on_is_not_cut_however_long_it_takes() {
    // Where this machine itself stops for longer than a part may take, it has more time.
    let mut limit = SHORT;
    for _ in 0..4 {
        let long = Long::new(limit).await;
        let mut whole = 0;
        for (request, end) in &long.requests {
            let begun = Instant::now();
            let last = sip(long.ask(request).await, limit * TIMES).await;
            let is_whole = last.ends_with(end) && begun.elapsed() > limit * (TIMES - 1);
            whole += usize::from(is_whole);
        }
        if whole == long.requests.len() {
            return;
        }
        limit *= 3;
    }
    panic!("it was cut");
}

/// It learns that it was cut by writing, since it does not read.
#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let long = Long::new(SHORT).await;
    for (request, _) in &long.requests {
        let mut stream = long.ask(request).await;
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        let mut drops = tokio::time::interval(SHORT / 10);
        while stream.write_all(b"x").await.is_ok() {
            drops.tick().await;
        }
        let mut taken = 0;
        let mut buffer = vec![0; SIP];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            taken += length;
        }
        assert!(taken < LENGTH, "all of it was there");
    }
    // A busy machine may be too slow for an answer of its own, but not for all of them.
    let goes_on =
        async { while long.registry.ask(&long.registry.request()).await.status() != 401 {} };
    tokio::time::timeout(Duration::from_mins(5), goes_on).await.expect("the registry goes on");
}
