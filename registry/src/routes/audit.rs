//! `/audit`

use super::Shared;
use super::error::ApiResult;
use super::extract::Parameters;
use crate::actions::audit::AuditExporter;
use crate::actions::{Person, audit};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use cardwright_protocol::registry::audit::{AuditPage, AuditQuery};
use futures_util::stream;
use std::io;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/audit", get(search)).route("/audit/export", get(export))
}

async fn search(
    State(shared): State<Shared>,
    Parameters(query): Parameters<AuditQuery>,
) -> ApiResult<Json<AuditPage>> {
    Ok(Json(audit::search(&shared.registry, &query).await?))
}

async fn export(
    State(shared): State<Shared>,
    person: Person,
    Parameters(query): Parameters<AuditQuery>,
) -> ApiResult<Response> {
    let export = audit::export(&shared.registry, &person, query).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, Body::from_stream(stream::try_unfold(export, next))).into_response())
}

/// The next piece. One that is missing ends the connection, and the export has no signed record.
async fn next(mut export: AuditExporter) -> io::Result<Option<(Bytes, AuditExporter)>> {
    match export.next().await {
        Ok(piece) => Ok(piece.map(|piece| (piece.into(), export))),
        Err(error) => {
            tracing::error!(%error, "an export of the audit log was cut off");
            Err(io::Error::other("the export failed"))
        }
    }
}
