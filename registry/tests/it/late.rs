//! Outcomes that come late, twice, at the same time, or for a job that nobody knows.

use crate::desk::{Opened, chip, mute, written};
use crate::story::Story;
use cardwright_protocol::domain::{CardState, Command, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome};
use cardwright_protocol::registry::processes::Process;
use cardwright_seal::verify;
use expect_test::{Expect, expect};

/// What happened to the process between the job and its outcome.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    Canceled,
    TakenOver,
    AnotherJob,
    AnotherProcess,
    CardLost,
    FinishedByAnother,
}

/// Lets that happen, hands the outcome of the first job over, and tells what is true then.
async fn check(meanwhile: Meanwhile, receipt: bool, expected: Expect) {
    let story = Story::begin().await;
    let admin = story.registry.log_in("admin").await;
    let commands = [Command::InitializeTemporaryCard, Command::MarkAsLost];
    admin.enable(CardState::Produced, &commands).await;
    let first = story.job(&chip(7)).await;
    let torn = written(&chip(7), &first);
    let outcome = match receipt {
        true => story.registry.desk.receipt(&first),
        false => story.failure(&first, FailureCause::CardRemoved, Condition::PartlyWritten),
    };
    let story = happen(story, meanwhile, &torn).await;
    let before = story.operator.history("TC-1").await.len();
    let taken = story.operator.hand_over(&outcome).await;
    let again = story.operator.hand_over(&outcome).await;
    assert_eq!(again, taken, "twice is once");

    let card = story.operator.card("TC-1").await;
    let held = card.process.as_ref().map(|process| process.state.name());
    let mut told = format!(
        "card {}{}, its process {}, held by one that is {}\n",
        card.row.state.name(),
        if card.row.interrupted { " and interrupted" } else { "" },
        taken.process.unwrap().state.name(),
        held.unwrap_or("gone"),
    );
    let history = story.operator.history("TC-1").await;
    for event in history[..history.len() - before].iter().rev() {
        told += &format!("  {event}\n");
    }
    // Whether the generation is whole shows in the next job: it is of the next generation then.
    if card.row.state == CardState::Produced {
        let story = match held {
            Some(_) => story,
            None => story.again().await,
        };
        let by = match meanwhile {
            Meanwhile::TakenOver => &admin,
            _ => &story.operator,
        };
        let next = story.job_at(&story.registry.desk, by, &torn).await;
        let generation = next.contents.card_id.0[13];
        assert_eq!(generation == 1, next.contents.pin == first.contents.pin);
        told += &format!("next job: generation {generation}\n");
    }
    expected.assert_eq(&told);
}

async fn happen(
    story: Story,
    meanwhile: Meanwhile,
    torn: &cardwright_protocol::chip::ChipFacts,
) -> Story {
    match meanwhile {
        Meanwhile::Nothing => story,
        Meanwhile::Canceled => {
            let _: Process = story.operator.try_cancel(&story.process).await.ok();
            story
        }
        Meanwhile::TakenOver => {
            let admin = story.registry.log_in("admin").await;
            let _: Process = admin.try_take_over(&story.process).await.ok();
            story
        }
        Meanwhile::AnotherJob => {
            story.job(torn).await;
            story
        }
        Meanwhile::AnotherProcess => {
            let _: Process = story.operator.try_cancel(&story.process).await.ok();
            let story = story.again().await;
            story.job(torn).await;
            story
        }
        Meanwhile::CardLost => {
            let _: Process = story.operator.try_cancel(&story.process).await.ok();
            let answer = story.operator.try_start("TC-1", Command::MarkAsLost, Some("gone")).await;
            let _: Process = answer.ok();
            story
        }
        Meanwhile::FinishedByAnother => {
            let second = story.job(torn).await;
            story.operator.hand_over(&story.registry.desk.receipt(&second)).await;
            story
        }
    }
}

#[tokio::test]
async fn a_receipt_is_a_fact_and_moves_the_card_only_where_its_process_waits() {
    check(
        Meanwhile::Nothing,
        true,
        expect![[r#"
        card unassigned, its process completed, held by one that is gone
          operator: Encoded at desk-1 with 29 commands; everything was read back and proved
          operator: Initialize temporary card completed -> unassigned
    "#]],
    )
    .await;
    check(
        Meanwhile::Canceled,
        true,
        expect![[r#"
        card produced, its process canceled, held by one that is gone
          operator: Encoded at desk-1 with 29 commands; everything was read back and proved
        next job: generation 2
    "#]],
    )
    .await;
    check(
        Meanwhile::TakenOver,
        true,
        expect![[r#"
        card unassigned, its process completed, held by one that is gone
          operator: Encoded at desk-1 with 29 commands; everything was read back and proved
          operator: Initialize temporary card completed -> unassigned
    "#]],
    )
    .await;
    check(
        Meanwhile::AnotherJob,
        true,
        expect![[r#"
            card produced and interrupted, its process encoding, held by one that is encoding
              operator: Encoded at desk-1 with 29 commands; everything was read back and proved
            next job: generation 2
        "#]],
    )
    .await;
    check(
        Meanwhile::AnotherProcess,
        true,
        expect![[r#"
            card produced and interrupted, its process canceled, held by one that is encoding
              operator: Encoded at desk-1 with 29 commands; everything was read back and proved
            next job: generation 2
        "#]],
    )
    .await;
    check(
        Meanwhile::CardLost,
        true,
        expect![[r#"
        card lost, its process canceled, held by one that is gone
          operator: Encoded at desk-1 with 29 commands; everything was read back and proved
    "#]],
    )
    .await;
    check(
        Meanwhile::FinishedByAnother,
        true,
        expect![[r#"
        card unassigned, its process completed, held by one that is gone
          operator: Encoded at desk-1 with 29 commands; everything was read back and proved
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_failure_ends_no_secret_and_no_process_that_waits_for_something_else() {
    check(Meanwhile::Nothing, false, expect![[r#"
        card produced and interrupted, its process started, held by one that is started
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
        next job: generation 1
    "#]]).await;
    check(Meanwhile::Canceled, false, expect![[r#"
        card produced and interrupted, its process canceled, held by one that is gone
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
        next job: generation 1
    "#]]).await;
    check(Meanwhile::TakenOver, false, expect![[r#"
        card produced and interrupted, its process started, held by one that is started
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
        next job: generation 1
    "#]]).await;
    check(Meanwhile::AnotherJob, false, expect![[r#"
        card produced and interrupted, its process encoding, held by one that is encoding
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
        next job: generation 1
    "#]]).await;
    check(Meanwhile::AnotherProcess, false, expect![[r#"
        card produced and interrupted, its process canceled, held by one that is encoding
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
        next job: generation 1
    "#]]).await;
    check(Meanwhile::CardLost, false, expect![[r#"
        card lost and interrupted, its process canceled, held by one that is gone
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
    "#]]).await;
    check(Meanwhile::FinishedByAnother, false, expect![[r#"
        card unassigned, its process completed, held by one that is gone
          operator: Encoding at desk-1 ended early: the card was taken out of the reader; the chip is partly written
    "#]]).await;
}

/// Whatever order the outcomes of two jobs come in, the card comes to the same end.
#[tokio::test]
async fn two_outcomes_in_either_order_come_to_the_same_end() {
    for second_first in [false, true] {
        let story = Story::begin().await;
        let first = story.job(&chip(7)).await;
        let second = story.job(&written(&chip(7), &first)).await;
        let torn = story.failure(&first, FailureCause::CardRemoved, Condition::Unknown);
        let receipt = story.registry.desk.receipt(&second);
        let order = match second_first {
            true => [&receipt, &torn],
            false => [&torn, &receipt],
        };
        for outcome in order {
            story.operator.hand_over(outcome).await;
        }
        let card = story.operator.card("TC-1").await;
        assert_eq!((card.row.state, card.row.interrupted), (CardState::Unassigned, false));
    }
}

#[tokio::test]
async fn different_outcomes_at_the_same_time_change_the_state_once() {
    let story = Story::begin().await;
    let first = story.job(&chip(7)).await;
    let second = story.job(&written(&chip(7), &first)).await;
    let desk = &story.registry.desk;
    let torn = |job: &Opened| desk.failure(job, FailureCause::CardRemoved, Condition::Unknown);
    let outcomes = [desk.receipt(&first), torn(&first), desk.receipt(&second), torn(&second)];
    let mut tasks = tokio::task::JoinSet::new();
    for outcome in outcomes.iter().chain(&outcomes) {
        let (operator, outcome) = (story.operator.clone(), outcome.clone());
        tasks.spawn(async move { operator.hand_over(&outcome).await });
    }
    assert_eq!(tasks.join_all().await.len(), 8, "each is acknowledged");
    let history = story.operator.history("TC-1").await;
    let count = |part: &str| history.iter().filter(|entry| entry.contains(part)).count();
    let ends = count("everything was read back") + count("ended early");
    assert_eq!((ends, count("a job that had ended already")), (2, 2), "{history:?}");
    let completed = count("completed");
    let state = story.operator.card("TC-1").await.row.state;
    assert_eq!(completed, usize::from(state == CardState::Unassigned));
}

#[tokio::test]
async fn an_outcome_of_an_unknown_job_is_recorded_once_and_forgotten_by_its_helper() {
    let story = Story::begin().await;
    let job = story.job(&chip(7)).await;
    let desk = &story.registry.desk;
    let mut receipt = desk.receipt_of(&job);
    receipt.job = "from after the backup".into();
    let stray = Outcome::Finished(cardwright_seal::sign(&desk.signing_key, &receipt));
    let mut nowhere = desk.failure_of(&job, FailureCause::HelperStopped, Condition::Unknown);
    (nowhere.job, nowhere.card) = ("another".into(), "TC-99".into());
    let nowhere = desk.signed_failure(&nowhere);

    let mut tasks = tokio::task::JoinSet::new();
    for outcome in [&stray, &nowhere, &stray, &nowhere, &stray] {
        let (operator, outcome) = (story.operator.clone(), outcome.clone());
        tasks.spawn(async move { operator.hand_over(&outcome).await });
    }
    for taken in tasks.join_all().await {
        assert_eq!(taken.process, None);
        let acknowledged = verify(&story.registry.key, &taken.acknowledgement).unwrap();
        assert!(["from after the backup", "another"].contains(&acknowledged.job.0.as_str()));
    }
    let history = story.operator.history("TC-1").await;
    let told = "registry: desk-1 told the end of a job that this registry does not know: it was \
                encoded";
    assert_eq!(history.iter().filter(|entry| *entry == told).count(), 1, "{history:?}");
    let card = story.operator.card("TC-1").await;
    assert_eq!((card.row.state, card.row.interrupted), (CardState::Produced, true));
    assert_eq!(story.operator.process(&story.process).await.state, ProcessState::Encoding);
}

#[tokio::test]
async fn a_job_that_the_helper_refused_or_was_killed_in_leaves_the_process_open() {
    let story = Story::begin().await;
    let refused = FailureCause::JobRefused { why: "the disk is full".to_owned() };
    for (cause, condition, interrupted) in [
        (refused, Condition::Untouched, false),
        (FailureCause::HelperStopped, Condition::Unknown, true),
    ] {
        let job = story.job(&mute(7)).await;
        let taken = story.operator.hand_over(&story.failure(&job, cause, condition)).await;
        let process = taken.process.unwrap();
        assert_eq!((process.state, process.job), (ProcessState::Started, None));
        assert_eq!(process.card.interrupted, interrupted);
    }
    let job = story.job(&mute(7)).await;
    let done = story.operator.hand_over(&story.registry.desk.receipt(&job)).await;
    assert_eq!(done.process.unwrap().card.state, CardState::Unassigned);
}

#[tokio::test]
async fn interrupted_cards_are_found() {
    let story = Story::begin().await;
    story.registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let numbers = async |query: &str| {
        let page = story.operator.search(query).await;
        page.cards.into_iter().map(|card| card.number.0).collect::<Vec<_>>()
    };
    assert_eq!(numbers("interrupted=true").await, [""; 0]);
    assert_eq!(numbers("interrupted=false").await, ["TC-1", "TC-2"]);
    let job = story.job(&chip(7)).await;
    story
        .operator
        .hand_over(&story.failure(&job, FailureCause::CardHung, Condition::Unknown))
        .await;
    assert_eq!(numbers("interrupted=true").await, ["TC-1"]);
    assert_eq!(numbers("interrupted=false").await, ["TC-2"]);
    assert_eq!(numbers("interrupted=true&status=unassigned").await, [""; 0]);
    assert_eq!(numbers("").await, ["TC-1", "TC-2"]);
    let malformed = story.operator.get("/cards?interrupted=yes").await;
    assert_eq!(malformed.status, 400);
}
