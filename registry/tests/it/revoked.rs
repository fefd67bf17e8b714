//! What helpers deliver whose workstation was revoked, or enrolled anew, since.

use crate::desk::{Desk, Opened, chip, mute, written};
use crate::story::Story;
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::OutcomeTaken;
use cardwright_seal::{open_job, sign, verify};
use expect_test::expect;

/// How a helper's key came to be no longer current.
#[derive(Debug, Clone, Copy)]
enum End {
    Revoked,
    EnrolledAnew,
}

const ENDS: [End; 2] = [End::Revoked, End::EnrolledAnew];

impl Story {
    /// The key of the first desk is no longer current; the helper that has its place, if any.
    async fn end_key(&self, end: End) -> Option<Desk> {
        let admin = self.registry.log_in("admin").await;
        let desk = &self.registry.desk;
        match end {
            End::Revoked => {
                admin.revoke(&desk.id).await;
                None
            }
            End::EnrolledAnew => {
                let invitation = admin.new_code(desk).await;
                let anew = admin.enrol(&invitation, Desk::new("")).await;
                assert_eq!(anew.id, desk.id);
                Some(anew)
            }
        }
    }

    /// State of card and process: nothing has moved, and the card is marked or not.
    async fn assert_waits(&self, interrupted: bool) {
        let process = self.operator.process(&self.process).await;
        assert_eq!((process.state, &process.job), (ProcessState::Started, &None));
        let card = (process.card.state, process.card.interrupted);
        assert_eq!(card, (CardState::Produced, interrupted));
    }

    /// Hands over what is acknowledged.
    async fn acknowledged(&self, outcome: &Outcome, job: &Opened) -> OutcomeTaken {
        let taken = self.operator.hand_over(outcome).await;
        let acknowledged = verify(&self.registry.key, &taken.acknowledgement).unwrap();
        assert_eq!(acknowledged.job, job.header.job);
        assert_eq!(self.operator.hand_over(outcome).await, taken, "twice is once");
        taken
    }
}

#[tokio::test]
async fn a_report_with_a_key_that_is_not_current_gets_no_job() {
    for end in ENDS {
        let story = Story::begin().await;
        let Story { registry, operator, process } = &story;
        let before = registry.desk.report(&operator.nonce(process).await, &chip(7));
        let anew = story.end_key(end).await;
        let after = registry.desk.report(&operator.nonce(process).await, &chip(7));
        for report in [&before, &after] {
            for answer in [
                operator.try_assess(process, report).await,
                operator.try_job(process, report, Some("TC-1")).await,
            ] {
                let problem = answer.problem();
                assert_eq!(problem.code, ProblemCode::BadSignature, "{end:?}");
                assert!(problem.message.starts_with("desk-1 was"), "{}", problem.message);
            }
        }
        story.assert_waits(false).await;
        if let Some(anew) = anew {
            let report = anew.report(&operator.nonce(process).await, &chip(7));
            let issued = operator.job(process, &report, "TC-1").await;
            anew.open(&issued.job, &registry.key);
            let opened = open_job(&issued.job, &registry.key, &registry.desk.opening_key);
            assert!(opened.is_err(), "sealed to the current key only");
        }
    }
}

#[tokio::test]
async fn a_late_receipt_is_recorded_and_moves_no_card_until_the_chip_is_verified_elsewhere() {
    for end in ENDS {
        let story = Story::begin().await;
        let Story { registry, operator, .. } = &story;
        let first = story.job(&chip(7)).await;
        story.end_key(end).await;
        assert_eq!(operator.process(&story.process).await.state, ProcessState::Encoding);
        story.acknowledged(&registry.desk.receipt(&first), &first).await;
        story.assert_waits(true).await;
        let done = written(&chip(7), &first);
        let second = story.job_at(&registry.other_desk, operator, &done).await;
        assert_ne!(second.contents.pin, first.contents.pin, "the old workstation knows that one");
        assert_eq!(second.contents.card_id.0[13], 2);
        operator.hand_over(&registry.other_desk.receipt(&second)).await;
        let card = operator.card("TC-1").await.row;
        assert_eq!((card.state, card.interrupted), (CardState::Unassigned, false), "{end:?}");
        let history = operator.history("TC-1").await;
        expect![[r#"
            operator: Initialize temporary card completed -> unassigned
            operator: Encoded at desk-2 with 29 commands; everything was read back and proved
            operator: Encoding begun at desk-2
            operator: Encoded at desk-1 with 29 commands; everything was read back and proved; its key is no longer that of the workstation: the chip is to be verified again
            operator: Encoding begun at desk-1"#]].assert_eq(&history[..5].join("\n"));
    }
}

#[tokio::test]
async fn a_late_failure_ends_no_process_and_proves_nothing() {
    let foreign = FailureCause::Foreign { what: "PUK".to_owned() };
    for end in ENDS {
        for (cause, condition) in [
            (FailureCause::CardRemoved, Condition::PartlyWritten),
            (FailureCause::CardRemoved, Condition::Untouched),
            (foreign.clone(), Condition::Untouched),
        ] {
            let story = Story::begin().await;
            let first = story.job(&chip(7)).await;
            story.end_key(end).await;
            let failure = story.failure(&first, cause.clone(), condition);
            story.acknowledged(&failure, &first).await;
            story.assert_waits(true).await;
            let told = story.operator.process(&story.process).await.failure.unwrap();
            assert_eq!((told.cause, told.condition), (cause.clone(), condition));
            // Nor does it keep the chip from being encoded elsewhere.
            story.job_at(&story.registry.other_desk, &story.operator, &mute(7)).await;
        }
    }
}

/// A helper that lies after it was revoked takes the way to no chip, and no key of its own is taken
/// for the chip's.
#[tokio::test]
async fn a_doubted_outcome_hides_no_keying_and_leaves_no_key() {
    for end in ENDS {
        let story = Story::begin().await;
        let Story { registry, operator, .. } = &story;
        let (desk, other) = (&registry.desk, &registry.other_desk);
        let first = story.job_at(other, operator, &chip(7)).await;
        let done = written(&chip(7), &first);
        // Not known to have ended, so that the card waits although its chip is proved.
        let second = story.job_at(desk, operator, &done).await;
        operator.hand_over(&other.receipt(&first)).await;
        let never_done = story.job_at(desk, operator, &done).await;
        assert_ne!(never_done.contents.card_id, first.contents.card_id);
        let (cause, condition) = (FailureCause::CardRemoved, Condition::Untouched);
        operator.hand_over(&desk.failure(&second, cause, condition)).await;
        story.end_key(end).await;
        story.acknowledged(&desk.receipt(&never_done), &never_done).await;
        let third = story.job_at(other, operator, &done).await;
        let ids: Vec<_> = third.contents.candidates.iter().map(|of| of.card_id.clone()).collect();
        for keying in [&first, &never_done] {
            assert!(ids.contains(&Some(keying.contents.card_id.clone())), "{end:?}: {ids:?}");
        }
        operator.hand_over(&other.receipt(&third)).await;
        let card = operator.card("TC-1").await.row;
        assert_eq!((card.state, card.interrupted), (CardState::Unassigned, false), "{end:?}");
    }
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let first = story.job(&chip(7)).await;
    story.end_key(End::Revoked).await;
    let mut failure =
        registry.desk.failure_of(&first, FailureCause::CardRemoved, Condition::PartlyWritten);
    failure.keys = registry.desk.receipt_of(&first).keys;
    story.acknowledged(&registry.desk.signed_failure(&failure), &first).await;
    let torn = written(&chip(7), &first);
    let second = story.job_at(&registry.other_desk, operator, &torn).await;
    assert_eq!(second.contents.card_id, first.contents.card_id, "pending secrets stay");
    assert_eq!(second.contents.recorded_keys, []);
}

/// The card goes on neither by a receipt of before nor by what is doubted of a later job.
#[tokio::test]
async fn what_is_doubted_completes_nothing_later_either() {
    for is_first_doubted in [true, false] {
        let story = Story::begin().await;
        let Story { registry, operator, process } = &story;
        let (desk, other) = (&registry.desk, &registry.other_desk);
        let (first_at, second_at) = if is_first_doubted { (desk, other) } else { (other, desk) };
        let first = story.job_at(first_at, operator, &chip(7)).await;
        let second = story.job_at(second_at, operator, &written(&chip(7), &first)).await;
        story.end_key(End::Revoked).await;
        operator.hand_over(&first_at.receipt(&first)).await;
        let (cause, condition) = (FailureCause::CardRemoved, Condition::Untouched);
        operator.hand_over(&second_at.failure(&second, cause, condition)).await;
        story.assert_waits(true).await;
        let third = story.job_at(other, operator, &written(&chip(7), &first)).await;
        operator.hand_over(&other.receipt(&third)).await;
        let process = operator.process(process).await;
        assert_eq!(process.card.state, CardState::Unassigned, "{is_first_doubted}");
    }
}

#[tokio::test]
async fn a_card_that_went_on_stays_when_a_doubted_outcome_comes() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let first = story.job(&chip(7)).await;
    let torn = written(&chip(7), &first);
    let second = story.job_at(&registry.other_desk, operator, &torn).await;
    operator.hand_over(&registry.other_desk.receipt(&second)).await;
    story.end_key(End::Revoked).await;
    story.acknowledged(&registry.desk.receipt(&first), &first).await;
    let card = operator.card("TC-1").await.row;
    assert_eq!((card.state, card.interrupted), (CardState::Unassigned, false));
}

#[tokio::test]
async fn the_journal_of_a_helper_that_was_enrolled_anew_says_nothing_of_older_jobs() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let first = story.job(&chip(7)).await;
    let anew = story.end_key(End::EnrolledAnew).await.unwrap();
    let report = anew.report_with_jobs(&operator.nonce(process).await, &chip(7), &[]);
    operator.job(process, &report, "TC-1").await;
    let history = operator.history("TC-1").await;
    assert!(!history.iter().any(|event| event.contains("never reached")), "{history:?}");
    story.acknowledged(&registry.desk.receipt(&first), &first).await;
}

#[tokio::test]
async fn an_unknown_job_of_a_revoked_workstation_marks_no_card() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let job = story.job(&chip(7)).await;
    operator.hand_over(&story.failure(&job, FailureCause::Internal, Condition::Untouched)).await;
    story.end_key(End::Revoked).await;
    let mut receipt = registry.desk.receipt_of(&job);
    receipt.job = "made up".into();
    let stray = Outcome::Finished(sign(&registry.desk.signing_key, &receipt));
    assert_eq!(operator.hand_over(&stray).await.process, None);
    story.assert_waits(false).await;
    let events = registry.events("outcome.stray").await;
    assert!(events[0].ends_with("its key is no longer current"), "{events:?}");
}

#[tokio::test]
async fn an_outcome_is_by_the_workstation_of_its_job_alone() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let job = story.job(&chip(7)).await;
    let mut receipt = registry.desk.receipt_of(&job);
    let by_other = Outcome::Finished(sign(&registry.other_desk.signing_key, &receipt));
    let answer = operator.try_hand_over(&by_other).await;
    assert_eq!(answer.refused(), ProblemCode::BadSignature);
    receipt.workstation = registry.other_desk.id.clone();
    let of_other = Outcome::Finished(sign(&registry.other_desk.signing_key, &receipt));
    let problem = operator.try_hand_over(&of_other).await.problem();
    let expected = (ProblemCode::Invalid, Some("workstation"));
    assert_eq!((problem.code, problem.field.as_deref()), expected);
    assert_eq!(operator.process(process).await.state, ProcessState::Encoding);
}
