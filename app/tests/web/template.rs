//! Enabling commands.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{logged_in, problem, template};
use cardwright_protocol::domain::{Command, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::templates::Template;
use wasm_bindgen_test::wasm_bindgen_test;

const TEMPLATE: &str = "GET /api/v1/templates/temporary-card";
const SAVE: &str = "PUT /api/v1/templates/temporary-card";
const PRODUCED: &str = "/templates/temporary-card?state=produced";

#[wasm_bindgen_test]
async fn an_admin_enables_a_command_and_saves() {
    logged_in(Role::Admin);
    registry_answers(TEMPLATE, 200, &template(7));
    let person = Person::opens("/templates/temporary-card");
    person.clicks("Produced").await;
    person.sees("Additional Commands").await;
    person.sees_texts(".states a", &["General", "Ordered", "Produced"]).await;
    person.chooses("Choose a command to add", "Initialize temporary card").await;
    person.sees("Unsaved changes").await;
    person.sees("TempCardsAddonExtProdInitialize").await;
    let mut saved = template(8);
    saved.states[1].enabled = vec![Command::InitializeTemporaryCard];
    registry_answers(SAVE, 200, &saved);
    person.clicks("Save").await;
    person.sees("Saved").await;
    assert!(!person.can_click("Save"));
    assert_eq!(
        asked("PUT"),
        [format!(
            "{SAVE} {{\"version\":7,\"confirm_number\":true,\"allow_erase\":false,\"states\":[{{\"state\":\"produced\",\
             \"enabled\":[\"TempCardsAddonExtProdInitialize\"]}}]}}"
        )]
    );
}

#[wasm_bindgen_test]
async fn entries_are_ordered_and_removed() {
    logged_in(Role::Admin);
    let mut enabled = template(7);
    enabled.states[1].enabled = vec![Command::InitializeTemporaryCard, Command::MarkAsLost];
    registry_answers(TEMPLATE, 200, &enabled);
    let person = Person::opens(PRODUCED);
    person.clicks("Move up: Mark as lost").await;
    person.sees("Unsaved changes").await;
    person.sees_texts(".entries strong", &["Mark as lost", "Initialize temporary card"]).await;
    person.clicks("Remove: Mark as lost").await;
    person.clicks("Discard").await;
    person.sees_no("Unsaved changes").await;
    person.sees_texts(".entries strong", &["Initialize temporary card", "Mark as lost"]).await;
}

#[wasm_bindgen_test]
async fn leaving_with_unsaved_changes_asks() {
    logged_in(Role::Admin);
    registry_answers(TEMPLATE, 200, &template(7));
    let person = Person::opens(PRODUCED);
    person.chooses("Choose a command to add", "Mark as lost").await;
    person.clicks("SEARCH").await;
    person.sees("Leave it and lose them?").await;
    person.clicks("Stay here").await;
    assert_eq!(Person::address(), PRODUCED);
    person.clicks("SEARCH").await;
    person.clicks("Leave without saving").await;
    person.is_at("/search").await;
}

#[wasm_bindgen_test]
async fn a_version_that_somebody_else_changed_is_explained_and_reloaded() {
    logged_in(Role::Admin);
    registry_answers(TEMPLATE, 200, &template(7));
    problem(SAVE, ProblemCode::StaleVersion, "Somebody else changed the template.");
    let person = Person::opens(PRODUCED);
    person.chooses("Choose a command to add", "Mark as lost").await;
    person.clicks("Save").await;
    person.sees("Somebody else changed the template.").await;
    person.clicks("Reload").await;
    person.sees_no("Unsaved changes").await;
}

#[wasm_bindgen_test]
async fn an_admin_permits_erasing_used_chips() {
    logged_in(Role::Admin);
    registry_answers(TEMPLATE, 200, &template(7));
    let person = Person::opens("/templates/temporary-card");
    let switch = "Operators may erase chips that somebody else has used";
    person.ticks(switch).await;
    person.sees("Unsaved changes").await;
    person.clicks("Discard").await;
    person.sees_no("Unsaved changes").await;
    person.ticks(switch).await;
    let saved = Template { allow_erase: true, ..template(8) };
    registry_answers(SAVE, 200, &saved);
    person.clicks("Save").await;
    person.sees("Saved").await;
    let change = "{\"version\":7,\"confirm_number\":true,\"allow_erase\":true,\"states\":[]}";
    assert_eq!(asked("PUT"), [format!("{SAVE} {change}")]);
}
