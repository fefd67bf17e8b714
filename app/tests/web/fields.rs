//! What a screen reader says of the fields of every form: hints describe a field and are no part of
//! its name; so does what is wrong, until the field is changed.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{NUMBER, account, card, chip, logged_in, me, nobody, problem, template};
use crate::wizard::at_the_wizard;
use cardwright_protocol::domain::{CardState, Permission, Role};
use cardwright_protocol::registry::audit::AuditPage;
use cardwright_protocol::registry::cards::Card;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::processes::Verdict;
use cardwright_protocol::registry::workstations::{Workstation, WorkstationState};
use wasm_bindgen_test::wasm_bindgen_test;

/// The registry says of a request that one of its fields is wrong.
fn wrong(request: &str, field: &str, message: &str) {
    let (code, message) = (ProblemCode::Invalid, message.into());
    let problem = Problem { code, message, field: Some(field.into()) };
    registry_answers(request, code.status(), &problem);
}

/// Waits until this is what is said of the fields, one a line.
async fn hears(person: &Person, fields: &[&str]) {
    person.waits_until(&fields.join("\n"), || person.fields() == fields).await;
}

#[wasm_bindgen_test]
async fn a_login_that_was_refused_is_said_at_both_its_fields() {
    nobody();
    problem("POST /api/v1/session", ProblemCode::WrongPassword, "Name or password is wrong.");
    let person = Person::opens("/login");
    hears(&person, &["Name", "Password"]).await;
    person.types("Name", "operator").await;
    person.types("Password", "no").await;
    person.clicks("Log in").await;
    let wrong = [
        "Name: Name or password is wrong. (wrong)",
        "Password: Name or password is wrong. (wrong)",
    ];
    hears(&person, &wrong).await;
    person.types("Password", "n").await;
    hears(&person, &["Name", "Password"]).await;
    person.sees_no("Name or password is wrong.").await;
}

#[wasm_bindgen_test]
async fn what_is_wrong_with_a_password_is_said_at_its_field_until_it_is_changed() {
    logged_in(Role::Operator);
    let person = Person::opens("/password");
    let right =
        ["Password until now", "New password: At least 12 characters", "New password again"];
    hears(&person, &right).await;
    for label in right.map(|it| it.split(':').next().unwrap_or(it)) {
        person.types(label, "short").await;
    }
    person.clicks("Change password").await;
    let rule = "New password: A password has at least 12 characters; several words do well. At \
                least 12 characters (wrong)";
    hears(&person, &[right[0], rule, right[2]]).await;
    person.has_focus_on("INPUT").await;
    person.types("New password", "shor").await;
    hears(&person, &right).await;
}

#[wasm_bindgen_test]
async fn the_fields_of_an_account_say_what_they_mean() {
    logged_in(Role::Admin);
    registry_answers("GET /api/v1/accounts", 200, &[account("ada")]);
    let person = Person::opens("/accounts");
    person.clicks("Add account").await;
    let name = "Name: Lower case letters, digits and . - _ @; it stays for ever";
    let role = "Role: Works with cards and readers.";
    hears(&person, &[name, role]).await;
    person.types("Name", "-ada").await;
    person.clicks("Add account").await;
    let rule = "Name: A name has 1 to 64 lower case letters, digits and . - _ @, a letter or digit \
                first. Lower case letters, digits and . - _ @; it stays for ever (wrong)";
    hears(&person, &[rule, role]).await;
    assert!(asked("POST").is_empty());
    person.types("Name", "ada").await;
    hears(&person, &[name, role]).await;
    wrong("POST /api/v1/accounts", "role", "No such role.");
    person.clicks("Add account").await;
    hears(&person, &[name, "Role: No such role. Works with cards and readers. (wrong)"]).await;
    person.chooses("Role", "Auditor").await;
    let auditor = "Role: Reads cards and the audit log, and changes nothing.";
    hears(&person, &[name, auditor]).await;
    drop(person);

    let person = Person::opens("/accounts/ada");
    person.sees("Granted to this account alone").await;
    let fields = person.fields();
    assert_eq!(fields[0], role);
    assert!(fields[1].starts_with("Reveal PIN: Sees the PIN of any encoded card"), "{fields:?}");
    assert!(fields[2].starts_with("Reveal PUK: Sees the PUK of any encoded card"), "{fields:?}");
    wrong("PUT /api/v1/accounts/ada", "granted", "Reveal PIN is there twice.");
    person.ticks("Reveal PIN").await;
    person.clicks("Save").await;
    person.sees("Reveal PIN is there twice.").await;
    person.ticks("Reveal PUK").await;
    person.sees_no("Reveal PIN is there twice.").await;
}

#[wasm_bindgen_test]
async fn the_name_of_a_workstation_says_what_it_is_for() {
    logged_in(Role::Admin);
    let desk = Workstation {
        id: "id-of-desk-1".into(),
        name: "desk-1".into(),
        version: 3,
        state: WorkstationState::Enrolled,
        helper_version: None,
        enrolled_at: None,
        code_until: None,
        used_at: None,
    };
    registry_answers("GET /api/v1/workstations", 200, &[desk]);
    wrong("POST /api/v1/workstations", "name", "There is one.");
    let person = Person::opens("/workstations");
    let right = ["Name: As people call it, such as desk-1"];
    for open in ["Add workstation", "Rename: desk-1"] {
        person.clicks(open).await;
        hears(&person, &right).await;
        person.presses_escape();
        person.waits_until("it is closed", || person.texts("dialog[open]").is_empty()).await;
    }
    person.clicks("Add workstation").await;
    person.types("Name", "desk-1").await;
    person.clicks("Add workstation").await;
    hears(&person, &["Name: There is one. As people call it, such as desk-1 (wrong)"]).await;
    person.types("Name", "desk-2").await;
    hears(&person, &right).await;
}

#[wasm_bindgen_test]
async fn the_settings_of_a_template_say_what_they_mean() {
    logged_in(Role::Admin);
    registry_answers("GET /api/v1/templates/temporary-card", 200, &template(7));
    let person = Person::opens("/templates/temporary-card");
    person.sees("General").await;
    let fields = person.fields();
    let names: Vec<_> = fields.iter().filter_map(|it| it.split(':').next()).collect();
    let confirm = "Confirm the printed number where the bureau gave no chip id";
    assert_eq!(names, [confirm, "Operators may erase chips that somebody else has used"]);
    assert!(fields[1].contains(": Each time the operator is told what is lost"), "{fields:?}");
    person.clicks("Produced").await;
    hears(&person, &["Choose a command to add"]).await;
}

#[wasm_bindgen_test]
async fn what_cannot_be_searched_for_is_said_at_its_field_until_it_is_changed() {
    logged_in(Role::Auditor);
    let person = Person::opens(&format!("/search?text={}&go=1", "x".repeat(101)));
    let start = "Number, order or chip: That is too much text.";
    let is_wrong = || {
        let text = person.fields().pop().unwrap_or_default();
        text.starts_with(start) && text.ends_with("(wrong)")
    };
    person.waits_until("the text is wrong", is_wrong).await;
    person.types("Number, order or chip", "x").await;
    hears(&person, &["Type", "Status", "Chip", "Number, order or chip"]).await;
    person.sees_no("That is too much text.").await;
    drop(person);

    let found = AuditPage { total: 0, events: vec![], kinds: vec![] };
    registry_answers("GET /api/v1/audit", 200, &found);
    let person = Person::opens("/audit?from=2026-11-02&to=2026-11-01");
    person.sees("This cannot be searched for.").await;
    let is_wrong = || -> Vec<_> {
        let fields = person.fields().into_iter();
        fields.map(|it| it.ends_with("(wrong)")).collect()
    };
    let both_days = || is_wrong() == [true, true, false, false, false, false];
    person.waits_until("both days are wrong", both_days).await;
    person.types("To", "2026-11-03").await;
    person.sees_no("This cannot be searched for.").await;
    let days = "Days are those of UTC; times below are those of this place.";
    let (from, to) = (format!("From: {days}"), format!("To: {days}"));
    hears(&person, &[&from, &to, "By", "Kind", "Card", "Text"]).await;
}

#[wasm_bindgen_test]
async fn a_blank_reason_is_complained_of_at_its_field_until_it_is_changed() {
    logged_in(Role::Operator);
    let mut may = me(Role::Operator);
    may.permissions.push(Permission::RevealPin);
    registry_answers("GET /api/v1/session", 200, &may);
    let guid = Some("0e5ab7d2-1f4c-4f0a-9d6e-3a4b5c6d7e8f".to_owned());
    let encoded = Card { guid, ..card(CardState::Produced) };
    let path = format!("/cards/{NUMBER}");
    registry_answers(&format!("GET /api/v1{path}"), 200, &encoded);
    let person = Person::opens(&path);
    for command in ["Reveal PIN", "Mark as defective"] {
        person.clicks(command).await;
        hears(&person, &["Reason"]).await;
        person.types("Reason", "  ").await;
        person.clicks(command).await;
        hears(&person, &["Reason: Say why: it is recorded. (wrong)"]).await;
        person.has_focus_on("TEXTAREA").await;
        person.types("Reason", "It is bent").await;
        hears(&person, &["Reason"]).await;
        let too_long = "A reason has at most 500 characters.";
        let request = match command {
            "Reveal PIN" => format!("POST /api/v1{path}/reveals"),
            _ => format!("POST /api/v1{path}/processes"),
        };
        wrong(&request, "reason", too_long);
        person.clicks(command).await;
        hears(&person, &[&format!("Reason: {too_long} (wrong)")]).await;
        person.presses_escape();
        person.waits_until("it is closed", || person.texts("dialog[open]").is_empty()).await;
    }
}

#[wasm_bindgen_test]
async fn the_printed_number_is_described_by_what_is_thought_of_it() {
    let person = at_the_wizard(chip("i1"), Verdict::Ready);
    person.sees("PIV 5.7.1, as from the factory").await;
    let label = "Number printed on the card";
    let said = |what: &str| format!("{label}: {what}");
    hears(&person, &[&said("Scan it or type it from the card that is in the reader.")]).await;
    person.types(label, "TC-9999-999999").await;
    let other = "This is not the number of this card. Take the right card. (wrong)";
    hears(&person, &[&said(other)]).await;
    person.types(label, NUMBER).await;
    hears(&person, &[&said("It is this card.")]).await;
}
