//! HTTP as hyper speaks it, with bounds on all that a peer may make it keep.

use super::exchange::Caller;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

/// Longest head of a request, in bytes: request line and all headers.
pub(super) const MAX_HEAD: u32 = 16 * 1024;

/// Most headers of a request.
const MAX_HEADERS: usize = 64;

/// Requests of one HTTP/2 connection at a time: about what a browser has by HTTP/1. RFC 9113, 6.5.2,
/// has more in mind, but a body of each may be in memory.
const MAX_STREAMS: u32 = 8;

/// Streams that a peer may have opened and reset before we looked at them, and ones that we had
/// to reset for it. More of either, and its connection ends (CVE-2023-44487 and the like).
const MAX_RESETS: usize = 32;

/// What a peer may send before it is read, in bytes: of one request, and of one connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// What of an answer is kept until the peer takes it, in bytes, per request.
const MAX_UNSENT: usize = 64 * 1024;

/// True when the server is to end.
pub(super) type Ending = watch::Receiver<bool>;

/// Serves HTTP/1 until the peer or the server ends it. Who takes too long is cut by others.
pub(super) async fn serve_http1(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    caller: Caller,
    mut ending: Ending,
) -> hyper::Result<()> {
    let mut builder = http1::Builder::new();
    // An HTTP/1 head counts against the connection's buffer as well, whatever it is made of.
    builder
        .max_buf_size(MAX_HEAD as usize)
        .max_header_size(MAX_HEAD as usize)
        .max_headers(MAX_HEADERS)
        // Who has said all that it wants to say is answered.
        .half_close(true)
        .header_read_timeout(None);
    let service = service_fn(move |request| caller.clone().answer(request));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = ending.wait_for(|ending| *ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// Serves HTTP/2 until the peer or the server ends it.
pub(super) async fn serve_http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: Caller,
    mut ending: Ending,
) -> hyper::Result<()> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .max_header_list_size(MAX_HEAD)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_UNSENT);
    let service = service_fn(move |request| caller.clone().answer(request));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = ending.wait_for(|ending| *ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

#[cfg(test)]
mod tests {
    use super::MAX_STREAMS;
    use crate::routes::MAX_BODY;
    use crate::server::Limits;

    /// Whoever has all connections and sends as many bodies as it can takes no more than this.
    #[test]
    fn all_bodies_of_all_connections_together_fit_into_memory() {
        const MOST: usize = 256 * 1024 * 1024;
        let bodies = Limits::default().connections * MAX_STREAMS as usize;
        assert!(bodies * MAX_BODY <= MOST, "{bodies} bodies of {MAX_BODY} bytes");
    }
}
