//! Jobs that never reached their helper, which says so by the jobs that it knows.

use crate::desk::{Desk, Opened, chip, mute, written};
use crate::story::Story;
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{IssuedJob, Verdict};
use cardwright_seal::PukFirst;
use expect_test::expect;

/// A job over a report of a helper that knows these jobs.
async fn job_at(story: &Story, desk: &Desk, facts: &ChipFacts, known: &[&Opened]) -> Opened {
    let nonce = story.operator.nonce(&story.process).await;
    let report = desk.report_with_jobs(&nonce, facts, known);
    let issued = story.operator.job(&story.process, &report, "TC-1").await;
    desk.open(&issued.job, &story.registry.key)
}

async fn verdict_at(story: &Story, desk: &Desk, facts: &ChipFacts, known: &[&Opened]) -> Verdict {
    let nonce = story.operator.nonce(&story.process).await;
    let report = desk.report_with_jobs(&nonce, facts, known);
    story.operator.assess(&story.process, &report).await.verdict
}

fn order(job: &Opened) -> (PukFirst, u8) {
    (job.contents.puk_first, job.contents.tries_allowed.pin)
}

#[tokio::test]
async fn a_page_that_closes_before_the_helper_has_the_job_costs_nothing() {
    let story = Story::begin().await;
    let desk = &story.registry.desk;
    let first = story.job(&mute(7)).await;
    let torn = written(&mute(7), &first);
    let failed = story.failure(&first, FailureCause::CardRemoved, Condition::PartlyWritten);
    story.operator.hand_over(&failed).await;
    for _ in 0..5 {
        let job = job_at(&story, desk, &torn, &[]).await;
        assert_eq!(order(&job), (PukFirst::Wanted, 1), "as if there had been none before");
    }
    assert_eq!(verdict_at(&story, desk, &torn, &[]).await, Verdict::Interrupted);
    let last = job_at(&story, desk, &torn, &[]).await;
    let done = story.operator.hand_over(&desk.receipt(&last)).await.process.unwrap();
    assert_eq!(done.card.state, CardState::Unassigned);
    let history = story.operator.history("TC-1").await;
    let told = |text: &str| history.iter().filter(|line| line.contains(text)).count();
    assert_eq!(told("The encoding at desk-1 never reached the helper"), 5);
    assert_eq!(told("takes its place"), 0);
}

#[tokio::test]
async fn nor_before_anything_was_written() {
    let story = Story::begin().await;
    let desk = &story.registry.desk;
    for _ in 0..5 {
        let job = job_at(&story, desk, &mute(7), &[]).await;
        assert_eq!(order(&job), (PukFirst::Before, 1));
    }
    assert_eq!(verdict_at(&story, desk, &mute(7), &[]).await, Verdict::Ready);
}

#[tokio::test]
async fn the_history_says_that_it_never_began() {
    let story = Story::begin().await;
    story.job(&chip(7)).await;
    let last = job_at(&story, &story.registry.desk, &chip(7), &[]).await;
    assert!(!story.operator.card("TC-1").await.row.interrupted, "nothing was begun");
    story.operator.hand_over(&story.registry.desk.receipt(&last)).await;
    expect![[r#"
        operator: Initialize temporary card completed -> unassigned
        operator: Encoded at desk-1 with 29 commands; everything was read back and proved
        operator: Encoding begun at desk-1
        operator: The encoding at desk-1 never reached the helper
        operator: Encoding begun at desk-1
        operator: Chip 3B1F 7A02 9C07 bound to this card
        operator: Initialize temporary card started
        registry: Imported from the bureau's list -> produced"#]]
    .assert_eq(&story.operator.history("TC-1").await.join("\n"));
}

#[tokio::test]
async fn what_a_helper_knows_or_cannot_say_counts_as_before() {
    for is_known in [true, false] {
        let story = Story::begin().await;
        let desk = &story.registry.desk;
        let first = story.job(&mute(7)).await;
        let torn = written(&mute(7), &first);
        // It runs or waits; or the helper's journal lost something.
        let second = match is_known {
            true => job_at(&story, desk, &torn, &[&first]).await,
            false => story.job(&torn).await,
        };
        assert_eq!(order(&second), (PukFirst::Wanted, 1));
        let third = match is_known {
            true => job_at(&story, desk, &torn, &[&second, &first]).await,
            false => story.job(&torn).await,
        };
        assert_eq!(order(&third), (PukFirst::Before, 0));
        let verdict = match is_known {
            true => verdict_at(&story, desk, &torn, &[&first, &second, &third]).await,
            false => story.assess(&torn).await.verdict,
        };
        assert_eq!(verdict, Verdict::Blocked, "{is_known}");
        // One that is assessed is not settled: only a job that is issued is taken down.
        let verdict = verdict_at(&story, desk, &torn, &[&second, &third]).await;
        assert_eq!(verdict, Verdict::Interrupted);
        assert_eq!(story.assess(&torn).await.verdict, Verdict::Blocked);
    }
}

#[tokio::test]
async fn a_helper_says_nothing_of_jobs_of_another_workstation() {
    let story = Story::begin().await;
    let (desk, other) = (&story.registry.desk, &story.registry.other_desk);
    let first = story.job(&mute(7)).await;
    let torn = written(&mute(7), &first);
    let second = job_at(&story, other, &torn, &[]).await;
    assert_eq!(order(&second), (PukFirst::Wanted, 1), "the first may have begun");
    let third = job_at(&story, other, &torn, &[&second]).await;
    assert_eq!(order(&third), (PukFirst::Before, 0));
    assert_eq!(verdict_at(&story, other, &torn, &[&second, &third]).await, Verdict::Blocked);
    assert_eq!(verdict_at(&story, other, &torn, &[]).await, Verdict::Interrupted);
    // At the first workstation it is known that the first never began; the others may have.
    let fourth = job_at(&story, desk, &torn, &[]).await;
    assert_eq!(order(&fourth), (PukFirst::Wanted, 1));
    // Then nothing of that is asked again.
    let fifth = job_at(&story, other, &torn, &[]).await;
    assert_eq!(order(&fifth), (PukFirst::Before, 1), "the fourth alone counts");
}

#[tokio::test]
async fn an_outcome_that_comes_all_the_same_is_a_fact() {
    let story = Story::begin().await;
    let desk = &story.registry.desk;
    let first = story.job(&mute(7)).await;
    let torn = written(&mute(7), &first);
    let second = job_at(&story, desk, &torn, &[]).await;
    let failed = story.failure(&first, FailureCause::CardRemoved, Condition::PartlyWritten);
    story.operator.hand_over(&failed).await;
    let waits = story.operator.process(&story.process).await;
    assert_eq!(waits.state, ProcessState::Encoding, "for the second");
    let third = job_at(&story, desk, &torn, &[]).await;
    let taken = story.operator.hand_over(&desk.receipt(&second)).await.process.unwrap();
    assert_eq!((taken.card.state, taken.card.interrupted), (CardState::Produced, true));
    assert_eq!(taken.state, ProcessState::Encoding, "for the third");
    let done = story.operator.hand_over(&desk.receipt(&third)).await.process.unwrap();
    assert_eq!(done.card.state, CardState::Unassigned);
}

/// Otherwise a report of before would say that the job never began.
#[tokio::test]
async fn a_report_from_before_a_job_is_of_no_use_after_it() {
    let story = Story::begin().await;
    let desk = &story.registry.desk;
    let nonce = story.operator.nonce(&story.process).await;
    let before = desk.report_with_jobs(&nonce, &mute(7), &[]);
    let first = story.job(&mute(7)).await;
    let refused = story.operator.try_assess(&story.process, &before).await;
    assert_eq!(refused.refused(), ProblemCode::StaleReport);
    let refused = story.operator.try_job(&story.process, &before, Some("TC-1")).await;
    assert_eq!(refused.refused(), ProblemCode::StaleReport);
    let _: IssuedJob = {
        let nonce = story.operator.nonce(&story.process).await;
        let report = desk.report_with_jobs(&nonce, &mute(7), &[&first]);
        story.operator.try_job(&story.process, &report, Some("TC-1")).await.ok()
    };
}
