//! Helpers that become helpers of a registry, and those that do not.

use crate::answer::Answer;
use crate::desk::Desk;
use crate::program::{program, words};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::enrolment::{Enrol, Enrolled, HelperKeys, RegistryTerms};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::{
    AddWorkstation, Invitation, Workstation, WorkstationState,
};
use cardwright_seal::{EnrolmentCode, Side, sha256};
use std::time::Duration;
use tempfile::TempDir;

impl Browser {
    /// Adds a workstation, as an admin.
    pub(crate) async fn add_workstation(&self, name: &str) -> Invitation {
        self.post("/workstations", &AddWorkstation { name: name.into() }).await.ok()
    }

    /// A new code for a workstation, as an admin.
    pub(crate) async fn new_code(&self, desk: &Desk) -> Invitation {
        self.post_nothing(&format!("/workstations/{}/codes", desk.id)).await.ok()
    }

    /// Adds a workstation, as an admin, and enrolls its helper.
    pub(crate) async fn add_desk(&self, name: &str) -> Desk {
        let invitation = self.add_workstation(name).await;
        self.enrol(&invitation, Desk::new("")).await
    }

    /// Enrolls a helper, which verifies what it is answered.
    pub(crate) async fn enrol(&self, invitation: &Invitation, desk: Desk) -> Desk {
        let request = enrol(invitation.code.expose(), &desk);
        let enrolled: Enrolled = self.post("/enrolments", &request).await.ok();
        let terms = terms(invitation.code.expose(), &request, &enrolled);
        assert_eq!(terms.workstation, invitation.workstation.id);
        Desk { id: terms.workstation, ..desk }
    }

    /// Tries to enroll a helper that nobody knows yet.
    pub(crate) async fn try_enrol_with(&self, invitation: &Invitation) -> Answer {
        self.try_enrol(&enrol(invitation.code.expose(), &Desk::new(""))).await
    }

    async fn try_enrol(&self, request: &Enrol) -> Answer {
        self.post("/enrolments", request).await
    }
}

/// What the helper's keys are, in its own words.
fn statement(desk: &Desk) -> HelperKeys {
    HelperKeys {
        signing_key: desk.signing_key.verifying_key().to_bytes().into(),
        sealing_key: desk.opening_key.sealing_key().to_bytes().into(),
        protocol: cardwright_protocol::helper::PROTOCOL_VERSION,
        version: "0.1.0".to_owned(),
    }
}

fn proved(code: &str, statement: String) -> Enrol {
    let code: EnrolmentCode = code.parse().unwrap();
    let proof = code.key().prove(Side::Helper, &statement);
    Enrol { invitation: code.invitation(), statement, proof }
}

/// As a helper asks.
fn enrol(code: &str, desk: &Desk) -> Enrol {
    proved(code, serde_json::to_string(&statement(desk)).unwrap())
}

/// As a helper reads the answer.
fn terms(code: &str, request: &Enrol, enrolled: &Enrolled) -> RegistryTerms {
    let key = code.parse::<EnrolmentCode>().unwrap().key();
    assert!(key.is_proved(Side::Registry, &enrolled.statement, &enrolled.proof));
    let terms: RegistryTerms = serde_json::from_str(&enrolled.statement).unwrap();
    assert_eq!(terms.answers, sha256(request.statement.as_bytes()));
    terms
}

#[tokio::test]
async fn a_code_enrolls_one_helper_which_learns_its_registry() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let invitation = admin.add_workstation("desk-3").await;
    assert_eq!((invitation.minutes, invitation.workstation.state), (15, WorkstationState::Invited));
    let stranger = registry.browser();
    let request = enrol(invitation.code.expose(), &Desk::new(""));
    let enrolled: Enrolled = stranger.try_enrol(&request).await.ok();
    let known = terms(invitation.code.expose(), &request, &enrolled);
    assert_eq!(known.workstation, invitation.workstation.id);
    assert_eq!(known.name, "desk-3".into());
    assert_eq!(known.registry_key.0, registry.key.to_bytes());
    assert!(known.origins.contains(&registry.address), "{:?}", known.origins);

    let again: Enrolled = stranger.try_enrol(&request).await.ok();
    assert_eq!(again, enrolled, "its answer may have been lost");
    let other = stranger.try_enrol(&enrol(invitation.code.expose(), &Desk::new(""))).await;
    assert_eq!(other.refused(), ProblemCode::WrongCode, "it is used");
    let workstations: Vec<Workstation> = admin.get("/workstations").await.ok();
    let of_three = workstations.iter().find(|known| known.name == "desk-3".into()).unwrap();
    assert_eq!(of_three.state, WorkstationState::Enrolled);
    assert_eq!(of_three.helper_version.as_deref(), Some("0.1.0"));
    assert_eq!((of_three.code_until.as_ref(), of_three.version), (None, 2), "once");

    registry.clock.advance(Duration::from_secs(15 * 60));
    let late = stranger.try_enrol(&request).await;
    assert_eq!(late.refused(), ProblemCode::WrongCode, "not even the same");
}

#[tokio::test]
async fn a_code_is_good_for_fifteen_minutes() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let invitations =
        [admin.add_workstation("desk-3").await, admin.add_workstation("desk-4").await];
    assert!(!registry.database_holds(invitations[0].code.expose().replace('-', "").as_bytes()));
    registry.clock.advance(Duration::from_secs(15 * 60 - 1));
    admin.enrol(&invitations[0], Desk::new("")).await;
    registry.clock.advance(Duration::from_secs(1));
    let answer =
        registry.browser().try_enrol(&enrol(invitations[1].code.expose(), &Desk::new(""))).await;
    assert_eq!(answer.refused(), ProblemCode::WrongCode);
}

/// Whoever has no code learns nothing of those that there are.
#[tokio::test]
async fn all_that_is_wrong_with_a_code_gets_one_answer() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let invitation = admin.add_workstation("desk-3").await;
    let stranger = registry.browser();
    let right = enrol(invitation.code.expose(), &Desk::new(""));
    let wrong = EnrolmentCode::generate();
    let unknown = enrol(&wrong.grouped(), &Desk::new(""));
    let wrong_proof = Enrol { invitation: right.invitation.clone(), ..unknown.clone() };
    let statement = right.statement.replacen("0.1.0", "0.1.1", 1);
    let altered = Enrol { statement, ..right.clone() };
    let by_registry = Enrol {
        proof: invitation
            .code
            .expose()
            .parse::<EnrolmentCode>()
            .unwrap()
            .key()
            .prove(Side::Registry, &right.statement),
        ..right.clone()
    };
    let mut answers = Vec::new();
    for request in [&unknown, &wrong_proof, &altered, &by_registry] {
        answers.push(stranger.try_enrol(request).await.problem());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].code, ProblemCode::WrongCode);
    let _: Enrolled = stranger.try_enrol(&right).await.ok();
}

#[tokio::test]
async fn every_field_of_an_enrolment_is_proved() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    for field in ["signing_key", "sealing_key", "protocol", "version"] {
        let invitation = admin.add_workstation(&format!("with another {field}")).await;
        let right = enrol(invitation.code.expose(), &Desk::new(""));
        let mut altered: serde_json::Value = serde_json::from_str(&right.statement).unwrap();
        let other = match field {
            "protocol" => 99.into(),
            "version" => "0.1.1".into(),
            "signing_key" => Desk::new("").signing_key.verifying_key().to_string().into(),
            _ => Desk::new("").opening_key.sealing_key().to_string().into(),
        };
        altered[field] = other;
        let altered = Enrol { statement: altered.to_string(), ..right.clone() };
        let answer = registry.browser().try_enrol(&altered).await;
        assert_eq!(answer.refused(), ProblemCode::WrongCode, "{field}");
        let _: Enrolled = registry.browser().try_enrol(&right).await.ok();
    }
}

#[tokio::test]
async fn a_code_ends_after_five_wrong_proofs() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    for (wrong, is_good) in [(4, true), (5, false)] {
        let invitation = admin.add_workstation(&format!("after {wrong}")).await;
        let right = enrol(invitation.code.expose(), &Desk::new(""));
        for _ in 0..wrong {
            let request = Enrol { proof: HexBytes(vec![0; 32]), ..right.clone() };
            let answer = registry.browser().try_enrol(&request).await;
            assert_eq!(answer.refused(), ProblemCode::WrongCode);
        }
        let answer = registry.browser().try_enrol(&right).await;
        assert_eq!(answer.status == 201, is_good, "{wrong}: {}", answer.body);
    }
    let events = registry.events("enrolment.refused").await;
    let ended = "nobody: The one-time code of after 5 ended: 5 wrong proofs";
    assert_eq!(events.iter().filter(|event| *event == ended).count(), 1, "{events:?}");
}

#[tokio::test]
async fn whoever_tries_codes_has_to_wait() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let stranger = registry.browser();
    let guess = async || {
        let code = EnrolmentCode::generate().grouped();
        stranger.try_enrol(&enrol(&code, &Desk::new(""))).await.refused()
    };
    for _ in 0..10 {
        assert_eq!(guess().await, ProblemCode::WrongCode);
    }
    assert_eq!(guess().await, ProblemCode::TooManyTries);
    let invitation = admin.add_workstation("desk-3").await;
    let right = enrol(invitation.code.expose(), &Desk::new(""));
    assert_eq!(stranger.try_enrol(&right).await.refused(), ProblemCode::TooManyTries);
    let events = registry.events("enrolment.refused").await;
    assert_eq!(events.len(), 5, "{events:?}");
    assert_eq!(events[0], "nobody: A one-time code was refused: from 127.0.0.1");

    registry.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(guess().await, ProblemCode::WrongCode);
    let events = registry.events("enrolment.refused").await;
    assert!(events[5].ends_with("; 5 more before it are not listed"), "{events:?}");
    let path = format!("/workstations/{}/codes", invitation.workstation.id);
    let invitation: Invitation = admin.post_nothing(&path).await.ok();
    let answer = stranger.try_enrol(&enrol(invitation.code.expose(), &Desk::new(""))).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn keys_that_nobody_can_use_are_refused_and_the_code_stays_good() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let invitation = admin.add_workstation("desk-3").await;
    let desk = Desk::new("");
    let good = statement(&desk);
    let point = |bytes: &[u8]| HexBytes([bytes, &vec![0; 32 - bytes.len()]].concat());
    let known = registry.desk.signing_key.verifying_key().to_bytes();
    let cases = [
        HelperKeys { signing_key: point(&[1]), ..good.clone() },
        HelperKeys { signing_key: point(&[0]), ..good.clone() },
        HelperKeys { signing_key: HexBytes(vec![7; 31]), ..good.clone() },
        HelperKeys { sealing_key: point(&[0]), ..good.clone() },
        HelperKeys { sealing_key: point(&[1]), ..good.clone() },
        HelperKeys { protocol: good.protocol - 1, ..good.clone() },
        HelperKeys { protocol: good.protocol + 1, ..good.clone() },
        HelperKeys { version: String::new(), ..good.clone() },
        HelperKeys { version: "1\n2".to_owned(), ..good.clone() },
        HelperKeys { version: "1".repeat(65), ..good.clone() },
        HelperKeys { signing_key: known.into(), ..good.clone() },
    ];
    let mut texts: Vec<String> =
        cases.iter().map(|keys| serde_json::to_string(keys).unwrap()).collect();
    texts.extend(["{}", "[]", "", "{\"more\":1}"].map(str::to_owned));
    for text in texts {
        let answer =
            registry.browser().try_enrol(&proved(invitation.code.expose(), text.clone())).await;
        assert_eq!(answer.refused(), ProblemCode::Invalid, "{text}");
    }
    admin.enrol(&invitation, desk).await;
}

#[tokio::test]
async fn a_new_code_ends_the_one_before() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let first = admin.add_workstation("desk-3").await;
    let path = format!("/workstations/{}/codes", first.workstation.id);
    let second: Invitation = admin.post_nothing(&path).await.ok();
    let answer = registry.browser().try_enrol(&enrol(first.code.expose(), &Desk::new(""))).await;
    assert_eq!(answer.refused(), ProblemCode::WrongCode);
    admin.enrol(&second, Desk::new("")).await;
}

/// Whoever has a copy of the database has no code that is good after it was restored.
#[tokio::test]
async fn a_restoration_ends_all_codes() {
    let registry = TestRegistry::empty().await;
    let invitation = registry.log_in("admin").await.add_workstation("desk-3").await;
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("copy");
    let copy = copy.to_str().unwrap();
    let registry = registry
        .restart_after(async |data| {
            words(program(&["backup", "--to", copy], data)).await.unwrap();
            words(program(&["restore", copy], data)).await.unwrap();
        })
        .await;
    let answer = registry.browser().try_enrol_with(&invitation).await;
    assert_eq!(answer.refused(), ProblemCode::WrongCode);
    let admin = registry.log_in("admin").await;
    let workstation = Desk { id: invitation.workstation.id, ..Desk::new("") };
    let invitation = admin.new_code(&workstation).await;
    admin.enrol(&invitation, workstation).await;
}

/// Many helpers at the same time with one code: one of them is enrolled.
#[tokio::test]
async fn a_code_is_used_once_at_the_same_time() {
    let registry = TestRegistry::empty().await;
    let invitation = registry.log_in("admin").await.add_workstation("desk-3").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (browser, request) =
            (registry.browser(), enrol(invitation.code.expose(), &Desk::new("")));
        tasks.spawn(async move { browser.try_enrol(&request).await.status });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403, 403, 403, 403, 403, 403, 403]);
}
