//! *Initialize temporary card*.

use crate::fakes::{asked, helper_says, helper_stops, registry_answers};
use crate::person::Person;
use crate::scenery::{
    NUMBER, card, chip, helper_has, logged_in, process, progress, reader, registry_initializes,
    signed,
};
use cardwright_protocol::chip::{ChipIds, ManagementKeyAlgorithm};
use cardwright_protocol::domain::{CardState, ProcessState, Role};
use cardwright_protocol::helper::{Message, Slot};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, Outcome, Phase, Proved, Receipt, TriesSpent,
};
use cardwright_protocol::registry::processes::{
    LastFailure, OutcomeTaken, Process, Verdict, Written,
};
use wasm_bindgen_test::wasm_bindgen_test;

pub(crate) fn at_the_wizard(slot: Slot, verdict: Verdict) -> Person {
    logged_in(Role::Operator);
    registry_answers("GET /api/v1/processes/p1", 200, &process(ProcessState::Started));
    registry_initializes(verdict);
    helper_has(slot);
    Person::opens("/processes/p1")
}

pub(crate) async fn goes_on(person: &Person) {
    person.sees("PIV 5.7.1, as from the factory").await;
    person.types("Number printed on the card", "tc-2026-00 4118").await;
    person.clicks("Next").await;
    person.sees("Getting the job from the registry").await;
}

pub(crate) fn registry_takes_outcome(process: Process) {
    let taken = OutcomeTaken { acknowledgement: signed("{}"), process: Some(process) };
    registry_answers("POST /api/v1/outcomes", 200, &taken);
}

pub(crate) fn finished() -> Message {
    let receipt = Receipt {
        job: "j1".into(),
        process: "p1".into(),
        workstation: "desk-1".into(),
        card: NUMBER.into(),
        chip: ChipIds::default(),
        profile_hash: HexBytes(vec![]),
        card_capability_container: HexBytes(vec![]),
        card_holder_unique_identifier: HexBytes(vec![]),
        management_key: ManagementKeyAlgorithm::Aes192,
        keys: vec![],
        written: vec![],
        commands: 27,
        tries_spent: TriesSpent::default(),
    };
    let statement = serde_json::to_string(&receipt).expect("it is JSON");
    Message::Ended { job: "j1".into(), outcome: Outcome::Finished(signed(&statement)) }
}

pub(crate) fn failed(cause: FailureCause, condition: Condition) -> Message {
    let failure = JobFailure {
        job: "j1".into(),
        process: "p1".into(),
        workstation: "desk-1".into(),
        card: NUMBER.into(),
        phase: Phase::Pin,
        cause,
        condition,
        tries_spent: TriesSpent::default(),
        proved: Proved::default(),
        keys: vec![],
    };
    let statement = serde_json::to_string(&failure).expect("it is JSON");
    Message::Ended { job: "j1".into(), outcome: Outcome::Failed(signed(&statement)) }
}

#[wasm_bindgen_test]
async fn next_encodes_the_chip_and_says_what_was_written() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    person.sees("Next encodes the chip").await;
    assert!(!person.can_click("Next"));
    goes_on(&person).await;
    helper_says(&progress(Phase::Pin));
    person.sees("step 5 of 9").await;
    person.sees("Setting the PIN").await;
    let mut done = process(ProcessState::Completed);
    done.card.state = CardState::Unassigned;
    done.next_card = Some("TC-2026-004119".into());
    done.written = Some(Written {
        guid: "8c5f3b52-31e0-4c1b-9f7c-0c1d2e3f4a5b".into(),
        card_id: HexBytes(vec![0xA1; 14]),
        fasc_n: HexBytes(vec![0xD4; 25]),
        expires_on: "2031-11-19".into(),
        management_key: ManagementKeyAlgorithm::Aes192,
        keys: vec![],
        commands: 27,
        workstation: "desk-1".into(),
        at: "2026-11-22T10:15:00Z".into(),
    });
    registry_takes_outcome(done);
    registry_answers("GET /api/v1/cards/TC-2026-004119", 200, &card(CardState::Produced));
    helper_says(&finished());
    person.sees(&format!("{NUMBER} is now unassigned.")).await;
    person.sees("8c5f3b52-31e0-4c1b-9f7c-0c1d2e3f4a5b").await;
    person.sees("Next card: TC-2026-004119").await;
    assert!(asked("POST /api/v1/processes/p1/jobs")[0].contains(NUMBER));
    person.clicks("Show the card").await;
    person.has_asked_times("helper acknowledge", 1).await;
}

#[wasm_bindgen_test]
async fn nothing_ties_a_chip_to_the_card_before_the_printed_number_does() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    person.sees("to be confirmed by the number printed on the card").await;
    assert!(person.texts(".link.good").is_empty());
    person.types("Number printed on the card", NUMBER).await;
    person.sees_no("to be confirmed").await;
    person.sees("by the number printed on the card").await;
    person.waits_until("the match is good", || person.texts(".link.good").len() == 1).await;
}

#[wasm_bindgen_test]
async fn a_card_that_comes_out_is_finished_when_it_is_back() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    goes_on(&person).await;
    let mut started = process(ProcessState::Started);
    started.failure = Some(LastFailure {
        phase: Phase::Pin,
        cause: FailureCause::CardRemoved,
        condition: Condition::PartlyWritten,
    });
    registry_takes_outcome(started);
    registry_initializes(Verdict::Interrupted);
    helper_says(&Message::ReaderChanged { revision: 2, reader: reader(Slot::Empty) });
    helper_says(&failed(FailureCause::CardRemoved, Condition::PartlyWritten));
    person.sees("The card came out of the reader.").await;
    person.sees("No card in the reader.").await;
    helper_says(&Message::ReaderChanged { revision: 3, reader: reader(chip("i2")) });
    person.sees("An encoding of this chip was begun and not finished.").await;
    person.clicks("Next").await;
    person.sees("Getting the job from the registry").await;
}

#[wasm_bindgen_test]
async fn cancel_asks_once_something_was_written_and_closes_the_process() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    goes_on(&person).await;
    helper_says(&progress(Phase::Keys));
    person.sees("Generating keys on the chip").await;
    person.clicks("Cancel").await;
    person.sees("The chip is partly written").await;
    person.clicks("Cancel the process").await;
    person.sees("Canceling…").await;
    registry_takes_outcome(process(ProcessState::Started));
    let canceled = process(ProcessState::Canceled);
    registry_answers("POST /api/v1/processes/p1/cancel", 200, &canceled);
    helper_says(&failed(FailureCause::Canceled, Condition::PartlyWritten));
    person.is_at(&format!("/cards/{NUMBER}")).await;
    person.has_asked_times("helper cancel", 1).await;
}

#[wasm_bindgen_test]
async fn every_missing_part_has_its_message_and_the_page_goes_on_by_itself() {
    let person = at_the_wizard(Slot::Empty, Verdict::Ready);
    person.sees("No card in the reader.").await;
    helper_says(&Message::ReaderChanged { revision: 2, reader: reader(Slot::Mute) });
    person.sees("The card does not answer.").await;
    helper_says(&Message::ReaderGone { revision: 3, reader: "r1".into() });
    person.sees("No reader is connected.").await;
    helper_stops();
    person.sees("No helper answers on this workstation.").await;
    helper_has(chip("i2"));
    person.sees("PIV 5.7.1, as from the factory").await;
    person.sees("1 reader, 1 card").await;
}

#[wasm_bindgen_test]
async fn the_chip_of_another_card_stops_the_process() {
    let verdict = Verdict::BoundToOtherCard { card: "TC-2026-000001".into() };
    let person = at_the_wizard(chip("i1"), verdict);
    person.sees("This is the chip of another card.").await;
    person.types("Number printed on the card", NUMBER).await;
    assert!(!person.can_click("Next"));
    person.finds("TC-2026-000001").await;
}
