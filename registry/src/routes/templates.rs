//! `/templates`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, PathName};
use crate::actions::{Person, templates};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use cardwright_protocol::registry::templates::{ChangeTemplate, Template, TemplateSummary};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/templates", get(list)).route("/templates/{name}", get(read).put(change))
}

async fn list(State(shared): State<Shared>) -> ApiResult<Json<Vec<TemplateSummary>>> {
    Ok(Json(templates::list(&shared.registry).await?))
}

async fn read(State(shared): State<Shared>, PathName(name): PathName) -> ApiResult<Json<Template>> {
    Ok(Json(templates::template(&shared.registry, &name).await?))
}

async fn change(
    State(shared): State<Shared>,
    person: Person,
    PathName(name): PathName,
    Body(request): Body<ChangeTemplate>,
) -> ApiResult<Json<Template>> {
    Ok(Json(templates::change(&shared.registry, &person, &name, request).await?))
}
