//! Finding the helper, keeping its trust, and what the browser has to say about it.

use crate::fakes::{
    another_helper_answers, asked, helper_answers, helper_ends, helper_relays, helper_says,
    helper_stops, page_comes_from, permission_becomes, permission_is_by_turns, registry_answers,
};
use crate::person::Person;
use crate::scenery::{
    WORKSTATION, chip, hello, helper_has, logged_in, me, problem, reader, registry_knows, tickets,
};
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Service, Slot};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

const OTHER: &str = "00112233445566ff";
const ELSEWHERE: &str = "https://cards.example";

/// What a helper says that has no reader.
fn helper(workstation: &str) -> Value {
    let ready = Message::Ready { id: 0, running: vec![], outcomes: vec![] };
    let readers = Message::Readers { revision: 1, service: Service::Running, readers: vec![] };
    json!({ "hello": [hello(workstation)], "authenticate": [ready, readers] })
}

fn challenge(byte: u8) -> Message {
    Message::Challenge { challenge: HexBytes(vec![byte; 32]) }
}

#[wasm_bindgen_test]
async fn the_helper_that_the_registry_knows_is_found_on_whichever_port_it_is() {
    logged_in(Role::Operator);
    problem(&tickets(OTHER), ProblemCode::NotFound, "There is no such workstation.");
    helper_answers(&helper(OTHER));
    another_helper_answers(8424, &helper(WORKSTATION));
    let person = Person::opens("/workstation");
    person.sees("Version 0.2.0 on desk-1 answers.").await;
    person.sees_texts("nav.tabs [aria-current]", &["Home"]).await;
    person.sees_texts(".crumbs li", &["Home", "Workstation"]).await;
    person.has_asked_times("port ", 5).await;
    person.has_asked_times("helper authenticate", 1).await;
    let ticket = asked(&tickets(WORKSTATION));
    let wanted = format!("{{\"challenge\":\"20E8{}\"}}", "01".repeat(30));
    assert!(ticket[0].ends_with(&wanted), "{ticket:?}");
}

#[wasm_bindgen_test]
async fn a_helper_of_another_registry_is_told_from_none_and_from_one_that_refuses() {
    logged_in(Role::Operator);
    let person = Person::opens("/workstation");
    person.sees("No helper answers on this workstation.").await;
    problem(&tickets(OTHER), ProblemCode::NotFound, "There is no such workstation.");
    helper_answers(&helper(OTHER));
    person.sees("The helper on this workstation is none of this registry.").await;
    person.sees("cardwright-helper enroll").await;
    helper_answers(&json!({ "hello": [{ "close": 4429, "reason": "too many at once" }] }));
    person.sees("The helper ended the connection: “too many at once”.").await;
    assert!(asked("helper authenticate").is_empty());
}

/// Whoever listens in the helper's place would get its ticket.
#[wasm_bindgen_test]
async fn who_relays_the_challenge_of_another_helper_gets_no_ticket_and_is_named() {
    logged_in(Role::Operator);
    helper_has(chip("i1"));
    helper_relays(8433);
    let person = Person::opens("/workstation");
    person.sees("What answers on port 8421 of this computer is not its helper.").await;
    person.sees("End the program that has this port").await;
    person.sees("Not the helper").await;
    assert!(asked(&tickets(WORKSTATION)).is_empty() && asked("helper authenticate").is_empty());
    // The helper itself is found beside it.
    another_helper_answers(8422, &helper(WORKSTATION));
    person.sees("Version 0.2.0 on desk-1 answers.").await;
    assert_eq!(asked("helper authenticate").len(), 1);
    let challenge = asked(&tickets(WORKSTATION)).remove(0);
    assert!(challenge.contains("{\"challenge\":\"20E601"), "{challenge}");
}

#[wasm_bindgen_test]
async fn a_helper_whose_place_is_taken_gets_no_more_tickets() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("on desk-1 answers.").await;
    helper_relays(8433);
    helper_says(&challenge(2));
    person.sees("What answers on port 8421 of this computer is not its helper.").await;
    assert_eq!(asked(&tickets(WORKSTATION)).len(), 1);
    person.waits_until("it is left", || crate::fakes::connections() == 0).await;
}

#[wasm_bindgen_test]
async fn a_version_that_does_not_fit_says_which_side_to_update() {
    logged_in(Role::Operator);
    let refused = |helper| {
        let error = HelperError::Version { helper };
        json!({ "hello": [Message::Refused { id: Some(0), error }] })
    };
    helper_answers(&refused(PROTOCOL_VERSION - 1));
    let person = Person::opens("/workstation");
    person.sees("Update the helper.").await;
    helper_answers(&refused(PROTOCOL_VERSION + 1));
    person.sees("ask an admin to update the registry").await;
    helper_has(Slot::Empty);
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn of_several_helpers_the_person_chooses_one_and_the_browser_remembers_it() {
    logged_in(Role::Operator);
    registry_knows(OTHER, "desk-2");
    helper_answers(&helper(WORKSTATION));
    another_helper_answers(8423, &helper(OTHER));
    let person = Person::opens("/");
    person.sees("Several helpers answer on this computer.").await;
    assert!(asked("helper authenticate").is_empty());
    person.clicks("Use desk-2").await;
    person.sees("No reader").await;
    drop(person);
    let person = Person::opens("/workstation");
    person.sees("Version 0.2.0 on desk-2 answers.").await;
}

#[wasm_bindgen_test]
async fn another_helper_than_last_time_is_not_taken_unasked() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("on desk-1 answers.").await;
    helper_stops();
    registry_knows(OTHER, "desk-2");
    another_helper_answers(8422, &helper(OTHER));
    person.sees("Another helper answers than the one that this browser used last.").await;
    helper_has(Slot::Empty);
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn every_challenge_is_answered_by_a_fresh_ticket() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("on desk-1 answers.").await;
    helper_answers(&json!({ "authenticate": [Message::Renewed { id: 0 }] }));
    for byte in 2..4_usize {
        helper_says(&challenge(byte as u8));
        person.has_asked_times("helper authenticate", byte).await;
    }
    let asked = asked(&tickets(WORKSTATION));
    assert!(asked[2].contains(&"03".repeat(30)), "{asked:?}");
}

#[wasm_bindgen_test]
async fn a_registry_that_is_down_for_a_moment_costs_no_connection() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("on desk-1 answers.").await;
    helper_answers(&json!({ "authenticate": [Message::Renewed { id: 0 }] }));
    registry_answers(&tickets(WORKSTATION), 503, &"gone");
    helper_says(&challenge(2));
    person.has_asked_times(&tickets(WORKSTATION), 2).await;
    registry_knows(WORKSTATION, "desk-1");
    person.has_asked_times("helper authenticate", 2).await;
    person.has_asked_times("helper hello", 1).await;
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn a_helper_that_ends_for_want_of_a_ticket_is_connected_again_while_somebody_is_logged_in() {
    logged_in(Role::Operator);
    helper_has(chip("i1"));
    let person = Person::opens("/workstation");
    person.sees("A card is in it.").await;
    helper_ends(4403, "no ticket in time");
    person.has_asked_times("helper authenticate", 2).await;
    person.sees("A card is in it.").await;
    problem("GET /api/v1/session", ProblemCode::NotLoggedIn, "Nobody is logged in.");
    helper_ends(4403, "no ticket in time");
    person.is_at("/login?to=%2Fworkstation&of=operator").await;
}

#[wasm_bindgen_test]
async fn a_session_that_is_over_ends_with_the_next_challenge() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/");
    person.sees("1 reader, 0 cards").await;
    problem(&tickets(WORKSTATION), ProblemCode::NotLoggedIn, "Nobody is logged in.");
    helper_says(&challenge(2));
    person.is_at("/login?to=%2F&of=operator").await;
    person.waits_until("the helper is left", || crate::fakes::connections() == 0).await;
}

#[wasm_bindgen_test]
async fn whoever_may_not_use_readers_asks_no_helper() {
    logged_in(Role::Auditor);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("This account may not use the readers of a workstation.").await;
    assert!(asked("port ").is_empty());
}

#[wasm_bindgen_test]
async fn a_page_from_elsewhere_explains_before_the_browser_asks() {
    logged_in(Role::Operator);
    page_comes_from(ELSEWHERE, "prompt");
    helper_has(Slot::Empty);
    let person = Person::opens("/");
    person.sees("The browser will ask whether this page may reach the helper.").await;
    drop(person);
    let person = Person::opens("/workstation");
    person.sees("then choose Allow").await;
    assert!(asked("port ").is_empty());
    assert!(asked("permission ").iter().all(|asked| asked == "permission loopback-network"));
    person.clicks("Ask the browser").await;
    // Nobody answers the question of this browser.
    person.sees("The browser did not ask, or was not answered.").await;
    assert!(asked("helper ").is_empty());
    permission_becomes("granted");
    person.sees("This page may speak to the helper.").await;
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn a_denied_permission_names_the_policy_and_is_noticed_when_it_changes() {
    logged_in(Role::Operator);
    page_comes_from(ELSEWHERE, "denied");
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("The browser does not let this page reach the helper.").await;
    person.sees("LoopbackNetworkAllowedForUrls").await;
    person.sees(&format!("to {ELSEWHERE}")).await;
    assert!(asked("port ").is_empty());
    permission_becomes("granted");
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn a_permission_that_changes_before_anybody_listens_for_it_is_noticed() {
    logged_in(Role::Operator);
    page_comes_from(ELSEWHERE, "denied");
    permission_is_by_turns(&["denied", "granted"]);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("on desk-1 answers.").await;
}

#[wasm_bindgen_test]
async fn a_page_over_plain_http_from_elsewhere_names_the_way_out() {
    logged_in(Role::Operator);
    page_comes_from("http://cards.example", "prompt");
    let person = Person::opens("/workstation");
    person.sees("Open the registry by its https address.").await;
    assert!(asked("port ").is_empty() && asked("permission ").is_empty());
}

#[wasm_bindgen_test]
async fn somebody_who_must_change_their_password_is_led_there_and_reaches_no_helper() {
    logged_in(Role::Operator);
    let must = Me { must_change_password: true, ..me(Role::Operator) };
    assert!(must.may(Permission::UseWorkstations));
    registry_answers("GET /api/v1/session", 200, &must);
    let person = Person::opens("/search");
    person.is_at("/password?to=%2Fsearch").await;
    assert!(asked("port ").is_empty());
}

#[wasm_bindgen_test]
async fn a_reader_that_comes_is_shown_after_the_tickets_too() {
    logged_in(Role::Operator);
    helper_has(Slot::Empty);
    let person = Person::opens("/workstation");
    person.sees("Empty.").await;
    helper_answers(&json!({ "authenticate": [Message::Renewed { id: 0 }] }));
    helper_says(&challenge(2));
    helper_says(&Message::ReaderChanged { revision: 2, reader: reader(chip("i1")) });
    person.sees("A card is in it.").await;
}
