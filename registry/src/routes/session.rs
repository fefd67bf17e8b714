//! `/session`

use super::Shared;
use super::error::ApiResult;
use super::extract::{Body, NoBody};
use crate::actions::Person;
use crate::actions::sessions::{self, Token};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use cardwright_protocol::registry::session::{Login, Me};

/// Name of the cookie.
const COOKIE: &str = "cardwright_session";

pub(super) fn routes() -> Router<Shared> {
    let methods: MethodRouter<Shared> = get(read).post(log_in).delete(log_out);
    Router::new().route("/session", methods)
}

/// The session that a request's cookie names.
pub(super) fn token(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|c| c.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| Token::from_text(value))
}

async fn log_in(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Body(login): Body<Login>,
) -> ApiResult<impl IntoResponse> {
    let (new, me) = sessions::log_in(&shared.registry, login, token(&headers)).await?;
    Ok(([(header::SET_COOKIE, cookie(&shared, new.expose(), ""))], Json(me)))
}

async fn read(State(shared): State<Shared>, person: Person) -> ApiResult<Json<Me>> {
    Ok(Json(sessions::me(&shared.registry, &person).await?))
}

async fn log_out(
    State(shared): State<Shared>,
    person: Person,
    headers: HeaderMap,
    NoBody: NoBody,
) -> ApiResult<impl IntoResponse> {
    if let Some(token) = token(&headers) {
        sessions::log_out(&shared.registry, &person, &token).await?;
    }
    let gone = cookie(&shared, "", "; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]))
}

fn cookie(shared: &Shared, value: &str, age: &str) -> String {
    let secure = if shared.origins.are_secure() { "; Secure" } else { "" };
    format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{age}")
}
