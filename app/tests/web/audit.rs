//! *Home > Audit*.

use crate::fakes::{asked, registry_answers, saved_files};
use crate::person::Person;
use crate::scenery::{NUMBER, logged_in, problem};
use cardwright_protocol::domain::Role;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::{AuditEvent, AuditPage};
use cardwright_protocol::registry::problem::ProblemCode;
use wasm_bindgen_test::wasm_bindgen_test;

const LOG: &str = "GET /api/v1/audit";
const EXPORT: &str = "GET /api/v1/audit/export";

fn event(seq: u64, kind: &str) -> AuditEvent {
    AuditEvent {
        seq,
        at: "2026-11-20T14:02:00Z".into(),
        by: "ada".into(),
        kind: kind.into(),
        card: Some(NUMBER.into()),
        process: None,
        what: "Marked as lost: never arrived".into(),
        state: Some("lost".into()),
        hash: HexBytes(vec![0; 32]),
    }
}

fn page(total: u64, events: Vec<AuditEvent>) -> AuditPage {
    let kinds = ["card.lost", "session.logged-in", "session.refused"].map(str::to_owned).to_vec();
    AuditPage { total, events, kinds }
}

#[wasm_bindgen_test]
async fn an_auditor_searches_and_pages_and_the_address_keeps_it() {
    logged_in(Role::Auditor);
    let events = vec![event(2, "card.lost"), event(1, "session.logged-in")];
    registry_answers(LOG, 200, &page(26, events));
    let person = Person::opens("/");
    person.clicks("Audit").await;
    person.sees("26 events").await;
    person.sees("1 to 2 of 26").await;
    assert_eq!(person.texts("tbody .what").len(), 2);
    person.sees_texts("tbody .state", &["Lost", "Lost"]).await;
    person.types("From", "2026-11-01").await;
    person.types("By", " ada ").await;
    person.chooses("Kind", "session: all kinds").await;
    person.types("Text", "wrong name").await;
    registry_answers(LOG, 200, &page(27, vec![event(1, "session.refused")]));
    person.clicks("Search").await;
    person.sees("27 events").await;
    let address = "/audit?from=2026-11-01&by=ada&kind=session.&text=wrong%20name";
    person.is_at(address).await;
    person.clicks("Next").await;
    person.is_at(&format!("{address}&page=2")).await;
    let query = address.replace("/audit", "");
    person.has_asked(&format!("{LOG}{query}&page=2&size=25")).await;
    person.clicks(NUMBER).await;
    person.is_at(&format!("/cards/{NUMBER}")).await;
}

#[wasm_bindgen_test]
async fn a_link_to_a_search_fills_the_form_and_finds_nothing() {
    logged_in(Role::Auditor);
    registry_answers(LOG, 200, &page(0, vec![]));
    let person = Person::opens("/audit?to=2026-11-01&kind=odd.kind&card=TC-1");
    person.sees("No event was found.").await;
    assert_eq!(person.typed("To").await, "2026-11-01");
    assert_eq!(person.typed("Card").await, "TC-1");
    assert_eq!(person.chosen("Kind").await, "odd.kind");
    drop(person);

    let person = Person::opens("/audit");
    person.sees("Nothing was recorded yet.").await;
}

#[wasm_bindgen_test]
async fn days_in_the_wrong_order_are_not_asked_for() {
    logged_in(Role::Auditor);
    let person = Person::opens("/audit?from=2026-11-02&to=2026-11-01");
    person.sees("“From” is a later day than “to”").await;
    assert!(asked(LOG).is_empty());
}

#[wasm_bindgen_test]
async fn the_export_of_a_search_is_saved_as_a_file() {
    logged_in(Role::Auditor);
    registry_answers(LOG, 200, &page(1, vec![event(1, "card.lost")]));
    let person = Person::opens("/audit?by=ada&page=1");
    person.sees("cardwright-registry verify-audit").await;
    problem(EXPORT, ProblemCode::Internal, "The registry failed.");
    person.clicks("Export CSV").await;
    person.sees("The registry failed.").await;
    assert!(saved_files().is_empty());
    registry_answers(EXPORT, 200, &"seq,at,by");
    person.clicks("Export CSV").await;
    person.sees(".csv, 11 bytes.").await;
    person.waits_until("the file is saved", || !saved_files().is_empty()).await;
    let (name, content) = saved_files().remove(0);
    assert!(name.starts_with("audit-20") && name.ends_with(".csv"), "{name}");
    assert_eq!(content, "\"seq,at,by\"");
    assert_eq!(asked(EXPORT)[1], format!("{EXPORT}?by=ada"));
}
