//! Logging in, and pages that need it.

use crate::fakes::registry_answers;
use crate::person::Person;
use crate::scenery::{NUMBER, logged_in, me, nobody, page, problem};
use cardwright_protocol::domain::{CardState, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::{Me, Notice};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_person_logs_in_and_comes_to_the_page_that_they_wanted() {
    nobody();
    let card = crate::scenery::card(CardState::Produced);
    registry_answers(&format!("GET /api/v1/cards/{NUMBER}"), 200, &card);
    let person = Person::opens(&format!("/cards/{NUMBER}"));
    person.is_at(&format!("/login?to=%2Fcards%2F{NUMBER}")).await;
    problem("POST /api/v1/session", ProblemCode::WrongPassword, "Name or password is wrong.");
    person.types("Name", "operator").await;
    person.types("Password", "no").await;
    person.clicks("Log in").await;
    person.sees("Name or password is wrong.").await;
    registry_answers("POST /api/v1/session", 200, &me(Role::Operator));
    person.types("Password", "yes").await;
    person.clicks("Log in").await;
    person.sees("What do you want to do?").await;
    person.is_at(&format!("/cards/{NUMBER}")).await;
    person.has_asked_times("POST /api/v1/session", 2).await;
}

#[wasm_bindgen_test]
async fn an_operator_has_no_admin_tab_and_can_log_out() {
    logged_in(Role::Operator);
    let person = Person::opens("/");
    person.sees("operator").await;
    person.sees_texts("nav.tabs a", &["Home", "SEARCH"]).await;
    registry_answers("DELETE /api/v1/session", 204, &());
    person.clicks("Log out").await;
    person.is_at("/login").await;
}

async fn logs_in(person: &Person, role: Role) {
    registry_answers("POST /api/v1/session", 200, &me(role));
    registry_answers("GET /api/v1/session", 200, &me(role));
    person.types("Name", role.name()).await;
    person.types("Password", "yes").await;
    person.clicks("Log in").await;
}

#[wasm_bindgen_test]
async fn whoever_logs_in_after_a_log_out_begins_at_home() {
    logged_in(Role::Operator);
    registry_answers("DELETE /api/v1/session", 204, &());
    let person = Person::opens(&format!("/cards/{NUMBER}"));
    person.sees("What do you want to do?").await;
    person.clicks("Log out").await;
    person.is_at("/login").await;
    // The way back is no way around it.
    person.clicks("Cardwright").await;
    person.is_at("/login").await;
    logs_in(&person, Role::Operator).await;
    person.sees("This workstation:").await;
    person.is_at("/").await;
}

/// The session of an operator ends by itself while they search.
async fn a_session_ends() -> Person {
    logged_in(Role::Operator);
    problem("GET /api/v1/cards", ProblemCode::NotLoggedIn, "Nobody is logged in.");
    let person = Person::opens("/search?status=lost&go=1");
    person.is_at("/login?to=%2Fsearch%3Fstatus%3Dlost%26go%3D1&of=operator").await;
    person
}

#[wasm_bindgen_test]
async fn a_session_that_ended_by_itself_goes_on_where_it_was() {
    let person = a_session_ends().await;
    registry_answers("GET /api/v1/cards", 200, &page(1, &["TC-1"]));
    logs_in(&person, Role::Operator).await;
    person.sees("1 lost card").await;
    person.is_at("/search?status=lost&go=1").await;
}

#[wasm_bindgen_test]
async fn somebody_else_does_not_go_on_with_the_session_of_another() {
    let person = a_session_ends().await;
    logs_in(&person, Role::Admin).await;
    person.sees("This workstation:").await;
    person.is_at("/").await;
}

#[wasm_bindgen_test]
async fn a_path_that_leads_nowhere_says_so() {
    logged_in(Role::Operator);
    let person = Person::opens("/no/such/page");
    person.sees("Page not found").await;
    person.has_focus_on("H1").await;
}

#[wasm_bindgen_test]
async fn a_registry_that_cannot_be_reached_is_asked_again() {
    crate::person::curtain();
    let person = Person::opens("/");
    person.sees("The registry cannot be reached.").await;
    registry_answers("GET /api/v1/session", 200, &me(Role::Admin));
    person.clicks("Try again").await;
    person.sees("Home").await;
    person.sees_texts("nav.tabs a", &["Home", "SEARCH", "Admin"]).await;
}

#[wasm_bindgen_test]
async fn whoever_may_read_the_audit_log_is_told_on_home_what_is_wrong_with_it() {
    logged_in(Role::Auditor);
    let notices = vec![Notice::AuditLogContradicted, Notice::CheckpointsNotWritten];
    registry_answers("GET /api/v1/session", 200, &Me { notices, ..me(Role::Auditor) });
    let person = Person::opens("/");
    person.sees("The audit log is not what it was.").await;
    person.sees("cardwright-registry verify-audit --data DIR").await;
    person.sees("The audit log's checkpoints are not written.").await;
}

#[wasm_bindgen_test]
async fn an_admin_is_told_on_home_until_the_root_key_was_exported() {
    logged_in(Role::Admin);
    let told = Me { notices: vec![Notice::RootKeyNotExported], ..me(Role::Admin) };
    registry_answers("GET /api/v1/session", 200, &told);
    let person = Person::opens("/");
    person.sees("No copy of the root key was exported.").await;
    person.sees("cardwright-registry export-root-key --to FILE").await;
    person.clicks("SEARCH").await;
    person.is_at("/search").await;
    registry_answers("GET /api/v1/session", 200, &me(Role::Admin));
    person.clicks("Home").await;
    person.sees("This workstation:").await;
    person.sees_no("No copy of the root key was exported.").await;
}
