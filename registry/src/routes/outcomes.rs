//! `/outcomes`

use super::Shared;
use super::error::ApiResult;
use super::extract::Body;
use crate::actions::refusals::{Handed, audited};
use crate::actions::{Person, take_outcome};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use cardwright_protocol::outcome::Outcome;
use cardwright_protocol::registry::processes::OutcomeTaken;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/outcomes", post(take))
}

async fn take(
    State(shared): State<Shared>,
    person: Person,
    Body(outcome): Body<Outcome>,
) -> ApiResult<Json<OutcomeTaken>> {
    let taken = take_outcome::take_outcome(&shared.registry, &person, outcome).await;
    Ok(Json(audited(&shared.registry, &person, Handed::Outcome, taken).await?))
}
