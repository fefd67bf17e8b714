//! `/workstations`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, NoBody, PathName};
use super::guard::PageOrigin;
use super::shown_once::shown_once;
use crate::actions::workstations::{By, Manager};
use crate::actions::{Person, tickets};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cardwright_protocol::registry::workstations::{
    AddWorkstation, AskForTicket, ChangeWorkstation, Invitation, IssuedTicket, Workstation,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/workstations", get(list).post(add))
        .route("/workstations/{id}", put(change))
        .route("/workstations/{id}/codes", post(make_code))
        .route("/workstations/{id}/revoke", post(revoke))
        .route("/workstations/{id}/tickets", post(issue_ticket))
}

fn manager<'a>(shared: &'a Shared, person: &'a Person) -> Manager<'a> {
    let Shared { registry, .. } = shared;
    Manager { store: &registry.store, by: By::Person(person), now: registry.now() }
}

async fn list(State(shared): State<Shared>, person: Person) -> ApiResult<Json<Vec<Workstation>>> {
    Ok(Json(manager(&shared, &person).list().await?))
}

async fn add(
    State(shared): State<Shared>,
    person: Person,
    Body(AddWorkstation { name }): Body<AddWorkstation>,
) -> ApiResult<Response> {
    let invited = manager(&shared, &person).add(&name).await?;
    Ok(show(&invited.into()))
}

async fn change(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    Body(request): Body<ChangeWorkstation>,
) -> ApiResult<Json<Workstation>> {
    Ok(Json(manager(&shared, &person).rename(&id, &request).await?))
}

async fn make_code(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    NoBody: NoBody,
) -> ApiResult<Response> {
    let invited = manager(&shared, &person).new_code(&id).await?;
    Ok(show(&invited.into()))
}

async fn revoke(
    State(shared): State<Shared>,
    person: Person,
    PathName(id): PathName,
    NoBody: NoBody,
) -> ApiResult<Json<Workstation>> {
    Ok(Json(manager(&shared, &person).revoke(&id).await?))
}

async fn issue_ticket(
    State(shared): State<Shared>,
    person: Person,
    PageOrigin(origin): PageOrigin,
    PathName(id): PathName,
    Body(request): Body<AskForTicket>,
) -> ApiResult<(StatusCode, Json<IssuedTicket>)> {
    let ticket = tickets::issue(&shared.registry, &person, origin, &id, request).await?;
    Ok((StatusCode::CREATED, Json(ticket)))
}

fn show(invitation: &Invitation) -> Response {
    shown_once(StatusCode::CREATED, invitation)
}
