//! By which key a request is proved.

use super::MAX_BODY;
use super::error::{ApiError, ApiResult, problem};
use super::extract::malformed;
use super::guard::only;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, OriginalUri, Request};
use axum::http::header;
use axum::http::request::Parts;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::proof;
use cardwright_seal::{VerifyingKey, prover};
use std::future::poll_fn;
use std::pin::Pin;
use zeroize::Zeroizing;

/// The key by which the request is proved: the session that it belongs to, or that it begins.
#[derive(Debug, Clone)]
pub(super) struct Prover(pub(super) VerifyingKey);

/// The key by which a request is proved, where one is, and the request with its body read: it is
/// what the proof is over.
pub(super) async fn check(request: Request) -> ApiResult<(Request, Option<Prover>)> {
    let value = only(request.headers(), &header::AUTHORIZATION);
    let Some(value) = value.filter(|value| proof::parse(value).is_some()).map(str::to_owned) else {
        // Nobody needs its body.
        return Ok((request, None));
    };
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    // The router below a path takes that path away; what was sent is kept beside it.
    let sent = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let target = sent.path_and_query().map_or("/", |target| target.as_str());
    let key = prover(&value, parts.method.as_str(), target, &body).map(Prover);
    // A body can hold a password: it is wiped when the last one who reads it is done.
    let body = Body::from(Bytes::from_owner(body));
    Ok((Request::from_parts(parts, body), key))
}

/// All of a body, in one piece that is never moved.
async fn read(mut body: Body) -> ApiResult<Zeroizing<Vec<u8>>> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if expected > MAX_BODY {
        return Err(too_large());
    }
    let exact = body.size_hint().exact().is_some();
    let mut bytes = Zeroizing::new(Vec::with_capacity(if exact { expected } else { MAX_BODY }));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| malformed("the body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > MAX_BODY {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

pub(super) fn too_large() -> ApiError {
    problem(ProblemCode::TooLarge, "The request is larger than 64 KiB.")
}

/// The key that the guard found.
impl<S: Send + Sync> FromRequestParts<S> for Prover {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let prover = parts.extensions.get::<Self>().cloned();
        prover.ok_or_else(|| malformed("it is proved by no key"))
    }
}
