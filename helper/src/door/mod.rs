//! Who is let in: the HTTP request that asks for the WebSocket, read and judged before the upgrade.
//!
//! Only a page whose `Origin` and `Host` are in the lists, byte by byte, is upgraded. Where it asks
//! for something else than `/` it is told so by a close code, since a browser shows its page nothing
//! else. Everybody else gets the same empty 403, which tells nothing. The request is read here, not
//! by the WebSocket crate, so that its length has a cap of ours and every refusal has an answer.

mod judgment;

pub use judgment::{Judgment, MAX_HEAD_LENGTH, Upgrade};

use cardwright_protocol::helper::MAX_FRAME_LENGTH;
use std::{io, net::SocketAddr, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// How long the request and its answer may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// How much of what a refused client still sends is read away, in bytes. Closing a socket with
/// unread bytes resets it, and the client would never see the answer.
const MAX_DRAINED: u64 = 256 * 1024;

/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(1);

const FORBIDDEN: &[u8] =
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The values of `Origin` and `Host` that are let in.
#[derive(Debug, Clone)]
pub struct Door {
    origins: Vec<String>,
    hosts: Vec<String>,
}

/// A page that asked as the app asks.
#[derive(Debug)]
pub(crate) struct Caller {
    /// What the browser says of the page.
    pub(crate) origin: String,
    /// The port by which it called.
    pub(crate) port: u16,
}

/// A page at the door.
#[derive(Debug)]
pub(crate) enum Visitor {
    /// It asked as the app asks.
    Page(WebSocketStream<TcpStream>, Caller),
    /// It is to be told that it asked for what is not here.
    Mistaken(WebSocketStream<TcpStream>),
}

impl Door {
    /// The door of a helper that listens on this address, for pages of these origins. `hosts` are
    /// the values of `Host` that are let in, where they are not 127.0.0.1 and localhost.
    #[must_use]
    pub fn new(origins: Vec<String>, hosts: Option<Vec<String>>, address: SocketAddr) -> Self {
        let hosts = hosts.unwrap_or_else(|| {
            vec![format!("127.0.0.1:{}", address.port()), format!("localhost:{}", address.port())]
        });
        Self { origins, hosts }
    }

    /// Reads the request and upgrades the connection, or refuses it with 403. `None` when it was
    /// refused or went away.
    pub(crate) async fn admit(&self, mut stream: TcpStream) -> Option<Visitor> {
        let judged = tokio::time::timeout(HANDSHAKE_TIME, self.answer(&mut stream)).await;
        match judged {
            Ok(Ok(Judgment::Welcome(upgrade))) => {
                let caller = Caller { origin: upgrade.origin, port: upgrade.port };
                Some(Visitor::Page(websocket(stream).await, caller))
            }
            Ok(Ok(Judgment::Mistaken(_))) => Some(Visitor::Mistaken(websocket(stream).await)),
            Ok(Ok(Judgment::Forbidden | Judgment::Incomplete)) => {
                drain(&mut stream).await;
                None
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "a connection went away before its upgrade");
                None
            }
            Err(_) => {
                tracing::debug!("a connection did not ask for its upgrade in time");
                None
            }
        }
    }

    /// Reads until the connection can be judged, and answers.
    async fn answer(&self, stream: &mut TcpStream) -> io::Result<Judgment> {
        let mut sent = Vec::with_capacity(1024);
        loop {
            // One byte more than the cap tells a request of that length from a longer one.
            let room = (MAX_HEAD_LENGTH + 1 - sent.len()) as u64;
            if (&mut *stream).take(room).read_buf(&mut sent).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let judgment = self.judge(&sent);
            match &judgment {
                Judgment::Incomplete => continue,
                Judgment::Forbidden => stream.write_all(FORBIDDEN).await?,
                Judgment::Welcome(upgrade) | Judgment::Mistaken(upgrade) => {
                    stream.write_all(&upgrade.answer).await?;
                }
            }
            return Ok(judgment);
        }
    }
}

async fn websocket(stream: TcpStream) -> WebSocketStream<TcpStream> {
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_FRAME_LENGTH)
        .max_message_size(Some(MAX_FRAME_LENGTH))
        .max_frame_size(Some(MAX_FRAME_LENGTH));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Says that no more will be sent, and reads away what still comes, within limits.
pub(crate) async fn drain(stream: &mut TcpStream) {
    let away = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_DRAINED), &mut tokio::io::sink()).await
    };
    // Whoever does not close in time, or not well, is closed.
    let _ = tokio::time::timeout(DRAIN_TIME, away).await;
}
