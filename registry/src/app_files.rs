//! The built app: its files, and its page for every path that the app itself understands.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::path::PathBuf;
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};

/// Longest path that can name a file of the app, in bytes: what is longer is not looked for, since
/// file systems fail on it instead of saying that it is not there.
const MAX_PATH: usize = 255;

/// Serves a folder of built files.
#[derive(Debug, Clone)]
pub(crate) struct AppFiles {
    files: ServeDir,
    page: ServeFile,
}

impl AppFiles {
    /// Serves this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        let page = ServeFile::new(folder.join("index.html"));
        // A folder is no file: its path is one of the app's own, and leads nowhere else.
        Self { files: ServeDir::new(folder).append_index_html_on_directories(false), page }
    }

    /// Answers a GET or HEAD request.
    pub(crate) async fn serve(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let name = path.rsplit('/').next().unwrap_or_default();
        let again = {
            let mut again = Request::new(Body::empty());
            *again.method_mut() = request.method().clone();
            *again.headers_mut() = request.headers().clone();
            *again.uri_mut() = request.uri().clone();
            again
        };
        let found = match path.len() <= MAX_PATH {
            true => {
                let Ok(found) = self.files.clone().oneshot(request).await;
                found.into_response()
            }
            false => StatusCode::NOT_FOUND.into_response(),
        };
        // A path that names no file is one of the app's own; a file that is gone is just gone.
        let lasting = found.status() == StatusCode::OK && is_named_by_content(name);
        let mut response = match found.status() {
            StatusCode::NOT_FOUND if !name.contains('.') => {
                let Ok(page) = self.page.clone().oneshot(again).await;
                page.into_response()
            }
            _ => found,
        };
        let value = match lasting {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
        response
    }
}

/// Whether the name holds a hash of the content, as in `app-9f86d081884c7d65_bg.wasm`: what has
/// this name never changes.
fn is_named_by_content(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    let hash = stem.rsplit('-').next().unwrap_or_default();
    hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) && hash.len() < stem.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_last() {
        for name in ["app-9f86d081884c7d65_bg.wasm", "app-9f86d081884c7d65.js"] {
            assert!(is_named_by_content(name), "{name}");
        }
        for name in ["index.html", "app.js", "9f86d081884c7d65.js", "app-9f86.js", ""] {
            assert!(!is_named_by_content(name), "{name}");
        }
    }
}
