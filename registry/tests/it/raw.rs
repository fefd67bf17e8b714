//! HTTP as bytes, for what no client would send.

use crate::world::Browser;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::session::Me;
use cardwright_registry::{Config, Limits, NewAccount, PasswordCost, Registry, Tls};
use std::net::SocketAddr;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A registry that is spoken to by bytes.
pub(crate) struct RawRegistry {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    accounts: Vec<NewAccount>,
    _stop: oneshot::Sender<()>,
}

impl RawRegistry {
    pub(crate) async fn in_clear(limits: Limits, app: Option<PathBuf>) -> Self {
        Self::new(limits, app, None).await
    }

    pub(crate) async fn with_tls(limits: Limits, tls: Tls) -> Self {
        Self::new(limits, None, Some(tls)).await
    }

    async fn new(limits: Limits, app: Option<PathBuf>, tls: Option<Tls>) -> Self {
        let folder = TempDir::new().unwrap();
        let config = Config { limits, app, ..config() };
        let (registry, accounts) = Registry::open(folder.path(), config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        match tls {
            None => tokio::spawn(cardwright_registry::run(listener, registry, shutdown)),
            Some(tls) => {
                tokio::spawn(cardwright_registry::run_with_tls(listener, tls, registry, shutdown))
            }
        };
        Self { address, folder, accounts, _stop: stop }
    }

    /// A browser with a session.
    pub(crate) async fn log_in(&self, name: &str) -> Browser {
        let account = self.accounts.iter().find(|account| account.name == name).unwrap();
        let password = str::from_utf8(account.password.expose()).unwrap();
        let browser = Browser::at(&format!("http://{}", self.address));
        let _: Me = browser.log_in(name, password).await.ok();
        browser
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a connection of their own, and reads until the registry closes it.
    pub(crate) async fn ask(&self, bytes: &[u8]) -> RawAnswer {
        ask(self.connect().await, bytes).await
    }

    /// A request that the registry answers, and closes its connection.
    pub(crate) fn request(&self) -> Vec<u8> {
        let address = self.address;
        format!("GET /api/v1/session HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")
            .into_bytes()
    }
}

/// Of a registry that takes no time for passwords.
pub(crate) fn config() -> Config {
    Config { password_cost: PasswordCost { memory: 8, passes: 1 }, ..Config::default() }
}

/// Sends bytes, and reads until the other side closes the connection.
pub(crate) async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
) -> RawAnswer {
    // It may have been refused before all of it was sent.
    let _ = stream.write_all(bytes).await;
    RawAnswer::new(until_closed(&mut stream).await)
}

/// All that comes until the other side closes or resets the connection.
pub(crate) async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut all = Vec::new();
    while stream.read_buf(&mut all).await.is_ok_and(|length| length > 0) {}
    all
}

/// What came back.
pub(crate) struct RawAnswer(pub(crate) Vec<u8>);

impl RawAnswer {
    /// Without the word that asks for a body (RFC 9110, 15.2.1).
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        match bytes.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n") {
            Some(rest) => Self(rest.to_vec()),
            None => Self(bytes),
        }
    }

    /// 0 when nothing came.
    pub(crate) fn status(&self) -> u16 {
        let status = self.0.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
        status.and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    pub(crate) fn head(&self) -> &str {
        let end = self.0.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(self.0.len());
        str::from_utf8(&self.0[..end]).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head().lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Which problem it tells, if it tells one.
    pub(crate) fn problem(&self) -> Option<ProblemCode> {
        let body = self.0.get(self.head().len() + 4..)?;
        serde_json::from_slice::<Problem>(body).ok().map(|problem| problem.code)
    }
}
