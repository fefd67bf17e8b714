//! `/enrolments`

use super::Shared;
use super::address::PeerAddress;
use super::error::ApiResult;
use super::extract::Body;
use crate::actions::enrol;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use cardwright_protocol::enrolment::{Enrol, Enrolled};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/enrolments", post(enrol_helper))
}

async fn enrol_helper(
    State(shared): State<Shared>,
    PeerAddress(address): PeerAddress,
    Body(request): Body<Enrol>,
) -> ApiResult<(StatusCode, Json<Enrolled>)> {
    let origins = shared.origins.all();
    let enrolled = enrol::enrol(&shared.registry, origins, &address, &request).await?;
    Ok((StatusCode::CREATED, Json(enrolled)))
}
