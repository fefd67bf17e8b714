//! Workstations as admins see and change them, by HTTP and at the command line.

use crate::answer::Answer;
use crate::desk::{Desk, chip};
use crate::program::{program, words};
use crate::story::Story;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::{
    AddWorkstation, ChangeWorkstation, Invitation, Workstation, WorkstationState,
};
use cardwright_protocol::secret_text::SecretText;
use expect_test::expect;
use reqwest::Method;

impl Browser {
    pub(crate) async fn revoke(&self, id: &WorkstationId) -> Workstation {
        self.post_nothing(&format!("/workstations/{id}/revoke")).await.ok()
    }

    async fn try_rename(&self, id: &WorkstationId, version: u64, name: &str) -> Answer {
        let request = ChangeWorkstation { version, name: name.into() };
        let body = serde_json::to_string(&request).unwrap();
        self.json(Method::PUT, &format!("/workstations/{id}"), body).await
    }

    async fn workstations(&self) -> Vec<Workstation> {
        self.get("/workstations").await.ok()
    }
}

/// Names, versions and states.
fn told(workstations: &[Workstation]) -> Vec<String> {
    let line = |of: &Workstation| format!("{} {} {:?}", of.name, of.version, of.state);
    workstations.iter().map(line).collect()
}

#[tokio::test]
async fn workstations_are_listed_by_name_with_all_that_is_known_of_them() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let invited = admin.add_workstation("Desk-0").await;
    admin.revoke(&registry.other_desk.id).await;
    let all = admin.workstations().await;
    let expected = ["Desk-0 1 Invited", "desk-1 2 Enrolled", "desk-2 3 Revoked"];
    assert_eq!(told(&all), expected);
    assert_eq!(all[0], invited.workstation);
    assert!(all[0].code_until.is_some() && all[0].helper_version.is_none());
    assert!(all[1].code_until.is_none() && all[1].enrolled_at.is_some());
    assert_eq!(all[1].id.0.len(), 16);
}

#[tokio::test]
async fn a_name_is_of_one_workstation_whatever_its_case() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let long = "x".repeat(65);
    for name in ["", " ", "desk-1", "DESK-1", " Desk-1 ", "two\nlines", "a\tb", &long] {
        let answer = admin.post("/workstations", &AddWorkstation { name: name.into() }).await;
        let problem = answer.problem();
        let expected = (ProblemCode::Invalid, Some("name"));
        assert_eq!((problem.code, problem.field.as_deref()), expected, "{name:?}");
    }
    let longest = admin.add_workstation(&"ä".repeat(64)).await.workstation;
    let id = &registry.desk.id;
    let answer = admin.try_rename(id, 2, "Desk-2").await;
    assert_eq!(answer.refused(), ProblemCode::Invalid);
    let renamed: Workstation = admin.try_rename(id, 2, "DESK-1").await.ok();
    assert_eq!((renamed.name, renamed.version), ("DESK-1".into(), 3));
    assert_eq!(admin.try_rename(id, 2, "x").await.refused(), ProblemCode::StaleVersion);
    assert_eq!(admin.try_rename(&"x".into(), 1, "x").await.refused(), ProblemCode::NotFound);
    let _: Workstation = admin.try_rename(&longest.id, longest.version, "Front office").await.ok();
}

#[tokio::test]
async fn a_revoked_workstation_is_revoked_for_good_and_leaves_its_name() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let id = &registry.desk.id;
    let invitation = admin.new_code(&registry.desk).await;
    let revoked = admin.revoke(id).await;
    assert_eq!((revoked.state, revoked.code_until.as_ref()), (WorkstationState::Revoked, None));
    assert_eq!(admin.revoke(id).await, revoked, "once is enough");
    let codes = format!("/workstations/{id}/codes");
    assert_eq!(admin.post_nothing(&codes).await.refused(), ProblemCode::WrongState);
    assert_eq!(admin.try_rename(id, revoked.version, "x").await.refused(), ProblemCode::WrongState);
    let answer = registry.browser().try_enrol_with(&invitation).await;
    assert_eq!(answer.refused(), ProblemCode::WrongCode, "its code ended");

    let again = admin.add_desk("desk-1").await;
    assert_ne!(again.id, *id);
    let expected = ["desk-1 3 Revoked", "desk-1 2 Enrolled", "desk-2 2 Enrolled"];
    let mut listed = told(&admin.workstations().await);
    listed.sort_by_key(|line| expected.iter().position(|expected| expected == line));
    assert_eq!(listed, expected);
    expect![[r#"
        admin: Workstation desk-1 added
        workstation desk-1: Helper 0.1.0 of workstation desk-1 enrolled
        admin: Workstation desk-2 added
        workstation desk-2: Helper 0.1.0 of workstation desk-2 enrolled
        admin: New one-time code for workstation desk-1
        admin: Workstation desk-1 revoked
        admin: Workstation desk-1 added
        workstation desk-1: Helper 0.1.0 of workstation desk-1 enrolled"#]]
    .assert_eq(&events_without_keys(&registry).await);
}

async fn events_without_keys(registry: &TestRegistry) -> String {
    let events = registry.events("workstation.").await;
    let cut = events.iter().map(|event| event.split(';').next().unwrap());
    cut.collect::<Vec<_>>().join("\n")
}

/// What helpers sign names the workstation by its id; people are shown its name of now.
#[tokio::test]
async fn a_renamed_workstation_goes_on_and_is_called_by_its_new_name() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let admin = registry.log_in("admin").await;
    let job = story.job(&chip(7)).await;
    let _: Workstation = admin.try_rename(&registry.desk.id, 2, "Front office").await.ok();
    let open = operator.process(process).await.job.unwrap();
    assert_eq!(open.workstation, "Front office".into());
    let done = operator.hand_over(&registry.desk.receipt(&job)).await.process.unwrap();
    assert_eq!(done.written.unwrap().workstation, "Front office".into());
    let _: Workstation = admin.try_rename(&registry.desk.id, 3, "Back office").await.ok();
    let written = operator.process(process).await.written.unwrap();
    assert_eq!(written.workstation, "Back office".into());
    let history = operator.history("TC-1").await;
    expect![[r#"
        operator: Encoded at Front office with 29 commands; everything was read back and proved
        operator: Encoding begun at desk-1"#]]
    .assert_eq(&history[1..3].join("\n"));
}

#[tokio::test]
async fn workstations_are_managed_at_the_command_line_while_the_registry_runs() {
    let registry = TestRegistry::empty().await;
    // The clock of the program is the real one.
    registry.clock.set_to_now();
    let admin = registry.log_in("admin").await;
    let data = registry.folder.path();
    let add = async |name: &str| {
        let printed = words(program(&["add-workstation", name], data)).await.unwrap();
        assert_eq!((printed[0][0].as_str(), printed[0][1].len()), ("code", 19));
        assert_eq!(printed[1], ["minutes", "15"]);
        printed[0][1].clone()
    };
    let invitation = async |name: &str, code: String| {
        let all = admin.workstations().await;
        let workstation = all.into_iter().find(|known| known.name == name.into()).unwrap();
        Invitation { workstation, code: SecretText::new(code), minutes: 15 }
    };
    let first = invitation("desk-3", add("desk-3").await).await;
    let second = invitation("desk-3", add("DESK-3").await).await;
    assert_eq!(first.workstation, second.workstation, "it was there");
    assert_eq!(admin.try_enrol_with(&first).await.refused(), ProblemCode::WrongCode);
    let desk = admin.enrol(&second, Desk::new("")).await;
    let third = invitation("desk-3", add("desk-3").await).await;
    assert_eq!(third.workstation.state, WorkstationState::Enrolled);
    assert_eq!(admin.enrol(&third, Desk::new("")).await.id, desk.id, "enrolled anew");

    let revoked = words(program(&["revoke-workstation", "Desk-3"], data)).await.unwrap();
    assert_eq!(revoked, [["revoked", "desk-3"]]);
    let message = words(program(&["revoke-workstation", "desk-3"], data)).await.unwrap_err();
    assert!(message.contains("There is no workstation desk-3."), "{message}");
    let message = words(program(&["add-workstation", ""], data)).await.unwrap_err();
    assert!(message.contains("1 to 64 characters"), "{message}");
    let listed = words(program(&["workstations"], data)).await.unwrap();
    let short: Vec<_> = listed.iter().map(|line| line[2..].join(" ")).collect();
    assert_eq!(
        short,
        ["desk-1 enrolled 0.1.0 -", "desk-2 enrolled 0.1.0 -", "desk-3 revoked 0.1.0 -"]
    );
    assert_eq!(listed[2][1], desk.id.0);
}
