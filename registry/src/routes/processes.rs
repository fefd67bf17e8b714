//! `/processes`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, NoBody, PathName};
use crate::actions::refusals::{Handed, audited};
use crate::actions::{Person, cancel, inspect, issue_job, take_over};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, Process,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/processes/{id}", get(read))
        .route("/processes/{id}/nonces", post(make_nonce))
        .route("/processes/{id}/reports", post(hand_report))
        .route("/processes/{id}/jobs", post(ask_for_job))
        .route("/processes/{id}/cancel", post(cancel_process))
        .route("/processes/{id}/take-over", post(take_over_process))
}

async fn read(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
) -> ApiResult<Json<Process>> {
    Ok(Json(inspect::process(&shared.registry, &person, &id).await?))
}

async fn make_nonce(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    NoBody: NoBody,
) -> ApiResult<(StatusCode, Json<Nonce>)> {
    let nonce = inspect::make_nonce(&shared.registry, &person, &id).await?;
    Ok((StatusCode::CREATED, Json(nonce)))
}

async fn hand_report(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    Body(HandReport { report }): Body<HandReport>,
) -> ApiResult<Json<Assessment>> {
    let assessed = inspect::hand_report(&shared.registry, &person, &id, &report).await;
    Ok(Json(audited(&shared.registry, &person, Handed::Report, assessed).await?))
}

async fn ask_for_job(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    Body(request): Body<AskForJob>,
) -> ApiResult<(StatusCode, Json<IssuedJob>)> {
    let job = issue_job::issue_job(&shared.registry, &person, &id, request).await;
    let job = audited(&shared.registry, &person, Handed::Report, job).await?;
    Ok((StatusCode::CREATED, Json(job)))
}

async fn cancel_process(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    NoBody: NoBody,
) -> ApiResult<Json<Process>> {
    Ok(Json(cancel::cancel(&shared.registry, &person, &id).await?))
}

async fn take_over_process(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    NoBody: NoBody,
) -> ApiResult<Json<Process>> {
    Ok(Json(take_over::take_over(&shared.registry, &person, &id).await?))
}
