//! The profile page of a card.

use crate::person::{Person, asked, registry_answers};
use crate::scenery::{NUMBER, card, logged_in, problem, process};
use cardwright_protocol::domain::{CardState, ProcessState, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn exactly_the_enabled_commands_are_offered() {
    logged_in(Role::Operator);
    let path = format!("/cards/{NUMBER}");
    let person = Person::opens(&path);
    person.sees("What do you want to do?").await;
    let titles = ["Initialize temporary card", "Mark as defective"];
    assert_eq!(person.texts(".commands strong"), titles);
    drop(person);

    let locked = card(CardState::Locked);
    registry_answers(&format!("GET /api/v1/cards/{NUMBER}"), 200, &locked);
    let person = Person::opens(&path);
    person.sees("Nothing can be done with a card in state “Locked” now.").await;
    assert!(person.texts(".commands strong").is_empty());
}

#[wasm_bindgen_test]
async fn mark_as_defective_wants_a_reason_and_shows_the_result() {
    logged_in(Role::Operator);
    let person = Person::opens(&format!("/cards/{NUMBER}?ask=TempCardsProcMarkDefective"));
    person.sees("Give a reason").await;
    person.types("Reason", " Bent in the post ").await;
    let mut done = process(ProcessState::Completed);
    done.card.state = CardState::Defective;
    registry_answers(&format!("POST /api/v1/cards/{NUMBER}/processes"), 201, &done);
    let after = card(CardState::Defective);
    registry_answers(&format!("GET /api/v1/cards/{NUMBER}"), 200, &after);
    person.clicks("Mark as defective").await;
    person.sees(&format!("{NUMBER} is now defective.")).await;
    person.sees("Nothing can be done with a card in state “Defective” now.").await;
    assert_eq!(
        asked("POST /api/v1/cards"),
        [format!(
            "POST /api/v1/cards/{NUMBER}/processes {{\"command\":\"TempCardsProcMarkDefective\",\
             \"version\":3,\"reason\":\"Bent in the post\"}}"
        )]
    );
}

#[wasm_bindgen_test]
async fn a_card_that_another_process_has_is_explained() {
    logged_in(Role::Operator);
    let start = format!("POST /api/v1/cards/{NUMBER}/processes");
    problem(&start, ProblemCode::CardInUse, "Another process has this card.");
    let person = Person::opens(&format!("/cards/{NUMBER}"));
    person.sees("What do you want to do?").await;
    person.clicks("Initialize temporary card").await;
    person.sees("Another process has this card.").await;
}
