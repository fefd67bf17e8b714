//! Who sends a request is proved by the request alone.

use crate::world::{Browser, TestRegistry};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_seal::{SigningKey, authorization};
use reqwest::Method;

const PATH: &str = "/api/v1/cards?text=a%20b";

async fn sent(browser: &Browser, proofs: &[&str]) -> ProblemCode {
    let headers: Vec<_> = proofs.iter().map(|proof| ("authorization", *proof)).collect();
    let answer = browser.send(Method::GET, PATH, &headers, None).await;
    assert_eq!(answer.status, 401, "{proofs:?}");
    answer.refused()
}

#[tokio::test]
async fn a_proof_is_of_one_request_by_the_key_of_a_session() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let proof = |key: &SigningKey, method: &str, target: &str, body: &str| {
        authorization(key, method, target, body.as_bytes())
    };
    let good = proof(&operator.key, "GET", PATH, "");
    let headers = [("authorization", good.as_str())];
    assert_eq!(operator.send(Method::GET, PATH, &headers, None).await.status, 200);
    assert_eq!(operator.send(Method::HEAD, PATH, &headers, None).await.status, 401);

    let stranger = SigningKey::generate();
    let theirs = proof(&stranger, "GET", PATH, "");
    let (_, their_signature) = theirs.split_once(':').unwrap();
    let (our_key, our_signature) = good.split_once(':').unwrap();
    for wrong in [
        String::new(),
        "Cardwright".to_owned(),
        "Cardwright :".to_owned(),
        theirs.clone(),
        format!("{our_key}:{their_signature}"),
        format!("{our_key}:"),
        format!("{our_key}:{our_signature}00"),
        good.replace("Cardwright", "Bearer"),
        proof(&operator.key, "POST", PATH, ""),
        proof(&operator.key, "GET", "/api/v1/cards", ""),
        proof(&operator.key, "GET", "/cards?text=a%20b", ""),
        proof(&operator.key, "GET", "/api/v1/cards?text=a+b", ""),
        proof(&operator.key, "GET", PATH, "{}"),
    ] {
        assert_eq!(sent(&operator, &[&wrong]).await, ProblemCode::NotLoggedIn, "{wrong}");
    }
    assert_eq!(sent(&operator, &[&good, &good]).await, ProblemCode::NotLoggedIn, "two proofs");
    assert_eq!(sent(&operator, &[&theirs, &good]).await, ProblemCode::NotLoggedIn, "two proofs");
}

#[tokio::test]
async fn a_body_is_part_of_its_proof() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let path = "/api/v1/cards/TC-1/processes";
    let body = r#"{"command":"TempCardsAddonExtProdInitialize","version":1,"reason":null}"#;
    let other = body.replace('1', "2");
    let proof = authorization(&operator.key, "POST", path, body.as_bytes());
    let headers = [("authorization", proof.as_str()), ("content-type", "application/json")];
    let answer = operator.send(Method::POST, path, &headers, Some(other)).await;
    assert_eq!(answer.refused(), ProblemCode::NotLoggedIn);
    let answer = operator.send(Method::POST, path, &headers, None).await;
    assert_eq!(answer.refused(), ProblemCode::NotLoggedIn);
    let answer = operator.send(Method::POST, path, &headers, Some(body.to_owned())).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_login_without_a_proof_begins_nothing() {
    let registry = TestRegistry::empty().await;
    let browser = registry.browser();
    let body = format!(r#"{{"name":"operator","password":"{}"}}"#, registry.password("operator"));
    let path = "/api/v1/session";
    let foreign = authorization(&browser.key, "POST", path, b"{}");
    for proof in ["", foreign.as_str()] {
        let headers = [("authorization", proof), ("content-type", "application/json")];
        let answer = browser.send(Method::POST, path, &headers, Some(body.clone())).await;
        assert!(answer.headers.get("set-cookie").is_none());
        assert_eq!(answer.refused(), ProblemCode::Malformed, "{proof}");
    }
    assert_eq!(browser.get("/session").await.refused(), ProblemCode::NotLoggedIn);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whoever_sends_it() {
    let registry = TestRegistry::empty().await;
    for browser in [registry.browser(), registry.log_in("operator").await] {
        let answer = browser.json(Method::POST, "/outcomes", "x".repeat(64 * 1024 + 1)).await;
        assert_eq!(answer.refused(), ProblemCode::TooLarge);
    }
}
