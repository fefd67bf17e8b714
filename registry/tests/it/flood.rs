//! Thousands of peers that mean no good, and one that does. `cargo xtask soak
//! registry-connections --count N` sends as many as wanted.

use crate::program::{program, started, stop};
use crate::raw::{RawAnswer, until_closed};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// How many peers without being told.
const SOME: usize = 2_000;

/// Names the number of peers.
const COUNT: &str = "CARDWRIGHT_COUNT";

/// Within which an honest client is answered.
const SOON: Duration = Duration::from_secs(1);

/// What the registry may come to hold in memory, in KiB.
const MEMORY: u64 = 128 * 1024;

/// What a hostile peer sends at once in heads and bodies, in bytes.
const LARGE: usize = 100 * 1024 * 1024;

/// What it begins with; none of it ever ends.
fn begins(address: SocketAddr) -> [String; 5] {
    let post = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
         content-type: application/json\r\ncontent-length: 60000\r\n\r\n"
    );
    [
        String::new(),
        format!("GET /api/v1/session HTTP/1.1\r\nhost: {address}\r\nx: "),
        "x".to_owned(),
        post.clone() + &"x".repeat(30_000),
        format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(3),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_client_is_served_soon_while_thousands_are_connected() {
    let count = std::env::var(COUNT).map_or(SOME, |count| count.parse().unwrap());
    allow_files(count as u64 + 1_000);
    let folder = TempDir::new().unwrap();
    let (child, lines) =
        started(program(&["serve", "--listen", "127.0.0.1:0"], folder.path())).await;
    let address: SocketAddr =
        lines.last().unwrap()[1].trim_start_matches("http://").parse().unwrap();
    let id = child.id().unwrap();

    let is_over = Arc::new(AtomicBool::new(false));
    let honest = tokio::spawn(honest(address, Arc::clone(&is_over)));
    let begins = begins(address);
    let mut peers = Vec::with_capacity(count);
    for number in 0..count {
        let mut peer = TcpStream::connect(address).await.unwrap();
        // It may be cut already.
        let _ = peer.write_all(begins[number % begins.len()].as_bytes()).await;
        peers.push(peer);
    }
    let crowded = memory(id, "VmRSS");
    for begin in [format!("GET / HTTP/1.1\r\nhost: {address}\r\nx: "), begins[3].clone()] {
        send_large(address, &begin).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let (answers, slowest) = honest.await.unwrap();
    let most = memory(id, "VmHWM");
    println!(
        "{count} peers; {answers} honest requests, the slowest {} ms; memory {crowded} KiB with \
         all of them, {most} KiB at most",
        slowest.as_millis()
    );
    assert!(answers > 0 && slowest < SOON, "{answers} answers, the slowest after {slowest:?}");
    assert!(most < MEMORY, "{most} KiB");
    drop(peers);
    stop(child).await;
}

/// Asks until it is over, each time on a connection of its own: how often, and the longest wait.
async fn honest(address: SocketAddr, is_over: Arc<AtomicBool>) -> (u64, Duration) {
    let mut answers = 0;
    let mut slowest = Duration::ZERO;
    let request =
        format!("GET /api/v1/session HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    while !is_over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = RawAnswer::new(until_closed(&mut stream).await);
        assert_eq!(answer.status(), 401, "an honest client is always answered");
        slowest = slowest.max(began.elapsed());
        answers += 1;
    }
    (answers, slowest)
}

/// Sends as much as it can of something large.
async fn send_large(address: SocketAddr, begin: &str) {
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(begin.as_bytes()).await.unwrap();
    let part = vec![b'x'; 64 * 1024];
    for _ in 0..LARGE / part.len() {
        if peer.write_all(&part).await.is_err() {
            return;
        }
    }
    panic!("all of it was taken");
}

/// A value of the process's status, in KiB.
fn memory(id: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

/// Lets this process have so many files open.
fn allow_files(count: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        limit.current = limit.maximum.map_or(Some(count), |maximum| Some(maximum.min(count)));
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}
