//! What handlers take from a request; whatever does not fit is a problem of the protocol.

use super::error::{ApiError, problem};
use super::proof::too_large;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use cardwright_protocol::registry::problem::ProblemCode;
use serde::de::DeserializeOwned;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(malformed("the content type is not application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        // The message of serde_json quotes wrong values, and one body holds a password: only the
        // place is told.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            malformed(&format!("see line {}, column {}", error.line(), error.column()))
        })
    }
}

/// No body at all.
pub(super) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        match bytes.is_empty() {
            true => Ok(Self),
            false => Err(malformed("this request has no body")),
        }
    }
}

/// Parameters of the query.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|error| malformed(&error.body_text()))
    }
}

/// The one parameter of the path.
pub(super) struct PathName(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::from_request_parts(parts, state).await;
        let Path(name): Path<String> = path.map_err(|_| malformed("the path is not UTF-8"))?;
        match name.contains(char::is_control) {
            true => Err(problem(ProblemCode::NotFound, "There is no such thing.")),
            false => Ok(Self(name)),
        }
    }
}

pub(super) fn malformed(why: &str) -> ApiError {
    let message = format!("The registry did not understand the request: {why}. Reload the page.");
    problem(ProblemCode::Malformed, message)
}

fn unread(error: BytesRejection) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => malformed("the body could not be read"),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
