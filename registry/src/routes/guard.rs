//! What every request passes before it reaches its handler.

use super::error::{ApiResult, problem};
use super::session::token;
use super::{Origins, Shared};
use crate::access::{self, Access};
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
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)?.to_str().ok()
}

/// Who asks may ask for this, by the table of routes; a route that is not there is not served.
pub(super) async fn authorize(
    State(shared): State<Shared>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Some(access) = access::for_route(request.method().as_str(), path.as_str()) else {
        return Err(problem(
            ProblemCode::MethodNotAllowed,
            "This path knows no such method. Reload the page.",
        ));
    };
    if access != Access::Anyone {
        let person = match token(request.headers()) {
            Some(token) => sessions::person(&shared.registry, &token).await?,
            None => None,
        };
        let Some(person) = person else {
            return Err(problem(ProblemCode::NotLoggedIn, "Log in first."));
        };
        if let Access::May(permission) = access {
            person.require(permission)?;
        }
        request.extensions_mut().insert(person);
    }
    let mut response = next.run(request).await;
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(response)
}

/// The person whom [`authorize`] let through.
impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = super::error::ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let person = parts.extensions.get::<Self>().cloned();
        person.ok_or_else(|| problem(ProblemCode::NotLoggedIn, "Log in first."))
    }
}
