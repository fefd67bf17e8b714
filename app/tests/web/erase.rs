//! Chips that somebody else has used.

use crate::fakes::{asked, helper_says, registry_answers};
use crate::person::Person;
use crate::scenery::{
    assessment, chip, helper_has, logged_in, process, progress, registry_initializes,
};
use cardwright_protocol::domain::{ProcessState, Role};
use cardwright_protocol::outcome::Phase;
use cardwright_protocol::registry::processes::{Assessment, Process, Verdict};
use wasm_bindgen_test::wasm_bindgen_test;

fn at_a_used_chip(verdict: Verdict, erasable: bool) -> Person {
    logged_in(Role::Operator);
    let process = Process { confirm_number: false, ..process(ProcessState::Started) };
    registry_answers("GET /api/v1/processes/p1", 200, &process);
    registry_initializes(Verdict::Ready);
    let kind = "PIV 5.7.1, with values of its own".into();
    let found = Assessment { erasable, kind, ..assessment(verdict) };
    registry_answers("POST /api/v1/processes/p1/reports", 200, &found);
    helper_has(chip("i1"));
    Person::opens("/processes/p1")
}

#[wasm_bindgen_test]
async fn a_used_chip_is_erased_after_an_explicit_yes() {
    let person = at_a_used_chip(Verdict::Used, true);
    person.sees("Somebody else has used this chip.").await;
    person.sees("Everything on it is then lost for good").await;
    assert!(!person.can_click("Erase and initialize") && !person.can_click("Next"));
    person.ticks("Erase this chip").await;
    person.clicks("Erase and initialize").await;
    person.sees("Getting the job from the registry").await;
    person.has_asked("helper execute").await;
    let asked = asked("POST /api/v1/processes/p1/jobs");
    assert!(asked[0].ends_with("\"erase\":true}"), "{asked:?}");
    helper_says(&progress(Phase::Erase));
    person.sees("Erasing what somebody else left").await;
    person.sees("Erasing cannot be stopped in the middle").await;
    assert!(!person.can_click("Cancel"));
    assert!(person.texts(".work .now")[0].contains("Chip erased"));
    helper_says(&progress(Phase::Pin));
    person.sees("Setting the PIN").await;
    person.finds("Cancel").await;
}

#[wasm_bindgen_test]
async fn a_used_chip_that_may_not_be_erased_says_what_to_do() {
    for verdict in [Verdict::Used, Verdict::Blocked] {
        let person = at_a_used_chip(verdict, false);
        person.sees("ask an admin whether used chips may be erased").await;
        person.sees("mark the card as defective").await;
        assert!(!person.can_click("Next"));
        person.sees_no("Erase this chip").await;
    }
}
