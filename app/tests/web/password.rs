//! *Change password*.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{logged_in, me, problem};
use cardwright_protocol::domain::Role;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use wasm_bindgen_test::wasm_bindgen_test;

const CHANGE: &str = "PUT /api/v1/session/password";
const OLD: &str = "the one until now";
const NEW: &str = "twelve and more";

async fn fills_in(person: &Person, old: &str, new: &str, again: &str) {
    person.types("Password until now", old).await;
    person.types("New password", new).await;
    person.types("New password again", again).await;
    person.clicks("Change password").await;
}

#[wasm_bindgen_test]
async fn a_person_changes_their_password() {
    logged_in(Role::Operator);
    let person = Person::opens("/");
    person.clicks("operator: change password").await;
    person.is_at("/password").await;
    fills_in(&person, OLD, NEW, "twelve and less").await;
    person.sees("It is not the same as the new password.").await;
    fills_in(&person, OLD, "short", "short").await;
    person.sees("A password has at least 12 characters").await;
    assert!(asked(CHANGE).is_empty());
    problem(CHANGE, ProblemCode::WrongPassword, "The password is wrong.");
    fills_in(&person, "wrong", NEW, NEW).await;
    person.sees("The password is wrong.").await;
    registry_answers(CHANGE, 200, &me(Role::Operator));
    fills_in(&person, OLD, NEW, NEW).await;
    person.sees("Your password is changed.").await;
    person.finds_no_trace_of(NEW).await;
    let change = format!("{CHANGE} {{\"old\":\"{OLD}\",\"new\":\"{NEW}\"}}");
    assert_eq!(asked(CHANGE)[1..], [change]);
}

#[wasm_bindgen_test]
async fn whoever_must_choose_a_password_can_do_nothing_else_and_then_goes_on() {
    logged_in(Role::Operator);
    let forced = Me { must_change_password: true, ..me(Role::Operator) };
    registry_answers("GET /api/v1/session", 200, &forced);
    let person = Person::opens("/search");
    person.is_at("/password?to=%2Fsearch").await;
    person.sees("Choose a password of your own first.").await;
    assert!(!person.can_click("SEARCH"));
    registry_answers("GET /api/v1/session", 200, &me(Role::Operator));
    registry_answers(CHANGE, 200, &me(Role::Operator));
    fills_in(&person, OLD, NEW, NEW).await;
    person.is_at("/search").await;
    person.sees("Any status").await;
    person.finds("SEARCH").await;
}
