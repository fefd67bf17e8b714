//! `/cards`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, Parameters, PathName};
use crate::actions::{Person, cards, start};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use cardwright_protocol::registry::cards::{Card, CardPage, CardQuery};
use cardwright_protocol::registry::processes::{Process, StartProcess};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/cards", get(search))
        .route("/cards/{number}", get(read))
        .route("/cards/{number}/processes", post(start_process))
}

async fn search(
    State(shared): State<Shared>,
    person: Person,
    Parameters(query): Parameters<CardQuery>,
) -> ApiResult<Json<CardPage>> {
    Ok(Json(cards::search(&shared.registry, &person, &query).await?))
}

async fn read(
    State(shared): State<Shared>,
    person: Person,
    PathName(number): PathName,
) -> ApiResult<Json<Card>> {
    Ok(Json(cards::card(&shared.registry, &person, &number).await?))
}

async fn start_process(
    State(shared): State<Shared>,
    person: Person,
    PathName(number): PathName,
    Body(request): Body<StartProcess>,
) -> ApiResult<(StatusCode, Json<Process>)> {
    let process = start::start(&shared.registry, &person, &number, request).await?;
    Ok((StatusCode::CREATED, Json(process)))
}
