//! The profile page of a card.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{NUMBER, card, logged_in, me, problem, process};
use cardwright_protocol::domain::{CardState, Command, ProcessState, Role};
use cardwright_protocol::registry::cards::OpenProcess;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn exactly_the_enabled_commands_are_offered() {
    logged_in(Role::Operator);
    let path = format!("/cards/{NUMBER}");
    let person = Person::opens(&path);
    person.sees("What do you want to do?").await;
    let titles = ["Initialize temporary card", "Mark as defective"];
    person.sees_texts(".commands strong", &titles).await;
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
    person.has_asked_times("POST /api/v1/processes/p1/cancel", 1).await;
}

#[wasm_bindgen_test]
async fn an_interrupted_card_says_what_that_means_and_what_to_do() {
    logged_in(Role::Operator);
    let mut begun = card(CardState::Produced);
    begun.row.interrupted = true;
    let path = format!("/cards/{NUMBER}");
    registry_answers(&format!("GET /api/v1{path}"), 200, &begun);
    let person = Person::opens(&path);
    person.sees("Interrupted: an encoding was begun and not finished.").await;
    person.sees("Nothing is lost").await;
    person.sees("put the same chip into a reader and click Initialize temporary card").await;
    person.sees_texts(".head .badge", &["interrupted"]).await;
}

#[wasm_bindgen_test]
async fn the_process_of_somebody_who_left_is_taken_over_from_the_card() {
    logged_in(Role::Operator);
    let mut held = card(CardState::Produced);
    held.row.commands = vec![];
    held.process = Some(OpenProcess {
        id: "p1".into(),
        command: Command::InitializeTemporaryCard,
        state: ProcessState::Started,
        operator: "somebody".into(),
        mine: false,
    });
    let path = format!("/cards/{NUMBER}");
    registry_answers(&format!("GET /api/v1{path}"), 200, &held);
    let foreign = process(ProcessState::Started);
    let foreign = Process { operator: "somebody".into(), mine: false, ..foreign };
    registry_answers("GET /api/v1/processes/p1", 200, &foreign);
    let person = Person::opens(&path);
    person.sees("was started by somebody").await;
    person.has_asked("GET /api/v1/processes/p1").await;
    assert!(!person.can_click("Take over"));
    drop(person);

    let foreign = Process { can_take_over: true, ..foreign };
    registry_answers("GET /api/v1/processes/p1", 200, &foreign);
    let person = Person::opens(&path);
    person.clicks("Take over").await;
    person.sees("It becomes yours").await;
    let mine = process(ProcessState::Started);
    registry_answers("POST /api/v1/processes/p1/take-over", 200, &mine);
    registry_answers("GET /api/v1/processes/p1", 200, &mine);
    person.clicks("Take over the process").await;
    person.is_at("/processes/p1").await;
    person.sees("No helper answers on this workstation.").await;
}
