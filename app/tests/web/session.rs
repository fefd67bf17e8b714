//! The key that a session is.

use crate::fakes::{asked, browser_has, proofs, registry_answers, verifies};
use crate::person::Person;
use crate::scenery::{logged_in, me, nobody, page, problem};
use cardwright_protocol::domain::Role;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::proof;
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

async fn logs_in(person: &Person) {
    registry_answers("POST /api/v1/session", 200, &me(Role::Operator));
    person.types("Name", "operator").await;
    person.types("Password", "yes").await;
    registry_answers("GET /api/v1/session", 200, &me(Role::Operator));
    person.clicks("Log in").await;
    person.sees("This workstation:").await;
}

/// The public key of a request's proof.
fn key(proof: &str) -> String {
    proof::parse(proof).expect("it is a proof").0.to_owned()
}

#[wasm_bindgen_test]
async fn every_request_from_the_login_on_is_proved_by_its_key() {
    nobody();
    registry_answers("GET /api/v1/cards", 200, &page(0, &[]));
    let person = Person::opens("/");
    logs_in(&person).await;
    drop(person);
    // A page that is opened later has the same key; the query is signed as it is sent.
    let person = Person::opens("/search?type=temporary-card&text=%C3%A4%20%26%27%22%2B&go=1");
    person.has_asked_like("GET /api/v1/cards?").await;
    let proofs = proofs();
    let login = proofs.iter().position(|it| it.method == "POST").expect("somebody logged in");
    let session = key(&proofs[login].proof.clone().expect("the login is proved"));
    for asked in &proofs[login..] {
        assert_eq!(asked.credentials, "omit");
        let proof = asked.proof.as_deref().expect("it is proved");
        assert_eq!(key(proof), session, "{}", asked.target);
        assert!(verifies(asked).await, "{} {}", asked.method, asked.target);
    }
    assert!(proofs.iter().any(|it| it.target.contains("/cards?") && it.target.contains("%C3%A4")));
}

#[wasm_bindgen_test]
async fn logging_out_ends_the_session_and_leaves_no_key_even_where_the_registry_is_gone() {
    nobody();
    let person = Person::opens("/");
    logs_in(&person).await;
    person.clicks("Log out").await;
    person.is_at("/login").await;
    person.has_asked("DELETE /api/v1/session").await;
    let before = proofs();
    let out = before.iter().find(|it| it.method == "DELETE").expect("it was told just now");
    assert!(out.proof.is_some());
    drop(person);
    problem("GET /api/v1/session", ProblemCode::NotLoggedIn, "Nobody is logged in.");
    let asked_before = proofs().len();
    let person = Person::opens("/");
    person.is_at("/login?to=%2F").await;
    assert!(proofs()[asked_before..].iter().all(|it| it.proof.is_none()), "nobody has the key");
}

#[wasm_bindgen_test]
async fn each_login_makes_another_key() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        nobody();
        let person = Person::opens("/");
        logs_in(&person).await;
        let login = proofs().into_iter().find(|it| it.method == "POST").expect("it is there");
        keys.push(key(&login.proof.expect("it is proved")));
        person.clicks("Log out").await;
        person.is_at("/login").await;
    }
    assert_ne!(keys[0], keys[1]);
}

#[wasm_bindgen_test]
async fn another_page_that_logs_out_or_in_is_followed_at_once() {
    logged_in(Role::Operator);
    let person = Person::opens("/");
    person.sees("This workstation:").await;
    problem("GET /api/v1/session", ProblemCode::NotLoggedIn, "Nobody is logged in.");
    crate::fakes::another_page_changes_the_key();
    person.is_at("/login").await;
    assert!(asked("DELETE").is_empty());
}

#[wasm_bindgen_test]
async fn a_browser_that_keeps_nothing_has_the_key_as_long_as_the_page_is_open() {
    nobody();
    browser_has("indexedDB", &Value::Null);
    let person = Person::opens("/");
    logs_in(&person).await;
    registry_answers("GET /api/v1/cards", 200, &page(0, &[]));
    person.clicks("SEARCH").await;
    person.is_at("/search").await;
    person.clicks("Search").await;
    person.has_asked_like("GET /api/v1/cards?").await;
    let search = proofs().into_iter().find(|it| it.target.contains("/cards?"));
    let search = search.expect("it asked");
    assert!(search.proof.is_some() && verifies(&search).await);
}

#[wasm_bindgen_test]
async fn a_page_without_cryptography_says_where_to_go() {
    nobody();
    browser_has("isSecureContext", &Value::Bool(false));
    let person = Person::opens("/login");
    person.sees("Open the registry by its https address.").await;
    assert!(!person.can_click("Log in"));
}
