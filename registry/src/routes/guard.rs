//! What every request passes before it reaches its handler.

use super::error::{ApiResult, problem};
use super::proof::{self, Prover};
use super::{Origins, Shared};
use crate::access::{self, Access, Route};
use crate::actions::{Person, sessions};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use cardwright_protocol::registry::problem::ProblemCode;

/// A change comes from a page of ours, and every request calls the server by its own name.
pub(super) async fn check_host_and_origin(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    check_names(&shared.origins, &request)?;
    Ok(next.run(request).await)
}

fn check_names(origins: &Origins, request: &Request) -> ApiResult<()> {
    // HTTP/2 has the name in the address instead of a header.
    let authority = request.uri().authority().map(Authority::as_str);
    let host = authority.or_else(|| only(request.headers(), &header::HOST));
    if !host.is_some_and(|host| origins.names_host(host)) {
        return Err(problem(
            ProblemCode::ForeignOrigin,
            "This is not the address of the registry. Open it by its own address.",
        ));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let origin = only(request.headers(), &header::ORIGIN);
    if !reads && !origin.is_some_and(|origin| origins.contains(origin)) {
        return Err(problem(
            ProblemCode::ForeignOrigin,
            "The request comes from another page. Open the registry by its own address.",
        ));
    }
    Ok(())
}

/// The origin of the page that asks for a change: [`check_host_and_origin`] let it through.
pub(super) struct PageOrigin(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PageOrigin {
    type Rejection = super::error::ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let origin = only(&parts.headers, &header::ORIGIN).map(|origin| Self(origin.to_owned()));
        origin.ok_or_else(|| problem(ProblemCode::ForeignOrigin, "The request has no origin."))
    }
}

/// The value of a header that is there exactly once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)?.to_str().ok()
}

/// Who asks may ask for this, by the table of routes; a route that is not there is not served.
/// Nothing of a request but its name is looked at before its proof.
pub(super) async fn authorize(
    State(shared): State<Shared>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Some(route) = access::for_route(request.method().as_str(), path.as_str()) else {
        return Err(problem(
            ProblemCode::MethodNotAllowed,
            "This path knows no such method. Reload the page.",
        ));
    };
    let request = match route.access {
        Access::Anyone => request,
        _ => let_in(&shared, route, request).await?,
    };
    let mut response = next.run(request).await;
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(response)
}

/// The request with the key that proves it and the person whose session that is.
async fn let_in(shared: &Shared, route: &Route, request: Request) -> ApiResult<Request> {
    let (mut request, prover) = proof::check(request).await?;
    if let Some(prover) = &prover {
        request.extensions_mut().insert(prover.clone());
    }
    if route.access == Access::AnyKey {
        return Ok(request);
    }
    let session = match prover {
        Some(Prover(key)) => sessions::session(&shared.registry, &key).await?,
        None => None,
    };
    let Some(session) = session else {
        return Err(problem(ProblemCode::NotLoggedIn, "Log in first."));
    };
    if route.is_use {
        sessions::used(&shared.registry, &session).await?;
    }
    if session.person.must_change_password && route.access != Access::LoggedIn {
        return Err(problem(
            ProblemCode::PasswordChangeNeeded,
            "Choose another password first: somebody else knows the one of now.",
        ));
    }
    if let Some(permission) = route.access.permission() {
        session.person.require(permission)?;
    }
    request.extensions_mut().insert(session.person);
    Ok(request)
}

/// The person whom [`authorize`] let through.
impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = super::error::ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let person = parts.extensions.get::<Self>().cloned();
        person.ok_or_else(|| problem(ProblemCode::NotLoggedIn, "Log in first."))
    }
}
