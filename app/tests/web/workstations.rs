//! *Home > Workstations*.

use crate::fakes::{asked, registry_answers, time_passes};
use crate::person::Person;
use crate::scenery::{logged_in, problem};
use cardwright_protocol::domain::Role;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::workstations::{Invitation, Workstation, WorkstationState};
use wasm_bindgen_test::wasm_bindgen_test;

const LIST: &str = "GET /api/v1/workstations";
const CODE: &str = "7K2M-QX4T-9HVC-3DPR";

fn workstation(name: &str, state: WorkstationState) -> Workstation {
    let enrolled = state != WorkstationState::Invited;
    Workstation {
        id: format!("id-of-{name}").as_str().into(),
        name: name.into(),
        version: 3,
        state,
        helper_version: enrolled.then(|| "0.4.0".to_owned()),
        enrolled_at: enrolled.then(|| "2026-11-20T14:02:00Z".to_owned()),
        code_until: None,
        used_at: None,
    }
}

fn invitation(workstation: Workstation) -> Invitation {
    Invitation { workstation, code: CODE.into(), minutes: 15 }
}

#[wasm_bindgen_test]
async fn the_first_workstation_is_added_and_seen_to_be_enrolled() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[(); 0]);
    let person = Person::opens("/");
    person.clicks("Workstations").await;
    person.sees("No workstation is enrolled yet.").await;
    let invited = workstation("desk-1", WorkstationState::Invited);
    registry_answers("POST /api/v1/workstations", 201, &invitation(invited.clone()));
    person.clicks("Add workstation").await;
    person.types("Name", " desk-1 ").await;
    registry_answers(LIST, 200, &[invited]);
    person.clicks("Add workstation").await;
    person.sees(CODE).await;
    person.sees("cardwright-helper enroll http").await;
    person.sees("Good for 1").await;
    let add = "POST /api/v1/workstations";
    assert_eq!(asked(add), [format!("{add} {{\"name\":\"desk-1\"}}")]);
    registry_answers(LIST, 200, &[workstation("desk-1", WorkstationState::Enrolled)]);
    person.sees("desk-1 is enrolled.").await;
    person.finds_no_trace_of(CODE).await;
    person.clicks("Close").await;
    person.sees("Enrolled").await;
    person.sees_texts("tbody .state", &["Enrolled"]).await;
}

#[wasm_bindgen_test]
async fn a_code_that_is_too_old_says_so_and_is_gone_with_its_dialog() {
    logged_in(Role::Admin);
    let list = [workstation("desk-1", WorkstationState::Enrolled)];
    registry_answers(LIST, 200, &list);
    let new_code = "POST /api/v1/workstations/id-of-desk-1/codes";
    registry_answers(new_code, 201, &invitation(list[0].clone()));
    let person = Person::opens("/workstations");
    person.clicks("New code: desk-1").await;
    person.sees(CODE).await;
    time_passes(15 * 60);
    person.sees("The code is too old now.").await;
    person.finds_no_trace_of(CODE).await;
    person.clicks("Close").await;
    person.clicks("New code: desk-1").await;
    person.sees(CODE).await;
    person.presses_escape();
    person.sees_no("asks for this one-time code").await;
    person.finds_no_trace_of(CODE).await;
    person.has_asked_times(new_code, 2).await;
}

#[wasm_bindgen_test]
async fn a_name_that_exists_is_refused_at_its_field() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[workstation("desk-1", WorkstationState::Enrolled)]);
    let taken = Problem {
        code: ProblemCode::Invalid,
        message: "Another workstation has this name.".into(),
        field: Some("name".into()),
    };
    let rename = "PUT /api/v1/workstations/id-of-desk-1";
    registry_answers(rename, 422, &taken);
    let person = Person::opens("/workstations");
    person.clicks("Rename: desk-1").await;
    assert_eq!(person.typed("Name").await, "desk-1");
    person.types("Name", "desk-2").await;
    person.clicks("Rename").await;
    person.sees("Another workstation has this name.").await;
    person.has_focus_on("INPUT").await;
    registry_answers(rename, 200, &workstation("desk-3", WorkstationState::Enrolled));
    person.types("Name", "desk-3").await;
    person.clicks("Rename").await;
    person.sees("The workstation is now called desk-3.").await;
    person.has_asked(&format!("{rename} {{\"version\":3,\"name\":\"desk-3\"}}")).await;
}

#[wasm_bindgen_test]
async fn revoking_says_what_it_means_and_ends_the_commands() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[workstation("desk-1", WorkstationState::Enrolled)]);
    let person = Person::opens("/workstations");
    person.clicks("Revoke: desk-1").await;
    person.sees("What it still delivers is recorded but moves no card").await;
    person.sees("This cannot be undone.").await;
    let revoke = "POST /api/v1/workstations/id-of-desk-1/revoke";
    assert!(asked(revoke).is_empty());
    let revoked = workstation("desk-1", WorkstationState::Revoked);
    registry_answers(revoke, 200, &revoked);
    registry_answers(LIST, 200, &[revoked]);
    person.clicks("Revoke the workstation").await;
    person.sees("desk-1 is revoked.").await;
    person.sees_no("New code").await;
    person.sees_texts("tbody .state", &["Revoked"]).await;
}

#[wasm_bindgen_test]
async fn whoever_may_not_manage_workstations_is_told_so() {
    logged_in(Role::Operator);
    problem(LIST, ProblemCode::NotPermitted, "You may not do this.");
    let person = Person::opens("/workstations");
    person.sees("You may not do this.").await;
    person.sees("Ask an admin for the permission.").await;
}
