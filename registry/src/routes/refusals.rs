//! `/refusals`

use super::Shared;
use super::error::ApiResult;
use super::extract::Body;
use crate::actions::Person;
use crate::actions::refusals::{self, Handed};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use cardwright_protocol::outcome::Refusal;
use cardwright_protocol::signed::Signed;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/refusals", post(take))
}

async fn take(
    State(shared): State<Shared>,
    person: Person,
    Body(refusal): Body<Signed<Refusal>>,
) -> ApiResult<StatusCode> {
    let taken = refusals::take_refusal(&shared.registry, &person, &refusal).await;
    refusals::audited(&shared.registry, &person, Handed::Refusal, taken).await?;
    Ok(StatusCode::NO_CONTENT)
}
