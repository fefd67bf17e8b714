//! Whoever floods the registry does not fill the disk with its log: each kind of line is written so
//! often a minute, and the others are counted.

use crate::program::{started, stop};
use cardwright_log::{MOST, WINDOW};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Many more than are accepted: some always wait.
const PEERS: usize = 300;

/// What the registry says of each connection for which it has no file.
const LINE: &str = "no connection can be accepted";

/// Files that the registry may have open: it needs about half of them for itself.
const FILES: usize = 40;

fn program(folder: &Path, log: File) -> tokio::process::Command {
    let mut serve = tokio::process::Command::new("sh");
    serve.args(["-c", "ulimit -n \"$1\" && shift && exec \"$@\"", "sh", &FILES.to_string()]);
    serve.arg(env!("CARGO_BIN_EXE_cardwright-registry"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
    serve.env_remove("RUST_LOG").stderr(log).kill_on_drop(true);
    serve
}

/// Connects, says nothing, tells when that is closed, and begins anew.
async fn stay(address: SocketAddr, closed: mpsc::Sender<()>) {
    while let Ok(stream) = TcpStream::connect(address).await {
        // Whether it is readable for its end or for a reset is all one.
        let _ = stream.readable().await;
        if closed.send(()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_flood_costs_the_log_so_many_lines_and_leaves_none_uncounted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log");
    let serve = program(&folder.path().join("data"), File::create(&path).unwrap());
    let began = Instant::now();
    let (child, lines) = started(serve).await;
    let address = lines.last().unwrap()[1].trim_start_matches("http://").parse().unwrap();
    let log = || std::fs::read_to_string(&path).unwrap();

    let (closes, mut closed) = mpsc::channel(PEERS);
    let peers: Vec<_> = (0..PEERS).map(|_| tokio::spawn(stay(address, closes.clone()))).collect();
    // For each line a connection is closed.
    while log().matches(LINE).count() < MOST as usize {
        closed.recv().await.unwrap();
    }
    // More than are open at once: those who waited take their places, and for the next one there
    // is no file again.
    for _ in 0..FILES {
        closed.recv().await.unwrap();
    }
    peers.iter().for_each(tokio::task::JoinHandle::abort);
    stop(child).await;
    let windows = 1 + began.elapsed().as_secs() / WINDOW.as_secs();

    let log = log();
    let (told, written): (Vec<_>, Vec<_>) = log
        .lines()
        .filter(|line| line.contains(LINE))
        .partition(|line| line.contains(" more lines like this one: "));
    assert!(!told.is_empty() && told.len() as u64 <= windows, "{log}");
    assert!(written.len() as u64 <= windows * u64::from(MOST), "{log}");
}
