//! Whatever stops and comes back, the page goes on by itself.

use crate::fakes::{asked, helper_answers, helper_says, helper_stops, registry_answers};
use crate::person::Person;
use crate::scenery::{
    NUMBER, card, chip, helper_has, helper_offers, logged_in, process, progress,
    registry_initializes, signed,
};
use crate::wizard::{at_the_wizard, failed, finished, goes_on, registry_takes_outcome};
use cardwright_protocol::domain::{CardState, ProcessState, Role};
use cardwright_protocol::helper::{HelperError, Hindrance, Message};
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome, Phase};
use cardwright_protocol::registry::processes::{LastFailure, OutcomeTaken, Process, Verdict};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

fn outcome(message: Message) -> Outcome {
    match message {
        Message::Ended { outcome, .. } => outcome,
        other => panic!("no outcome: {other:?}"),
    }
}

fn started_after(cause: FailureCause, condition: Condition) -> Process {
    let failure = LastFailure { phase: Phase::Pin, cause, condition };
    Process { failure: Some(failure), ..process(ProcessState::Started) }
}

#[wasm_bindgen_test]
async fn a_helper_that_was_killed_tells_it_when_it_is_back() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    goes_on(&person).await;
    helper_says(&progress(Phase::Pin));
    person.sees("Setting the PIN").await;
    helper_stops();
    person.sees("The helper does not answer now.").await;
    registry_takes_outcome(started_after(FailureCause::HelperStopped, Condition::Unknown));
    registry_initializes(Verdict::Interrupted);
    let stopped = failed(FailureCause::HelperStopped, Condition::Unknown);
    helper_offers(chip("i1"), vec![outcome(stopped)]);
    person.sees("The helper was stopped in the middle of the work.").await;
    person.sees("The last write may or may not have reached it.").await;
    person.sees("An encoding of this chip was begun and not finished.").await;
    person.has_asked("helper acknowledge").await;
    person.finds("Next").await;
}

#[wasm_bindgen_test]
async fn a_registry_that_is_gone_with_a_result_at_hand_gets_it_when_it_is_back() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    goes_on(&person).await;
    helper_says(&progress(Phase::Verify));
    helper_says(&finished());
    person.sees("The registry has not taken the result yet.").await;
    person.sees("this page goes on by itself").await;
    let mut done = process(ProcessState::Completed);
    done.card.state = CardState::Unassigned;
    registry_takes_outcome(done);
    person.sees(&format!("{NUMBER} is now unassigned.")).await;
    person.has_asked_times("helper acknowledge", 1).await;
}

#[wasm_bindgen_test]
async fn a_job_that_the_helper_refuses_is_told_to_the_registry_at_once() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    let why = || "the report is too old".to_owned();
    let refused = failed(FailureCause::JobRefused { why: why() }, Condition::Untouched);
    let Outcome::Failed(failure) = outcome(refused) else { panic!("it failed") };
    let (because, failure) = (Some(Hindrance::NoSpace), Some(Box::new(failure)));
    let error = HelperError::JobRefused { why: why(), because, failure };
    helper_answers(&json!({ "execute": [Message::Refused { id: Some(0), error }] }));
    let cause = FailureCause::JobRefused { why: why() };
    registry_takes_outcome(started_after(cause, Condition::Untouched));
    person.sees("PIV 5.7.1, as from the factory").await;
    person.types("Number printed on the card", NUMBER).await;
    person.clicks("Next").await;
    person.sees("The helper refused the job: the report is too old.").await;
    person.sees("The disk of this computer is full.").await;
    person.sees("Make space on it, then click Next again.").await;
    person.sees("Before the first step").await;
    person.sees("Nothing was written to it.").await;
    person.has_asked_times("POST /api/v1/outcomes", 1).await;
    assert!(asked("helper acknowledge").is_empty());
}

#[wasm_bindgen_test]
async fn a_job_that_is_not_for_the_helper_is_told_to_the_registry_for_its_audit_log() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    let error = HelperError::JobNotForUs { refusal: Box::new(signed("{\"why\":\"x\"}")) };
    helper_answers(&json!({ "execute": [Message::Refused { id: Some(0), error }] }));
    registry_answers("POST /api/v1/refusals", 503, &"gone");
    person.sees("PIV 5.7.1, as from the factory").await;
    person.types("Number printed on the card", NUMBER).await;
    person.clicks("Next").await;
    person.sees("The helper refused the job: it is not from its registry").await;
    person.sees("The chip was not touched.").await;
    let refusals = || asked("POST /api/v1/refusals");
    person.has_asked_times("POST /api/v1/refusals", 1).await;
    registry_answers("POST /api/v1/refusals", 204, &());
    person.has_asked_times("POST /api/v1/refusals", 2).await;
    assert!(refusals()[1].contains("signature"), "{:?}", refusals());
    person.finds("Next").await;
}

#[wasm_bindgen_test]
async fn a_result_from_the_journal_is_delivered_whichever_page_is_open() {
    logged_in(Role::Operator);
    let person = Person::opens(&format!("/cards/{NUMBER}"));
    person.sees("What do you want to do?").await;
    let mut done = process(ProcessState::Completed);
    done.card.state = CardState::Unassigned;
    registry_takes_outcome(done);
    registry_answers(&format!("GET /api/v1/cards/{NUMBER}"), 200, &card(CardState::Unassigned));
    helper_offers(chip("i1"), vec![outcome(finished())]);
    person.sees(&format!("The result arrived: {NUMBER} is unassigned.")).await;
    person.has_asked("helper acknowledge").await;
    person.sees("Nothing can be done with a card in state “Unassigned” now.").await;
}

#[wasm_bindgen_test]
async fn a_result_that_the_registry_knows_nothing_of_is_acknowledged_all_the_same() {
    logged_in(Role::Operator);
    let taken = OutcomeTaken { acknowledgement: signed("{}"), process: None };
    registry_answers("POST /api/v1/outcomes", 200, &taken);
    helper_offers(chip("i1"), vec![outcome(finished())]);
    let person = Person::opens("/");
    person.has_asked("helper acknowledge").await;
    person.has_asked_times("POST /api/v1/outcomes", 1).await;
}

#[wasm_bindgen_test]
async fn somebody_elses_process_is_taken_over_in_the_wizard() {
    logged_in(Role::Operator);
    let mine = process(ProcessState::Started);
    let foreign = Process {
        operator: "somebody".into(),
        mine: false,
        can_take_over: true,
        ..process(ProcessState::Started)
    };
    registry_answers("GET /api/v1/processes/p1", 200, &foreign);
    registry_initializes(Verdict::Ready);
    helper_has(chip("i1"));
    let person = Person::opens("/processes/p1");
    person.sees("somebody has this process.").await;
    assert!(!person.can_click("Next") && !person.can_click("Cancel"));
    person.clicks("Take over").await;
    registry_answers("POST /api/v1/processes/p1/take-over", 200, &mine);
    person.clicks("Take over the process").await;
    person.sees("PIV 5.7.1, as from the factory").await;
    person.sees_no("somebody has this process.").await;
    person.finds("Cancel").await;
}
