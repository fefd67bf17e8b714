//! `/cards/{number}/reveals`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, PathName};
use crate::actions::reveal::RevealedSecret;
use crate::actions::{ActionError, Person, reveal};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use cardwright_protocol::registry::secrets::{Reveal, Revealed};
use zeroize::{Zeroize as _, Zeroizing};

/// More than an answer has bytes: a text that grows leaves pieces of itself in memory.
const ROOM: usize = 256;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/cards/{number}/reveals", post(reveal_secret))
}

async fn reveal_secret(
    State(shared): State<Shared>,
    person: Person,
    PathName(number): PathName,
    Body(request): Body<Reveal>,
) -> ApiResult<Response> {
    let revealed = reveal::reveal(&shared.registry, &person, &number, request).await?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body(&revealed)?).into_response())
}

/// The answer, in memory that is wiped when it was sent. What the HTTP library and the operating
/// system copy of it on the way is theirs.
fn body(revealed: &RevealedSecret) -> Result<Bytes, ActionError> {
    let RevealedSecret { value, in_doubt } = revealed;
    let digits = std::str::from_utf8(value.expose());
    let digits = digits.map_err(|_| ActionError::Inconsistent("a secret is not of digits"))?;
    let mut answer = Revealed { value: digits.to_owned(), in_doubt: *in_doubt };
    let mut text = Zeroizing::new(Vec::with_capacity(ROOM));
    let written = serde_json::to_writer(&mut *text, &answer);
    answer.value.zeroize();
    written.map_err(|_| ActionError::Inconsistent("an answer cannot be written"))?;
    Ok(Bytes::from_owner(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_seal::Secret;

    #[test]
    fn an_answer_is_written_in_one_piece_of_memory() {
        let value = Secret::from(&b"39201847"[..]);
        let body = body(&RevealedSecret { value, in_doubt: true }).unwrap();
        assert_eq!(body, r#"{"value":"39201847","in_doubt":true}"#);
        assert!(body.len() < ROOM);
    }
}
