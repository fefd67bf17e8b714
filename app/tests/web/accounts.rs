//! *Home > Accounts*.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{account, logged_in, problem};
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::accounts::{Account, NewPassword};
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use wasm_bindgen_test::wasm_bindgen_test;

const LIST: &str = "GET /api/v1/accounts";
const ADD: &str = "POST /api/v1/accounts";
const ADA: &str = "PUT /api/v1/accounts/ada";
const PASSWORD: &str = "h7kq2-mx9tw-4fz3p-bn6rc";

fn new_password(account: Account) -> NewPassword {
    let account = Account { must_change_password: true, ..account };
    NewPassword { account, password: PASSWORD.into() }
}

#[wasm_bindgen_test]
async fn an_account_is_added_and_its_password_is_shown_once() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[account("admin")]);
    let person = Person::opens("/accounts");
    person.clicks("Add account").await;
    person.types("Name", ".ada").await;
    person.clicks("Add account").await;
    person.sees("A name has 1 to 64 lower case letters").await;
    assert!(asked(ADD).is_empty());
    let taken = Problem {
        code: ProblemCode::Invalid,
        message: "There is such an account.".into(),
        field: Some("name".into()),
    };
    registry_answers(ADD, 422, &taken);
    person.types("Name", "ada").await;
    person.chooses("Role", "Auditor").await;
    person.sees("Reads cards and the audit log, and changes nothing.").await;
    person.clicks("Add account").await;
    person.sees("There is such an account.").await;
    registry_answers(ADD, 201, &new_password(account("ada")));
    registry_answers(LIST, 200, &[account("admin"), account("ada")]);
    person.clicks("Add account").await;
    person.sees(PASSWORD).await;
    person.sees("It is shown this once").await;
    person.clicks("Close").await;
    person.sees_no("It is shown this once").await;
    person.finds_no_trace_of(PASSWORD).await;
    person.sees_texts("tbody th", &["admin", "ada"]).await;
    assert_eq!(asked(ADD)[1], format!("{ADD} {{\"name\":\"ada\",\"role\":\"auditor\"}}"));
}

#[wasm_bindgen_test]
async fn a_permission_is_granted_to_one_account_and_saved() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[account("admin"), account("ada")]);
    let person = Person::opens("/accounts");
    person.clicks("ada").await;
    person.sees("Granted to this account alone").await;
    person.sees("Sees the PUK of any encoded card").await;
    person.ticks("Reveal PIN").await;
    person.sees("Unsaved changes").await;
    person.clicks("SEARCH").await;
    person.clicks("Stay here").await;
    let granted = Account { granted: vec![Permission::RevealPin], version: 5, ..account("ada") };
    registry_answers(ADA, 200, &granted);
    person.clicks("Save").await;
    person.sees("ada is saved.").await;
    assert!(!person.can_click("Save"));
    let change = "{\"version\":4,\"role\":\"operator\",\"granted\":[\"secrets.reveal-pin\"],\
                  \"disabled\":false}";
    assert_eq!(asked("PUT"), [format!("{ADA} {change}")]);
}

#[wasm_bindgen_test]
async fn an_account_is_disabled_enabled_and_unlocked() {
    logged_in(Role::Admin);
    let locked = Account { locked_until: Some("2026-11-20T14:02:00Z".into()), ..account("ada") };
    registry_answers(LIST, 200, &[locked]);
    let person = Person::opens("/accounts/ada");
    person.sees("Locked until").await;
    registry_answers("POST /api/v1/accounts/ada/unlock", 200, &account("ada"));
    person.clicks("Unlock").await;
    person.sees("ada can log in again.").await;
    person.sees_no("Locked until").await;
    person.clicks("Disable").await;
    person.sees("Nobody can log in to it, and its sessions end at once").await;
    registry_answers(ADA, 200, &Account { disabled: true, version: 5, ..account("ada") });
    person.clicks("Disable the account").await;
    person.sees("ada is disabled").await;
    registry_answers(ADA, 200, &Account { version: 6, ..account("ada") });
    person.clicks("Enable").await;
    person.sees("ada is enabled").await;
    let changes = asked("PUT");
    assert!(changes[0].contains("\"version\":4") && changes[0].contains("\"disabled\":true"));
    assert!(changes[1].contains("\"version\":5") && changes[1].contains("\"disabled\":false"));
}

#[wasm_bindgen_test]
async fn a_new_password_is_made_after_a_question() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[account("ada")]);
    let person = Person::opens("/accounts/ada");
    person.clicks("Set new password").await;
    person.sees("The password until now ends at once").await;
    let make = "POST /api/v1/accounts/ada/password";
    assert!(asked(make).is_empty());
    registry_answers(make, 201, &new_password(account("ada")));
    person.clicks("Make a new password").await;
    person.sees(PASSWORD).await;
    person.presses_escape();
    person.sees("Must choose a password").await;
    person.finds_no_trace_of(PASSWORD).await;
}

#[wasm_bindgen_test]
async fn the_last_admin_stays_one_and_an_unknown_account_is_none() {
    logged_in(Role::Admin);
    registry_answers(LIST, 200, &[account("ada")]);
    problem(ADA, ProblemCode::Invalid, "There would be no admin left.");
    let person = Person::opens("/accounts/ada");
    person.chooses("Role", "Auditor").await;
    person.clicks("Save").await;
    person.sees("There would be no admin left.").await;
    person.clicks("Reload the account").await;
    person.sees_no("There would be no admin left.").await;
    person.sees_no("Unsaved changes").await;
    drop(person);

    let person = Person::opens("/accounts/nobody");
    person.sees("There is no such account.").await;
}
