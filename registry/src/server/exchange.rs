//! One request and its answer, between hyper and the routes.

use super::connections::{Exchange, Place};
use super::proxies::Proxies;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::{Request, Response};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{convert::Infallible, future::Future};
use tower::ServiceExt as _;

/// What the requests of one connection have in common.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) routes: Router,
    pub(super) proxies: Proxies,
    pub(super) peer: SocketAddr,
    pub(super) place: Arc<Place>,
}

impl Caller {
    /// Answers a request. Handlers find its origin in the network as [`ConnectInfo`].
    pub(super) fn answer(
        self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + 'static {
        let exchange = Arc::new(self.place.begin_exchange());
        let client = self.proxies.client(self.peer, request.headers());
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                exchange.is_received();
                return Body::empty();
            }
            Body::new(RequestBody { body, exchange: Arc::clone(&exchange) })
        });
        request.extensions_mut().insert(ConnectInfo(client));
        async move {
            let response = self.routes.oneshot(request).await?;
            exchange.is_answered();
            Ok(response.map(|body| Body::new(AnswerBody { body, rest: Bytes::new(), exchange })))
        }
    }
}

/// The body of a request: its end is the begin of our work.
struct RequestBody {
    body: Incoming,
    exchange: Arc<Exchange>,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if self.body.is_end_stream() || !matches!(frame, Some(Ok(_))) {
            self.exchange.is_received();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer that are handed on at a time: the network asks for more when it has taken
/// them.
const PART: usize = 64 * 1024;

/// The body of an answer: when it is dropped, all of it was handed on.
struct AnswerBody {
    body: Body,
    /// What there is and was not asked for yet.
    rest: Bytes,
    exchange: Arc<Exchange>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let next = ready!(Pin::new(&mut self.body).poll_frame(context));
            match next.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        self.exchange.goes_on();
        let part = self.rest.len().min(PART);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, behind) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(behind.lower() + rest);
        if let Some(upper) = behind.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
