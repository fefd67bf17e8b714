//! What every answer tells the browser about itself.

use super::{Origins, Shared};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Headers that are the same for every answer.
const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", PERMISSIONS),
];

/// What the page may ask the browser for: the helper on its own computer (Local Network Access)
/// and nothing else that a person could be asked for.
const PERMISSIONS: &str = "loopback-network=(self), local-network=(), accelerometer=(), \
    autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), compute-pressure=(), \
    display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), \
    magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), \
    picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), \
    storage-access=(), usb=(), window-management=(), xr-spatial-tracking=()";

/// For a year, browsers come by https alone (RFC 6797).
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The headers of one registry.
#[derive(Debug, Clone)]
pub(super) struct Headers {
    content: HeaderValue,
    is_https: bool,
}

impl Headers {
    pub(super) fn new(helper_ports: &[u16], origins: &Origins) -> Self {
        Self { content: content_security_policy(helper_ports), is_https: origins.are_secure() }
    }
}

/// Adds them to an answer, whatever it is.
pub(super) async fn add(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let is_local = is_localhost(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, shared.headers.content.clone());
    // For localhost it would hold for every other program's pages, too: it knows no ports.
    if shared.headers.is_https && !is_local {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

/// All of the page is files of this registry; it speaks to the registry and to helpers of its own
/// computer. Wasm needs a word of its own, which permits no other evaluation of text. Trusted
/// types are not asked for: the app's framework makes its elements from templates in text.
fn content_security_policy(helper_ports: &[u16]) -> HeaderValue {
    let helpers: String =
        helper_ports.iter().map(|port| format!(" ws://127.0.0.1:{port}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; font-src 'self'; connect-src 'self'{helpers}; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'; object-src 'none'"
    );
    // Digits and the text above: every character may stand in a header.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn is_localhost(request: &Request) -> bool {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = authority.or_else(header).unwrap_or_default();
    host.split(':').next() == Some("localhost")
}
