use crate::world::TestRegistry;
use reqwest::Method;
use tempfile::TempDir;

#[tokio::test]
async fn the_app_is_served_with_its_page_for_its_own_paths() {
    let app = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(app.path().join(name), text).unwrap();
    write("index.html", "<!doctype html>");
    write("app-9f86d081884c7d65_bg.wasm", "wasm");
    write("app-9f86d081884c7d65.js", "js");
    write("plain.css", "css");
    std::fs::create_dir(app.path().join("snippets")).unwrap();
    let registry = TestRegistry::with_app(app.path().to_owned()).await;
    let browser = registry.browser();
    let get = async |path: &str| browser.send(Method::GET, path, &[], None).await;
    let cases = [
        ("/", "text/html", "no-cache", "<!doctype html>"),
        ("/cards/TC-2026-004118", "text/html", "no-cache", "<!doctype html>"),
        // Sixteen digits behind a hyphen: no file, whatever its name looks like.
        ("/cards/TC-2026000000004118", "text/html", "no-cache", "<!doctype html>"),
        ("/snippets", "text/html", "no-cache", "<!doctype html>"),
        ("//snippets", "text/html", "no-cache", "<!doctype html>"),
        ("/snippets/", "text/html", "no-cache", "<!doctype html>"),
        ("/search?status=produced", "text/html", "no-cache", "<!doctype html>"),
        ("/plain.css", "text/css", "no-cache", "css"),
    ];
    for (path, kind, cache, body) in cases {
        let answer = get(path).await;
        let found = (answer.header("content-type"), answer.header("cache-control"));
        assert_eq!(
            (answer.status, found, answer.body.as_str()),
            (200, (kind, cache), body),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let lasting = "public, max-age=31536000, immutable";
    let wasm = get("/app-9f86d081884c7d65_bg.wasm").await;
    assert_eq!(wasm.header("content-type"), "application/wasm");
    assert_eq!(wasm.header("cache-control"), lasting);
    let script = get("/app-9f86d081884c7d65.js").await;
    assert_eq!(script.header("content-type"), "text/javascript");
    assert_eq!(script.header("cache-control"), lasting);
    let long = "x".repeat(300);
    assert_eq!(get(&format!("/{long}")).await.body, "<!doctype html>");
    assert_eq!(get(&format!("/{long}.js")).await.status, 404);
    for path in ["/app-0000000000000000.js", "/..%2F..%2Fetc%2Fpasswd.x"] {
        assert_ne!(get(path).await.status, 200, "{path}");
    }
}
