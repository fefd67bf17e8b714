use crate::world::TestRegistry;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use reqwest::Method;

#[tokio::test]
async fn what_is_not_of_the_protocol_is_refused_and_the_server_lives_on() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let path = "/cards/TC-1/processes";
    let command = "TempCardsAddonExtProdInitialize";
    let bodies = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        format!(r#"{{"command":"{command}","version":"1","reason":null}}"#),
        format!(r#"{{"command":"{command}","version":-1,"reason":null}}"#),
        format!(r#"{{"command":"{command}","version":1,"reason":7}}"#),
        format!(r#"{{"command":"{command}","version":1,"reason":null,"force":true}}"#),
        format!(r#"{{"command":"{command}","version":1,"version":1,"reason":null}}"#),
        format!(r#"{{"command":"{command}","version":1,"reason":null}} {{}}"#),
        r#"{"command":"Format","version":1,"reason":null}"#.to_owned(),
        "[".repeat(20_000),
    ];
    for body in bodies {
        let answer = operator.json(Method::POST, path, body.clone()).await;
        assert_eq!(answer.refused(), ProblemCode::Malformed, "{body}");
    }
    let unknown = r#"{"outcome":"finished","signed":{"statement":"","signature":""},"more":1}"#;
    let answer = operator.json(Method::POST, "/outcomes", unknown.to_owned()).await;
    assert_eq!(answer.refused(), ProblemCode::Malformed);

    let good = format!(r#"{{"command":"{command}","version":1,"reason":null}}"#);
    let path = format!("/api/v1{path}");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let headers = [("content-type", kind)];
        let answer = operator.send(Method::POST, &path, &headers, Some(good.clone())).await;
        assert_eq!(answer.refused(), ProblemCode::Malformed, "{kind}");
    }
    let large =
        format!(r#"{{"command":"{command}","version":1,"reason":"{}"}}"#, "x".repeat(65_536));
    let answer = operator.json(Method::POST, "/cards/TC-1/processes", large).await;
    assert_eq!(answer.refused(), ProblemCode::TooLarge);

    let card = operator.card("TC-1").await;
    assert_eq!((card.row.state, card.version, card.process), (CardState::Produced, 1, None));
    let headers = [("content-type", "application/json; charset=utf-8")];
    let answer = operator.send(Method::POST, &path, &headers, Some(good)).await;
    assert_eq!(answer.status, 201);
    let id = operator.card("TC-1").await.process.unwrap().id;
    let answer = operator.json(Method::POST, &format!("/processes/{id}/nonces"), "{}".into()).await;
    assert_eq!(answer.refused(), ProblemCode::Malformed, "a body where none belongs");
}

#[tokio::test]
async fn a_password_is_not_quoted_by_an_error() {
    let registry = TestRegistry::empty().await;
    for body in [r#"{"name":"a","password":["hunter2"]}"#, r#"{"name":"a","hunter2":"x"}"#] {
        let answer = registry.browser().json(Method::POST, "/session", body.to_owned()).await;
        assert!(!answer.body.contains("hunter2"));
        assert_eq!(answer.refused(), ProblemCode::Malformed);
    }
}

#[tokio::test]
async fn changes_come_from_a_page_of_this_registry_only() {
    let registry = TestRegistry::empty().await;
    let ours = registry.address.clone();
    let port = ours.rsplit(':').next().unwrap();
    let mut browser = registry.browser();
    let login = async |browser: &crate::world::Browser| {
        browser.log_in("operator", &registry.password("operator")).await
    };
    let foreign = [
        None,
        Some("null".to_owned()),
        Some("https://evil.example".to_owned()),
        Some(ours.to_uppercase()),
        Some(format!("{ours}/")),
        Some(format!("{ours}.evil.example")),
        Some(format!("https://127.0.0.1:{port}")),
        Some("http://127.0.0.1".to_owned()),
        Some(format!("{ours}, {ours}")),
    ];
    for origin in foreign {
        browser.origin = origin.clone();
        assert_eq!(login(&browser).await.refused(), ProblemCode::ForeignOrigin, "{origin:?}");
    }
    browser.origin = Some(ours.clone());
    let twice = [("origin", ours.as_str()), ("content-type", "application/json")];
    let answer = browser.send(Method::POST, "/api/v1/session", &twice, Some("{}".into())).await;
    assert_eq!(answer.refused(), ProblemCode::ForeignOrigin, "two origins");
    browser.origin = Some(format!("http://localhost:{port}"));
    let me: Me = login(&browser).await.ok();
    assert_eq!(me.name, "operator");

    let rebound = [("host", "evil.example")];
    let answer = browser.send(Method::GET, "/api/v1/session", &rebound, None).await;
    assert_eq!(answer.refused(), ProblemCode::ForeignOrigin, "a foreign name of our address");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let registry = TestRegistry::empty().await;
    let browser = registry.log_in("operator").await;
    let cases = [
        (Method::GET, "/api/v1/nothing", ProblemCode::NotFound),
        (Method::GET, "/api/v2/cards", ProblemCode::NotFound),
        (Method::GET, "/api", ProblemCode::NotFound),
        (Method::POST, "/api/v1/nothing", ProblemCode::NotFound),
        (Method::DELETE, "/api/v1/cards", ProblemCode::MethodNotAllowed),
        (Method::GET, "/api/v1/outcomes", ProblemCode::MethodNotAllowed),
        (Method::POST, "/somewhere", ProblemCode::MethodNotAllowed),
        (Method::GET, "/somewhere", ProblemCode::NotFound),
    ];
    for (method, path, code) in cases {
        let answer = browser.send(method.clone(), path, &[], None).await;
        assert_eq!(answer.refused(), code, "{method} {path}");
    }
}
