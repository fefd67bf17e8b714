//! Who is let in: the HTTP request that asks for the WebSocket, read and judged before the upgrade.
//!
//! Nothing but `GET /` with an upgrade is served, and only to a page whose `Origin` and `Host` are
//! in the lists, byte by byte. Everything else gets the same empty 403, which tells nothing. The
//! request is read here, not by the WebSocket crate, so that its length has a cap of ours and every
//! refusal has an answer.

use crate::config::Config;
use cardwright_protocol::helper::MAX_FRAME_LENGTH;
use std::{io, net::SocketAddr, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, header};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// How long the request and its answer may take.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// Longest request that is read, in bytes; browsers send about 600.
const MAX_HEAD_LENGTH: usize = 8 * 1024;

/// How much of what a refused client still sends is read away, in bytes. Closing a socket with
/// unread bytes resets it, and the client would never see the answer.
const MAX_DRAINED: usize = 256 * 1024;

/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(1);

const FORBIDDEN: &[u8] =
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The values of `Origin` and `Host` that are let in.
#[derive(Debug)]
pub(crate) struct Door {
    origins: Vec<String>,
    hosts: Vec<String>,
}

impl Door {
    /// The door of a helper that listens on this address.
    pub(crate) fn new(config: &Config, address: SocketAddr) -> Self {
        let hosts = config.hosts.clone().unwrap_or_else(|| {
            vec![format!("127.0.0.1:{}", address.port()), format!("localhost:{}", address.port())]
        });
        Self { origins: config.origins.clone(), hosts }
    }

    /// Reads the request and upgrades the connection, or refuses it with 403. `None` when it was
    /// refused or went away.
    pub(crate) async fn admit(&self, mut stream: TcpStream) -> Option<WebSocketStream<TcpStream>> {
        match tokio::time::timeout(HANDSHAKE_TIME, self.answer(&mut stream)).await {
            Ok(Ok(true)) => {
                let config = WebSocketConfig::default()
                    .read_buffer_size(8 * 1024)
                    .write_buffer_size(0)
                    .max_write_buffer_size(4 * MAX_FRAME_LENGTH)
                    .max_message_size(Some(MAX_FRAME_LENGTH))
                    .max_frame_size(Some(MAX_FRAME_LENGTH));
                Some(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
            }
            Ok(Ok(false)) => {
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

    /// Whether the connection is upgraded now.
    async fn answer(&self, stream: &mut TcpStream) -> io::Result<bool> {
        let response = match read_request(stream).await? {
            Some(request) if self.lets_in(&request) => create_response(&request).ok(),
            _ => None,
        };
        let Some(response) = response else {
            stream.write_all(FORBIDDEN).await?;
            return Ok(false);
        };
        let mut head = Vec::new();
        write_response(&mut head, &response).map_err(io::Error::other)?;
        stream.write_all(&head).await?;
        Ok(true)
    }

    fn lets_in(&self, request: &Request) -> bool {
        // The method and the version of HTTP were checked by the parser; an absolute URI, whose
        // host would count instead of `Host` (RFC 9112, 3.2.2), is not equal to `/`.
        let at_root = request.uri() == "/";
        let origin = only_value(request.headers(), &header::ORIGIN);
        let host = only_value(request.headers(), &header::HOST);
        let known = |list: &[String], value: &[u8]| list.iter().any(|one| one.as_bytes() == value);
        let let_in = at_root
            && host.is_some_and(|host| known(&self.hosts, host))
            && origin.is_some_and(|origin| known(&self.origins, origin));
        if !let_in {
            let text = |value: Option<&[u8]>| value.map(|value| value.escape_ascii().to_string());
            tracing::warn!(
                origin = text(origin),
                host = text(host),
                "refused a connection; see `origins` and `hosts` in the configuration"
            );
        }
        let_in
    }
}

/// The value of a header that is there exactly once.
fn only_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// Reads a request without a body; `None` when it is none, or longer than the cap.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        // One byte more than the cap tells a request of that length from a longer one.
        let room = (MAX_HEAD_LENGTH + 1 - head.len()) as u64;
        if (&mut *stream).take(room).read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head.len() > MAX_HEAD_LENGTH {
            return Ok(None);
        }
        match Request::try_parse(&head) {
            // Bytes behind the request would be frames sent before the answer was known.
            Ok(Some((length, request))) => return Ok((length == head.len()).then_some(request)),
            Ok(None) => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Says that no more will be sent, and reads away what still comes, within limits.
pub(crate) async fn drain(stream: &mut TcpStream) {
    let away = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_DRAINED as u64), &mut tokio::io::sink()).await
    };
    // Whoever does not close in time, or not well, is closed.
    let _ = tokio::time::timeout(DRAIN_TIME, away).await;
}
