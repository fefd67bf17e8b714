//! `/session`

use super::Shared;
use super::address::PeerAddress;
use super::error::ApiResult;
use super::extract::{Body, NoBody};
use super::proof::Prover;
use crate::actions::{Person, passwords, sessions};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, put};
use axum::{Json, Router};
use cardwright_protocol::registry::session::{ChangePassword, Login, Me};

pub(super) fn routes() -> Router<Shared> {
    let methods: MethodRouter<Shared> = get(read).post(log_in).delete(log_out);
    Router::new().route("/session", methods).route("/session/password", put(change_password))
}

async fn log_in(
    State(shared): State<Shared>,
    Prover(key): Prover,
    PeerAddress(address): PeerAddress,
    Body(login): Body<Login>,
) -> ApiResult<Json<Me>> {
    Ok(Json(sessions::log_in(&shared.registry, login, &key, &address).await?))
}

async fn read(State(shared): State<Shared>, person: Person) -> ApiResult<Json<Me>> {
    Ok(Json(sessions::me(&shared.registry, &person).await?))
}

async fn log_out(
    State(shared): State<Shared>,
    person: Person,
    Prover(key): Prover,
    NoBody: NoBody,
) -> ApiResult<StatusCode> {
    sessions::log_out(&shared.registry, &person, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    State(shared): State<Shared>,
    person: Person,
    Prover(key): Prover,
    PeerAddress(address): PeerAddress,
    Body(request): Body<ChangePassword>,
) -> ApiResult<Json<Me>> {
    let changed = passwords::change_own(&shared.registry, &person, &key, &address, request).await?;
    Ok(Json(changed))
}
