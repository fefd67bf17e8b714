//! *Reveal PIN* and *Reveal PUK*.

use crate::fakes::{another_tab_is_looked_at, asked, registry_answers, time_passes};
use crate::person::Person;
use crate::scenery::{NUMBER, card, logged_in, me, problem};
use cardwright_protocol::domain::{CardState, Permission, Role};
use cardwright_protocol::registry::cards::Card;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::secrets::Revealed;
use cardwright_protocol::registry::session::Me;
use wasm_bindgen_test::wasm_bindgen_test;

const PIN: &str = "48190263";
/// The same, as it is read out.
const APART: &str = "4\u{a0}8\u{a0}1\u{a0}9\u{a0}0\u{a0}2\u{a0}6\u{a0}3";

fn path() -> String {
    format!("/cards/{NUMBER}")
}

fn reveals() -> String {
    format!("POST /api/v1/cards/{NUMBER}/reveals")
}

/// An operator with one of the permissions, and a card whose chip was encoded.
fn one_may_reveal(permission: Permission) {
    logged_in(Role::Operator);
    let mut may = me(Role::Operator);
    may.permissions.push(permission);
    registry_answers("GET /api/v1/session", 200, &may);
    registry_answers(&format!("GET /api/v1{}", path()), 200, &encoded());
    let revealed = Revealed { value: PIN.into(), in_doubt: false };
    registry_answers(&reveals(), 200, &revealed);
}

fn encoded() -> Card {
    let guid = Some("0e5ab7d2-1f4c-4f0a-9d6e-3a4b5c6d7e8f".to_owned());
    Card { guid, ..card(CardState::Unassigned) }
}

async fn sees_the_pin() -> Person {
    let person = Person::opens(&path());
    person.clicks("Reveal PIN").await;
    person.sees("This is recorded.").await;
    person.types("Reason", " Its owner forgot it ").await;
    person.clicks("Reveal PIN").await;
    person.sees(APART).await;
    person
}

/// Nothing of it is left in the page, in fields, storages or the address.
async fn is_gone(person: &Person) {
    for secret in [PIN, APART, "&nbsp;8&nbsp;1", "Its owner forgot it"] {
        person.finds_no_trace_of(secret).await;
    }
}

#[wasm_bindgen_test]
async fn a_pin_is_shown_for_a_reason_until_it_is_closed() {
    one_may_reveal(Permission::RevealPin);
    let person = sees_the_pin().await;
    assert!(!person.can_click("Reveal PUK"));
    let body = "{\"secret\":\"pin\",\"reason\":\"Its owner forgot it\"}";
    assert_eq!(asked(&reveals()), [format!("{} {body}", reveals())]);
    person.clicks("Close").await;
    person.sees_no(APART).await;
    is_gone(&person).await;
    // It is asked for anew, with a reason, each time.
    person.clicks("Reveal PIN").await;
    person.sees("This is recorded.").await;
    person.sees_no(APART).await;
}

#[wasm_bindgen_test]
async fn a_pin_is_gone_after_a_minute() {
    one_may_reveal(Permission::RevealPin);
    let person = sees_the_pin().await;
    time_passes(60);
    person.sees("The PIN is not shown any more: 60 seconds are over.").await;
    is_gone(&person).await;
}

#[wasm_bindgen_test]
async fn a_pin_is_gone_when_the_tab_or_the_page_is_left() {
    one_may_reveal(Permission::RevealPin);
    let person = sees_the_pin().await;
    another_tab_is_looked_at();
    person.sees("The PIN is not shown any more: this tab was left.").await;
    is_gone(&person).await;
    drop(person);

    let person = sees_the_pin().await;
    person.presses_escape();
    person.sees_no(APART).await;
    person.clicks("SEARCH").await;
    person.is_at("/search").await;
    is_gone(&person).await;
}

#[wasm_bindgen_test]
async fn a_puk_that_may_be_another_one_says_so_and_a_refusal_is_told() {
    one_may_reveal(Permission::RevealPuk);
    problem(&reveals(), ProblemCode::NotPermitted, "You may not do this.");
    let person = Person::opens(&path());
    person.clicks("Reveal PUK").await;
    person.types("Reason", "It is blocked").await;
    person.clicks("Reveal PUK").await;
    person.sees("You may not do this.").await;
    registry_answers(&reveals(), 200, &Revealed { value: PIN.into(), in_doubt: true });
    person.clicks("Reveal PUK").await;
    person.sees(APART).await;
    person.sees("The chip may have another value.").await;
}

#[wasm_bindgen_test]
async fn nothing_is_offered_without_the_permission_or_before_the_chip_was_encoded() {
    one_may_reveal(Permission::RevealPin);
    registry_answers(&format!("GET /api/v1{}", path()), 200, &card(CardState::Produced));
    let person = Person::opens(&path());
    person.sees("What do you want to do?").await;
    person.sees_no("Secrets of the chip").await;
    drop(person);

    let may_not: Me = me(Role::Admin);
    registry_answers("GET /api/v1/session", 200, &may_not);
    registry_answers(&format!("GET /api/v1{}", path()), 200, &encoded());
    let person = Person::opens(&path());
    person.sees("What do you want to do?").await;
    person.sees_no("Secrets of the chip").await;
}
