//! Receipts that come after a later job for the same chip was issued.

use crate::desk::{chip, written};
use crate::story::Story;
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_protocol::registry::processes::Process;
use expect_test::expect;

/// How a later job for the same chip ended, or that nobody knows.
#[derive(Debug, Clone, Copy)]
enum Later {
    NeverTold,
    Untouched,
    PartlyWritten,
    Receipt,
}

/// A receipt proves the chip as it was: a later job may have written on it since.
#[tokio::test]
async fn a_late_receipt_counts_as_far_as_no_later_job_can_have_changed_the_chip() {
    let waits = (CardState::Produced, true, ProcessState::Started);
    let runs = (CardState::Produced, true, ProcessState::Encoding);
    let done = (CardState::Unassigned, false, ProcessState::Completed);
    let table = [
        (Later::NeverTold, false, runs),
        (Later::NeverTold, true, waits),
        (Later::Untouched, false, done),
        (Later::Untouched, true, done),
        (Later::PartlyWritten, false, waits),
        (Later::PartlyWritten, true, waits),
        (Later::Receipt, false, done),
        (Later::Receipt, true, done),
    ];
    for (later, is_taken_over, end) in table {
        for receipt_first in [false, true] {
            let story = Story::begin().await;
            let admin = story.registry.log_in("admin").await;
            let desk = &story.registry.desk;
            let first = story.job(&chip(7)).await;
            let torn = written(&chip(7), &first);
            let second = story.job(&torn).await;
            assert_eq!(second.contents.card_id, first.contents.card_id, "one generation");
            if is_taken_over {
                let _: Process = admin.try_take_over(&story.process).await.ok();
            }
            let removed = |condition| desk.failure(&second, FailureCause::CardRemoved, condition);
            let mut outcomes = vec![desk.receipt(&first)];
            outcomes.extend(match later {
                Later::NeverTold => None,
                Later::Untouched => Some(removed(Condition::Untouched)),
                Later::PartlyWritten => Some(removed(Condition::PartlyWritten)),
                Later::Receipt => Some(desk.receipt(&second)),
            });
            if !receipt_first {
                outcomes.reverse();
            }
            for outcome in &outcomes {
                story.operator.hand_over(outcome).await;
            }
            let card = story.operator.card("TC-1").await.row;
            let process = story.operator.process(&story.process).await;
            let told = (card.state, card.interrupted, process.state);
            assert_eq!(told, end, "{later:?}, {is_taken_over}, {receipt_first}");
            if card.state == CardState::Produced {
                // What was begun can be finished.
                let by = if is_taken_over { &admin } else { &story.operator };
                let next = story.job_at(desk, by, &torn).await;
                let done = by.hand_over(&desk.receipt(&next)).await.process.unwrap();
                let told = (done.card.state, done.card.interrupted);
                assert_eq!(told, (CardState::Unassigned, false));
            }
        }
    }
}

/// A helper that lost its journal said that it knows nothing of a job, which ran all the same.
#[tokio::test]
async fn a_card_that_went_on_is_interrupted_when_a_later_job_wrote_on_its_chip() {
    let story = Story::begin().await;
    let desk = &story.registry.desk;
    let first = story.job(&chip(7)).await;
    let torn = written(&chip(7), &first);
    let second = story.job(&torn).await;
    let nonce = story.operator.nonce(&story.process).await;
    let report = desk.report_with_jobs(&nonce, &torn, &[&first]);
    let third = story.operator.job(&story.process, &report, "TC-1").await;
    let third = desk.open(&third.job, &story.registry.key);
    let refused = FailureCause::JobRefused { why: "the disk is full".to_owned() };
    story.operator.hand_over(&story.failure(&third, refused, Condition::Untouched)).await;
    let done = story.operator.hand_over(&desk.receipt(&first)).await.process.unwrap();
    assert_eq!((done.card.state, done.card.interrupted), (CardState::Unassigned, false));
    let failed = story.failure(&second, FailureCause::CardRemoved, Condition::PartlyWritten);
    let marked = story.operator.hand_over(&failed).await.process.unwrap();
    assert_eq!((marked.card.state, marked.card.interrupted), (CardState::Unassigned, true));
    let history = story.operator.history("TC-1").await;
    expect![[r#"
        operator: The chip of this card was written on after it was proved: mark the card as defective
        operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written"#]]
    .assert_eq(&history[..2].join("\n"));
}
