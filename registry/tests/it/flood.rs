//! Thousands of peers that mean no good, and one that does. `cargo xtask soak
//! registry-connections --count N` sends as many as wanted.

use crate::program::{program, started, stop};
use crate::raw::{RawAnswer, until_closed};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// How many peers without being told.
const SOME: usize = 2_000;

/// Files that this test program has open for everything else, its other tests included.
const OTHER_FILES: u64 = 500;

/// Names the number of peers.
const COUNT: &str = "CARDWRIGHT_COUNT";

/// Within which an honest client is to be answered, when nothing else runs on the machine.
const SOON: Duration = Duration::from_secs(1);

/// What the registry may come to hold in memory, in KiB.
const MEMORY: u64 = 128 * 1024;

/// What a hostile peer sends at once in heads and bodies, in bytes.
const LARGE: usize = 100 * 1024 * 1024;

/// What it begins with; none of it ever ends.
fn begins(address: SocketAddr) -> [String; 5] {
    let post = format!(
        "POST /api/v1/enrolments HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
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

/// How many peers come until all say one byte more.
const DRIP: usize = 500;

/// How many honest requests may be answered later, of a thousand.
const LATE: usize = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_client_is_served_soon_while_thousands_are_connected() {
    let told = std::env::var(COUNT).ok();
    let count = told.as_ref().map_or(SOME, |count| count.parse().unwrap());
    let files = allow_files(count as u64 + OTHER_FILES);
    let count = match told {
        None => count.min(files.saturating_sub(OTHER_FILES) as usize),
        Some(_) => count,
    };
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
        if number % DRIP == DRIP - 1 {
            // Whoever was cut cannot say more.
            peers.iter().for_each(|peer| drop(peer.try_write(b"x")));
        }
    }
    let crowded = memory(id, "VmRSS");
    for begin in [format!("GET / HTTP/1.1\r\nhost: {address}\r\nx: "), begins[3].clone()] {
        send_large(address, &begin).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let mut waits = honest.await.unwrap();
    waits.sort_unstable();
    let most = memory(id, "VmHWM");
    let late = waits.iter().filter(|wait| **wait > SOON).count();
    figure("connections", count, "connections");
    figure("honest.requests", waits.len(), "requests");
    figure("honest.median", waits[waits.len() / 2].as_micros(), "µs");
    figure("honest.slowest", waits[waits.len() - 1].as_millis(), "ms");
    figure("honest.late", late, "requests");
    figure("crowded_memory", crowded, "KiB");
    figure("most_memory", most, "KiB");
    // A soak is alone on its machine; among other tests, times say nothing.
    let most_late = if told.is_some() { waits.len() * LATE / 1_000 } else { waits.len() };
    assert!(late <= most_late, "{late} of {} were late", waits.len());
    assert!(most < MEMORY, "{most} KiB");
    drop(peers);
    stop(child).await;
}

/// What it counted is printed: that is what a soak is for.
#[allow(clippy::print_stdout)]
fn figure(name: &str, value: impl Display, unit: &str) {
    println!("registry.{name}\t{value}\t{unit}");
}

/// Asks until it is over, each time on a connection of its own: how long each took. As a browser
/// does, it asks again when the connection ends without an answer; its time goes on.
async fn honest(address: SocketAddr, is_over: Arc<AtomicBool>) -> Vec<Duration> {
    let mut waits = Vec::new();
    let request =
        format!("GET /api/v1/session HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    while !is_over.load(Ordering::Relaxed) {
        let began = Instant::now();
        while !is_answered(address, &request).await {}
        waits.push(began.elapsed());
    }
    waits
}

async fn is_answered(address: SocketAddr, request: &str) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be cut before it could say anything, when this machine is that busy.
    let _ = stream.write_all(request.as_bytes()).await;
    let answer = RawAnswer::new(until_closed(&mut stream).await);
    assert!(matches!(answer.status(), 0 | 401), "{}", answer.head());
    answer.status() == 401
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

/// Lets this process have so many files open, or as many as the machine lets it; gives how many.
fn allow_files(count: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        limit.current = limit.maximum.map_or(Some(count), |maximum| Some(maximum.min(count)));
        setrlimit(Resource::Nofile, limit).unwrap();
    }
    limit.current.unwrap_or(count)
}
