//! The HTTP API, by URL: `/api/v1/cards` is in `cards.rs`.

mod accounts;
mod address;
mod audit;
mod cards;
mod enrolments;
mod error;
mod extract;
mod guard;
mod headers;
mod outcomes;
mod processes;
mod proof;
mod refusals;
mod secrets;
mod session;
mod shown_once;
mod templates;
mod workstations;

use crate::app_files::AppFiles;
use crate::registry::Registry;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use cardwright_protocol::registry::API;
use cardwright_protocol::registry::problem::ProblemCode;
use error::problem;
use headers::Headers;
use std::sync::Arc;

/// Longest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Pages that may change something, and what they may call this server.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Arc<[String]>);

impl Origins {
    /// These origins and no other.
    pub(crate) fn new(origins: Vec<String>) -> Self {
        Self(origins.into())
    }

    /// All of them.
    fn all(&self) -> &[String] {
        &self.0
    }

    /// Whether a page of this origin may change something: exact equality.
    fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// Whether the server is called by one of its names, so that no foreign name that resolves to
    /// its address makes a foreign page one of ours.
    fn names_host(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.split_once("://").is_some_and(|(_, own)| own == host))
    }

    /// Whether every page comes by https.
    fn are_secure(&self) -> bool {
        self.0.iter().all(|origin| origin.starts_with("https://"))
    }
}

/// What routes share.
#[derive(Clone)]
struct Shared {
    registry: Registry,
    origins: Origins,
    files: Option<AppFiles>,
    headers: Headers,
}

/// All that the registry serves.
pub(crate) fn router(registry: Registry, origins: Origins) -> Router {
    let files = registry.config.app.clone().map(AppFiles::new);
    let headers = Headers::new(&registry.config.helper_ports, &origins);
    let shared = Shared { registry, origins, files, headers };
    let routes = Router::new()
        .merge(session::routes())
        .merge(cards::routes())
        .merge(processes::routes())
        .merge(secrets::routes())
        .merge(outcomes::routes())
        .merge(refusals::routes())
        .merge(enrolments::routes())
        .merge(workstations::routes())
        .merge(templates::routes())
        .merge(accounts::routes())
        .merge(audit::routes())
        .route_layer(middleware::from_fn_with_state(shared.clone(), guard::authorize))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    let routes = Router::new().nest(API, routes).fallback(other_paths);
    routes
        .layer(middleware::from_fn_with_state(shared.clone(), guard::check_host_and_origin))
        .layer(middleware::from_fn_with_state(shared.clone(), headers::add))
        .with_state(shared)
}

/// The app for every path that is not the API's.
async fn other_paths(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return problem(ProblemCode::NotFound, "There is no such path.").into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return problem(ProblemCode::MethodNotAllowed, "This path can only be read.")
            .into_response();
    }
    match &shared.files {
        Some(files) => files.serve(request).await,
        None => problem(ProblemCode::NotFound, "This registry serves no app.").into_response(),
    }
}
