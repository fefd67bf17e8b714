use super::connections::{Connections, Place};
use super::exchange::Caller;
use super::http::{Ending, serve_http1, serve_http2};
use super::origins::own_origins;
use super::proxies::Proxies;
use super::tls::{HTTP2, Tls};
use crate::registry::Registry;
use crate::routes::{Origins, router};
use axum::Router;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a place is looked for, and how long it is waited in between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(5);

/// All that a connection passes on its way to the routes.
pub struct Door {
    routes: Router,
    proxies: Proxies,
    connections: Connections,
    /// Without it everything travels in clear: on this computer, or behind a proxy.
    tls: Option<Tls>,
}

impl Door {
    /// A door for pages that come by http, to this address.
    #[must_use]
    pub fn in_clear(registry: Registry, address: SocketAddr) -> Self {
        let origins = own_origins("http", address);
        Self::new(registry, origins, None)
    }

    /// A door for pages that come by https.
    pub(super) fn with_tls(registry: Registry, tls: Tls, address: SocketAddr) -> Self {
        let origins = own_origins("https", address);
        Self::new(registry, origins, Some(tls))
    }

    fn new(registry: Registry, own_origins: Vec<String>, tls: Option<Tls>) -> Self {
        let config = &registry.config;
        let proxies = Proxies::new(&config.proxies);
        let connections = Connections::new(config.limits, proxies.clone());
        let origins = Origins::new(config.origins.clone().unwrap_or(own_origins));
        Self { routes: router(registry, origins), proxies, connections, tls }
    }

    /// Serves HTTP/1 on any stream, until its peer ends it; whoever is too slow is not cut. For
    /// tests that need no network.
    pub async fn serve_stream(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: SocketAddr,
    ) {
        let (_end, ending) = watch::channel(false);
        if let Some(place) = self.connections.admit(peer.ip()) {
            // What went wrong is between it and its peer.
            let _ = serve_http1(stream, self.caller(peer, place), ending).await;
        }
    }

    /// Serves a connection that was accepted, as soon as there is a place for it, or closes it.
    pub(super) async fn let_in(
        &self,
        tasks: &mut JoinSet<()>,
        stream: TcpStream,
        peer: SocketAddr,
        ending: Ending,
    ) {
        if self.tls.is_none() && !peer.ip().to_canonical().is_loopback() && !self.is_proxy(peer) {
            tracing::debug!(%peer, "refused: it is no proxy of this registry, and would speak in clear");
            return;
        }
        let Some(place) = self.place(peer).await else { return };
        let number = place.number();
        let caller = self.caller(peer, place);
        let task = tasks.spawn(connection(stream, self.tls.clone(), caller, ending));
        self.connections.is_served_by(number, task);
    }

    /// Waits for a place, but not for long: others wait behind this one.
    async fn place(&self, peer: SocketAddr) -> Option<Place> {
        for _ in 0..TRIES {
            if let Some(place) = self.connections.admit(peer.ip()) {
                return Some(place);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Cuts whoever is to go first.
    pub(super) fn make_room(&self) {
        self.connections.cut_one();
    }

    /// Cuts whoever takes too long.
    pub(super) fn cut_overdue(&self) {
        self.connections.cut_overdue();
    }

    /// Cuts whoever never made a request.
    pub(super) fn cut_silent(&self) {
        self.connections.cut_silent();
    }

    fn is_proxy(&self, peer: SocketAddr) -> bool {
        self.proxies.contain(peer.ip())
    }

    fn caller(&self, peer: SocketAddr, place: Place) -> Caller {
        let (routes, proxies) = (self.routes.clone(), self.proxies.clone());
        Caller { routes, proxies, peer, place: Arc::new(place) }
    }
}

async fn connection(stream: TcpStream, tls: Option<Tls>, caller: Caller, ending: Ending) {
    let place = Arc::clone(&caller.place);
    let mut all = pin!(speak(stream, tls, caller, ending));
    if poll_fn(|context| Poll::Ready(all.as_mut().poll(context))).await.is_pending() {
        place.is_heard();
        all.await;
    }
}

async fn speak(stream: TcpStream, tls: Option<Tls>, caller: Caller, ending: Ending) {
    // Answers are written as a whole; without it, they are only slower.
    let _ = stream.set_nodelay(true);
    let peer = caller.peer;
    let ended = match tls {
        None => serve_http1(stream, caller, ending).await,
        Some(tls) => match tls.acceptor().accept(stream).await {
            Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                serve_http2(stream, caller, ending).await
            }
            Ok(stream) => serve_http1(stream, caller, ending).await,
            Err(error) => return tracing::debug!(%peer, %error, "no TLS"),
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}
