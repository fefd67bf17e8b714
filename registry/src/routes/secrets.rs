//! `/cards/{number}/reveals`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, PathName};
use super::shown_once::shown_once;
use crate::actions::reveal::RevealedSecret;
use crate::actions::{ActionError, Person, reveal};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use cardwright_protocol::registry::secrets::{Reveal, Revealed};

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
    Ok(show(&revealed)?)
}

fn show(revealed: &RevealedSecret) -> Result<Response, ActionError> {
    let RevealedSecret { value, in_doubt } = revealed;
    let digits = std::str::from_utf8(value.expose());
    let digits = digits.map_err(|_| ActionError::Inconsistent("a secret is not of digits"))?;
    let answer = Revealed { value: digits.into(), in_doubt: *in_doubt };
    Ok(shown_once(StatusCode::OK, &answer))
}
