//! What helpers and the registry refuse is in the audit log, and cannot fill it.

use crate::answer::Answer;
use crate::desk::{Desk, chip};
use crate::story::Story;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::Refusal;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_seal::sign;
use std::time::Duration;

impl Browser {
    async fn try_refusal(&self, desk: &Desk, hash: u8, why: &str) -> Answer {
        let refusal = Refusal {
            workstation: desk.id.clone(),
            why: why.to_owned(),
            refused_hash: HexBytes(vec![hash; 32]),
        };
        self.post("/refusals", &sign(&desk.signing_key, &refusal)).await
    }
}

#[tokio::test]
async fn what_a_helper_refused_is_recorded_once() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let desk = &registry.desk;
    for _ in 0..2 {
        assert_eq!(operator.try_refusal(desk, 7, "the signature\ndoes not fit").await.status, 204);
    }
    assert_eq!(operator.try_refusal(desk, 8, &"x".repeat(5000)).await.status, 204);
    let told = |why: &str, hash: &str| {
        let hash = hash.repeat(32);
        format!("operator: desk-1 refused{why}; what it refused has the SHA-256 {hash}")
    };
    let mut expected = vec![
        told(": the signature does not fit", "07"),
        told(&format!(": {}", "x".repeat(200)), "08"),
    ];
    assert_eq!(registry.events("refusal.by-helper").await, expected);
    registry.log_in("admin").await.revoke(&desk.id).await;
    assert_eq!(operator.try_refusal(desk, 9, "late").await.status, 204);
    expected.push(told(", with a key of before: late", "09"));
    assert_eq!(registry.events("refusal.by-helper").await, expected);

    let stranger = Desk { id: desk.id.clone(), ..Desk::new("") };
    let answer = operator.try_refusal(&stranger, 10, "made up").await;
    assert_eq!(answer.refused(), ProblemCode::BadSignature);
    let auditor = registry.log_in("auditor").await;
    let answer = auditor.try_refusal(&registry.other_desk, 10, "not theirs").await;
    assert_eq!(answer.refused(), ProblemCode::NotPermitted);
    assert_eq!(registry.events("refusal.by-helper").await, expected);
}

#[tokio::test]
async fn a_page_that_makes_its_helper_refuse_all_day_fills_no_log() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    for hash in 0..50 {
        let answer = operator.try_refusal(&registry.desk, hash, "altered").await;
        assert_eq!(answer.status, 204);
    }
    assert_eq!(registry.events("refusal.by-helper").await.len(), 10);
    assert_eq!(operator.try_refusal(&registry.other_desk, 99, "altered").await.status, 204);
    registry.clock.advance(Duration::from_secs(600));
    assert_eq!(operator.try_refusal(&registry.desk, 100, "altered").await.status, 204);
    let events = registry.events("refusal.by-helper").await;
    assert_eq!(events.len(), 12);
    assert!(events[11].ends_with("; 40 more before it are not listed"), "{}", events[11]);
}

#[tokio::test]
async fn what_the_registry_refuses_is_recorded_once_a_minute_of_each_kind() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let desk = &registry.desk;
    let nonce = operator.nonce(process).await;
    let report = desk.report(&nonce, &chip(7));
    let job = desk.open(&operator.job(process, &report, "TC-1").await.job, &registry.key);
    let stranger = Desk { id: desk.id.clone(), ..Desk::new("") };
    let mut of_another_card = desk.receipt_of(&job);
    of_another_card.card = "TC-2".into();
    let of_another_card =
        cardwright_protocol::outcome::Outcome::Finished(sign(&desk.signing_key, &of_another_card));
    for _ in 0..3 {
        let answer = operator.try_job(process, &report, Some("TC-1")).await;
        assert_eq!(answer.refused(), ProblemCode::StaleReport, "replayed");
        let answer = operator.try_assess(process, &stranger.report(&nonce, &chip(7))).await;
        assert_eq!(answer.refused(), ProblemCode::BadSignature, "foreign");
        let answer = operator.try_hand_over(&stranger.receipt(&job)).await;
        assert_eq!(answer.refused(), ProblemCode::BadSignature, "foreign");
        let answer = operator.try_hand_over(&of_another_card).await;
        assert_eq!(answer.refused(), ProblemCode::Invalid, "of another card");
    }
    let expected = [
        "operator: A report was refused: it answers no nonce, or one that was used",
        "operator: A report was refused: its signature is not by a current key of its workstation",
        "operator: An outcome was refused: its signature is not by a current key of its workstation",
        "operator: An outcome was refused: it does not fit its job",
    ];
    assert_eq!(registry.events("refusal.by-registry").await, expected);
    registry.clock.advance(Duration::from_secs(60));
    let answer = operator.try_hand_over(&of_another_card).await;
    assert_eq!(answer.refused(), ProblemCode::Invalid);
    let events = registry.events("refusal.by-registry").await;
    assert_eq!(events[4], format!("{}; 2 more before it are not listed", expected[3]));
    // A number that was typed wrongly is no attack.
    let next = desk.report(&operator.nonce(process).await, &chip(7));
    let answer = operator.try_job(process, &next, Some("TC-9")).await;
    assert_eq!(answer.refused(), ProblemCode::Invalid);
    assert_eq!(registry.events("refusal.by-registry").await.len(), 5);
}
