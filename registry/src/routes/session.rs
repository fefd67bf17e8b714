//! `/session`

use super::Shared;
use super::address::PeerAddress;
use super::error::ApiResult;
use super::extract::{Body, NoBody};
use super::proof::Prover;
use crate::actions::{ActionError, Person, passwords, sessions};
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
    let Shared { registry, .. } = shared;
    let me = async move { sessions::log_in(&registry, login, &key, &address).await };
    Ok(Json(to_the_end(me).await?))
}

async fn read(State(shared): State<Shared>, person: Person) -> ApiResult<Json<Me>> {
    Ok(Json(sessions::me(&shared.registry, &person).await?))
}

async fn log_out(
    State(shared): State<Shared>,
    person: Person,
    NoBody: NoBody,
) -> ApiResult<StatusCode> {
    sessions::log_out(&shared.registry, &person).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change_password(
    State(shared): State<Shared>,
    person: Person,
    PeerAddress(address): PeerAddress,
    Body(request): Body<ChangePassword>,
) -> ApiResult<Json<Me>> {
    let Shared { registry, .. } = shared;
    let me = async move { passwords::change_own(&registry, &person, &address, request).await };
    Ok(Json(to_the_end(me).await?))
}

/// Does something to its end even if the peer goes away: a wrong password counts all the same.
async fn to_the_end(
    action: impl Future<Output = Result<Me, ActionError>> + Send + 'static,
) -> Result<Me, ActionError> {
    let done = tokio::spawn(action).await;
    done.unwrap_or(Err(ActionError::Inconsistent("comparing a password ended early")))
}
