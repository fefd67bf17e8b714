//! `/accounts`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, NoBody, PathName};
use super::shown_once::shown_once;
use crate::actions::{Person, accounts, passwords};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cardwright_protocol::registry::accounts::{Account, AddAccount, ChangeAccount, NewPassword};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/accounts", get(list).post(add))
        .route("/accounts/{name}", put(change))
        .route("/accounts/{name}/password", post(make_password))
        .route("/accounts/{name}/unlock", post(unlock))
}

async fn list(State(shared): State<Shared>) -> ApiResult<Json<Vec<Account>>> {
    Ok(Json(accounts::list(&shared.registry).await?))
}

async fn add(
    State(shared): State<Shared>,
    person: Person,
    Body(request): Body<AddAccount>,
) -> ApiResult<Response> {
    Ok(show(&accounts::add(&shared.registry, &person, request).await?))
}

async fn change(
    State(shared): State<Shared>,
    person: Person,
    PathName(name): PathName,
    Body(request): Body<ChangeAccount>,
) -> ApiResult<Json<Account>> {
    Ok(Json(accounts::change(&shared.registry, &person, &name, request).await?))
}

async fn make_password(
    State(shared): State<Shared>,
    person: Person,
    PathName(name): PathName,
    NoBody: NoBody,
) -> ApiResult<Response> {
    Ok(show(&passwords::make_for(&shared.registry, &person, &name).await?))
}

async fn unlock(
    State(shared): State<Shared>,
    person: Person,
    PathName(name): PathName,
    NoBody: NoBody,
) -> ApiResult<Json<Account>> {
    Ok(Json(accounts::unlock(&shared.registry, &person, &name).await?))
}

fn show(made: &NewPassword) -> Response {
    shown_once(StatusCode::CREATED, made)
}
