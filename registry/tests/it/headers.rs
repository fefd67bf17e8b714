use crate::raw::{RawAnswer, RawRegistry};
use cardwright_registry::Limits;
use expect_test::expect;
use std::collections::BTreeSet;
use tempfile::TempDir;

/// What a browser is told with every answer, whatever it is.
fn security(answer: &RawAnswer) -> String {
    let headers = answer.head().lines().filter(|line| {
        let ours = ["content-type", "content-length", "cache-control", "date", "connection"];
        let name = line.split(':').next().unwrap_or_default();
        !line.starts_with("HTTP/")
            && !ours.contains(&name)
            && !["accept-ranges", "last-modified", "allow", "vary", "etag"].contains(&name)
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort_unstable();
    headers.join("\n")
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_the_page_may_do() {
    let app = TempDir::new().unwrap();
    std::fs::write(app.path().join("index.html"), "<!doctype html>").unwrap();
    let registry = RawRegistry::in_clear(Limits::default(), Some(app.path().to_owned())).await;
    let host = format!("host: {}\r\nconnection: close\r\n\r\n", registry.address);
    let requests = [
        (200, format!("GET / HTTP/1.1\r\n{host}")),
        (200, format!("GET /cards/TC-1 HTTP/1.1\r\n{host}")),
        (404, format!("GET /nothing.js HTTP/1.1\r\n{host}")),
        (404, format!("GET /api/v1/nothing HTTP/1.1\r\n{host}")),
        (401, format!("GET /api/v1/session HTTP/1.1\r\n{host}")),
        (403, format!("POST /api/v1/session HTTP/1.1\r\n{host}")),
        (403, "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned()),
    ];
    let mut told = BTreeSet::new();
    for (status, request) in requests {
        let answer = registry.ask(request.as_bytes()).await;
        assert_eq!(answer.status(), status, "{request}");
        told.insert(security(&answer));
    }
    assert_eq!(told.len(), 1, "always the same: {told:#?}");
    expect![[r#"
        content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self' ws://127.0.0.1:8421 ws://127.0.0.1:8422 ws://127.0.0.1:8423 ws://127.0.0.1:8424 ws://127.0.0.1:8425; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        permissions-policy: loopback-network=(self), local-network=(), accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), compute-pressure=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), xr-spatial-tracking=()
        referrer-policy: same-origin
        x-content-type-options: nosniff
        x-frame-options: DENY"#]].assert_eq(told.first().unwrap());
}
