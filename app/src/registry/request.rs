//! A request of the registry, with its proof, and its answer.

use crate::session_key::SessionKey;
use crate::trouble::RegistryError;
use cardwright_protocol::registry::API;
use futures_util::future::{Either, select};
use gloo_net::http::{Method, Request, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};
use std::pin::pin;
use web_sys::{RequestCache, RequestCredentials, Url};
use zeroize::Zeroizing;

/// How long the registry may take to answer, in milliseconds: a wire that was cut says nothing.
const PATIENCE: u32 = 30_000;

/// A request that is proved by a key; without one it says nothing of who asks. No cookie goes with
/// it, and nothing of its answer is kept for whoever uses this browser next.
pub(super) async fn prepare(
    method: Method,
    path: &str,
    body: Option<&impl Serialize>,
    key: Option<&SessionKey>,
) -> Result<Request, RegistryError> {
    let body = body.map(text_of).transpose()?;
    let builder = RequestBuilder::new(&format!("{API}{path}"))
        .method(method.clone())
        .credentials(RequestCredentials::Omit)
        .cache(RequestCache::NoStore);
    let request = match &body {
        Some(body) => builder.header("Content-Type", "application/json").body(body.as_str()),
        None => builder.build(),
    };
    let request = request.map_err(|_| RegistryError::NotUnderstood)?;
    if let Some(key) = key {
        let target = target(&request.url()).ok_or(RegistryError::NotUnderstood)?;
        let body = body.as_ref().map_or("", |body| body.as_str());
        let proof = key.authorization(method.as_str(), &target, body).await?;
        request.headers().set("Authorization", &proof);
    }
    Ok(request)
}

/// Path and query exactly as the browser sends them, encoded by itself: what it says of the
/// request, without the origin.
fn target(url: &str) -> Option<String> {
    let origin = Url::new(url).ok()?.origin();
    url.strip_prefix(&origin).map(str::to_owned)
}

pub(super) async fn answer(request: Request) -> Result<Response, RegistryError> {
    let response = match select(pin!(request.send()), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((response, _)) => response.map_err(|_| RegistryError::Unreachable)?,
        Either::Right(_) => return Err(RegistryError::Unreachable),
    };
    if response.ok() {
        return Ok(response);
    }
    // A server that stands before a registry which is gone answers in its own words.
    let other = match response.status() {
        500.. => RegistryError::Unreachable,
        _ => RegistryError::NotUnderstood,
    };
    Err(RegistryError::Problem(response.json().await.map_err(|_| other)?))
}

/// What an answer says. Its text may have a secret, and is wiped.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, RegistryError> {
    let text = response.text().await.map_err(|_| RegistryError::NotUnderstood)?;
    serde_json::from_str(&Zeroizing::new(text)).map_err(|_| RegistryError::NotUnderstood)
}

/// A body as JSON. It may have a password, and is wiped: it is written where there is space for it,
/// so that nothing of it stays where it grew out of.
fn text_of(body: &impl Serialize) -> Result<Zeroizing<String>, RegistryError> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, body).map_err(|_| RegistryError::NotUnderstood)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *text, body).map_err(|_| RegistryError::NotUnderstood)?;
    let text = String::from_utf8(std::mem::take(&mut *text));
    text.map(Zeroizing::new).map_err(|_| RegistryError::NotUnderstood)
}

/// Counts what is written, in bytes.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
