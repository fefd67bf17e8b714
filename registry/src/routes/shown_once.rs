//! Answers that hold a secret.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use zeroize::Zeroizing;

/// Room for an answer, in bytes: a text that grows leaves pieces of itself in memory.
const ROOM: usize = 4096;

/// 201 with JSON that holds a secret; its bytes are wiped once they were sent.
pub(super) fn shown_once(answer: &impl Serialize) -> Response {
    let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
    if serde_json::to_writer(&mut *json, answer).is_err() {
        // Types of the wire are plain data, which can always be written.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (StatusCode::CREATED, [kind], Body::from(Bytes::from_owner(json))).into_response()
}
