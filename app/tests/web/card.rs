//! The profile page of a card.

use crate::person::{Person, asked, registry_answers};
use crate::scenery::{NUMBER, card, logged_in, me, problem, process};
use cardwright_protocol::domain::{CardState, Command, ProcessState, Role};
use cardwright_protocol::registry::cards::OpenProcess;
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

#[wasm_bindgen_test]
async fn an_admin_can_cancel_the_process_of_somebody_else() {
    logged_in(Role::Operator);
    let mut held = card(CardState::Produced);
    held.row.commands = vec![];
    held.process = Some(OpenProcess {
        id: "p1".into(),
        command: Command::InitializeTemporaryCard,
        state: ProcessState::Encoding,
        operator: "somebody".into(),
        mine: false,
    });
    let path = format!("/cards/{NUMBER}");
    registry_answers(&format!("GET /api/v1{path}"), 200, &held);
    let person = Person::opens(&path);
    person.sees("was started by somebody").await;
    assert!(!person.can_click("Cancel the process"));
    drop(person);

    registry_answers("GET /api/v1/session", 200, &me(Role::Admin));
    let person = Person::opens(&path);
    person.clicks("Cancel the process").await;
    person.sees("The chip may be partly written").await;
    let canceled = process(ProcessState::Canceled);
    registry_answers("POST /api/v1/processes/p1/cancel", 200, &canceled);
    registry_answers(&format!("GET /api/v1{path}"), 200, &card(CardState::Produced));
    person.clicks("Cancel the process").await;
    person.sees("The process was canceled.").await;
    assert_eq!(asked("POST /api/v1/processes/p1/cancel").len(), 1);
}
