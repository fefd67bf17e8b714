use crate::Arguments;
use anyhow::{Context as _, ensure};
use cardwright_desk::{ORIGIN, Registry, configuration};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How many files the attacker leaves to the honest pages, and to itself.
const OTHER_FILES: usize = 200;

/// A helper to attack.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) registry: Arc<Registry>,
    child: Child,
    _folder: TempDir,
}

impl Target {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name("cardwright-helper");
        let build = "build it first: cargo build --package cardwright-helper";
        ensure!(program.is_file(), "there is no {}: {build}", program.display());
        let folder = tempfile::tempdir()?;
        let (data, config) = (folder.path().join("data"), folder.path().join("helper.toml"));
        let registry = Arc::new(Registry::enrolling(&program, &data));
        std::fs::write(&config, configuration(""))?;
        let mut child = Command::new(program)
            .args(["run", "--data"])
            .arg(&data)
            .arg("--config")
            .arg(&config)
            .env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening\t").context("the helper is not ready")?;
        Ok(Self { address: address.parse()?, registry, child, _folder: folder })
    }

    /// The most memory that the helper has had, in KiB: `VmHWM`, the peak of `VmRSS`.
    pub(crate) fn most_memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("VmHWM")?;
        Ok(number.parse()?)
    }

    async fn connect(&self) -> Option<TcpStream> {
        TcpStream::connect(self.address).await.ok()
    }

    /// Behind the upgrade, as a program can get that says it is the registry's page.
    async fn upgraded(&self) -> Option<TcpStream> {
        let mut stream = self.connect().await?;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nOrigin: {ORIGIN}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        let mut answer = [0; 512];
        let read = stream.read(&mut answer).await.ok()?;
        answer[..read].starts_with(b"HTTP/1.1 101").then_some(stream)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is done to the helper.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attack {
    /// Connections that say nothing.
    Silent,
    /// Connections that say a byte of their request at a time.
    SlowHeads,
    /// Upgraded connections that say nothing.
    SilentPages,
    /// Upgraded connections that announce the longest frame that there may be and send it byte by
    /// byte.
    SlowFrames,
    /// Upgraded connections that make the helper answer, and never read.
    Unread,
    /// Messages, heads and bodies that never end.
    Long,
}

pub(crate) const ALL: [Attack; 6] = [
    Attack::Silent,
    Attack::SlowHeads,
    Attack::SilentPages,
    Attack::SlowFrames,
    Attack::Unread,
    Attack::Long,
];

impl Attack {
    /// In figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::SlowHeads => "slow_heads",
            Self::SilentPages => "silent_pages",
            Self::SlowFrames => "slow_frames",
            Self::Unread => "unread",
            Self::Long => "long",
        }
    }

    /// Attacks, with so many files open at a time at most. How many connections it got; it ends
    /// them all at its end.
    pub(crate) async fn run(self, target: &Target, arguments: &Arguments, files: usize) -> usize {
        if matches!(self, Self::Long) {
            return long(target, arguments.megabytes).await;
        }
        let (mut kept, mut opened) = (VecDeque::new(), 0);
        for number in 0..arguments.connections {
            let stream = match self {
                Self::Silent | Self::SlowHeads => target.connect().await,
                _ => target.upgraded().await,
            };
            let Some(mut stream) = stream else { continue };
            // Whatever the helper closed meanwhile cannot be written to.
            let _ = match self {
                Self::SlowHeads => stream.write_all(b"GET / HTTP/1.1\r\nHost: 1").await,
                // FIN, text, masked, 65535 bytes (RFC 6455, 5.2); then a byte of them.
                Self::SlowFrames => stream.write_all(b"\x81\xFE\xFF\xFF\0\0\0\0 ").await,
                Self::Unread => stream.write_all(&pings()).await,
                _ => Ok(()),
            };
            opened += 1;
            kept.push_back(stream);
            if kept.len() > files.saturating_sub(OTHER_FILES) {
                kept.pop_front();
            }
            if number % 500 == 499 {
                for stream in &mut kept {
                    let _ = tokio::time::timeout(Duration::from_millis(1), stream.write_all(b"a"))
                        .await;
                }
            }
        }
        opened
    }
}

/// Pings of 125 bytes: each is to be answered by as much (RFC 6455, 5.5.2).
fn pings() -> Vec<u8> {
    [&b"\x89\xFD\0\0\0\0"[..], &[b'a'; 125]].concat().repeat(500)
}

/// A frame, a message of many frames, and a head, each as long as is wished.
async fn long(target: &Target, megabytes: usize) -> usize {
    let mut opened = 0;
    let block = vec![b' '; 1024 * 1024];
    let length = (megabytes as u64 * 1024 * 1024).to_be_bytes();
    let frame = [&b"\x81\xFF"[..], &length, &[0; 4]].concat();
    for _ in 0..8 {
        let Some(mut stream) = target.upgraded().await else { continue };
        opened += 1;
        let _ = stream.write_all(&frame).await;
        for _ in 0..megabytes {
            if stream.write_all(&block).await.is_err() {
                break;
            }
        }
        let Some(mut stream) = target.upgraded().await else { continue };
        opened += 1;
        // A text of frames of 1024 bytes that never ends: not the last, text first, then more of it.
        for number in 0..megabytes * 1024 {
            let first = if number == 0 { 0x01 } else { 0x00 };
            let part = [&[first, 0xFE, 0x04, 0x00, 0, 0, 0, 0][..], &block[..1024]].concat();
            if stream.write_all(&part).await.is_err() {
                break;
            }
        }
        let Some(mut stream) = target.connect().await else { continue };
        opened += 1;
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nCookie: ").await;
        for _ in 0..megabytes {
            if stream.write_all(&block).await.is_err() {
                break;
            }
        }
    }
    opened
}

/// The attacker needs a file for each connection, too: how many it may have.
pub(crate) fn raise_limit() -> usize {
    let files = getrlimit(Resource::Nofile);
    // With fewer files the attack is only a smaller one.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let files = getrlimit(Resource::Nofile).current;
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}
