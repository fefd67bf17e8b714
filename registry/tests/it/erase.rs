use crate::desk::{chip, mute, written};
use crate::story::Story;
use crate::world::TestRegistry;
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause, JobFailure, Phase, TriesSpent};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Verdict;
use expect_test::expect;

/// A chip of which somebody changed a secret, and that says so.
fn used(number: u8) -> ChipFacts {
    let mut facts = chip(number);
    facts.piv.as_mut().unwrap().factory_secrets = Some(false);
    facts
}

/// Asks for a job that erases: how it is refused.
async fn refused(story: &Story, facts: &ChipFacts) -> ProblemCode {
    let before = story.operator.process(&story.process).await;
    let nonce = story.operator.nonce(&story.process).await;
    let report = story.registry.desk.report(&nonce, facts);
    let answer = story.operator.try_erase(&story.process, &report, "TC-1").await;
    let code = answer.refused();
    assert_eq!(story.operator.process(&story.process).await, before, "nothing changed");
    code
}

async fn allow_erase(registry: &TestRegistry) {
    registry.log_in("admin").await.allow_erase(true).await;
}

#[tokio::test]
async fn a_used_chip_is_erased_only_by_permission_and_by_an_explicit_yes() {
    let story = Story::begin().await;
    let assessment = story.assess(&used(7)).await;
    assert_eq!((&assessment.verdict, assessment.erasable), (&Verdict::Used, false));
    assert_eq!(refused(&story, &used(7)).await, ProblemCode::NotEnabled);
    allow_erase(&story.registry).await;
    let assessment = story.assess(&used(7)).await;
    assert_eq!((&assessment.verdict, assessment.erasable), (&Verdict::Used, true));
    let report = story.registry.desk.report(&story.operator.nonce(&story.process).await, &used(7));
    let answer = story.operator.try_job(&story.process, &report, Some("TC-1")).await;
    assert_eq!(answer.refused(), ProblemCode::ChipRefused, "without the yes");

    let job = story.erase(&used(7)).await;
    assert!(job.contents.erase);
    assert_eq!((job.contents.tries_allowed.pin, job.contents.tries_allowed.puk), (1, 2));
    let phases = story.operator.process(&story.process).await.phases;
    assert!(phases.contains(&Phase::Erase));
    let done = story.operator.hand_over(&story.registry.desk.receipt(&job)).await.process.unwrap();
    assert_eq!(done.card.state, CardState::Unassigned);
    assert!(!done.phases.contains(&Phase::Erase));
    expect![[r#"
        operator: Initialize temporary card completed -> unassigned
        operator: Encoded at desk-1 with 29 commands; everything was read back and proved
        operator: Encoding begun at desk-1
        operator: Erasing the chip, which has values of somebody else: permitted by the template Temporary card, agreed to by operator
        operator: Chip 3B1F 7A02 9C07 bound to this card
        operator: Initialize temporary card started
        registry: Imported from the bureau's list -> produced"#]].assert_eq(&story.operator.history("TC-1").await.join("\n"));
}

#[tokio::test]
async fn only_chips_that_are_used_or_blocked_are_erased() {
    let story = Story::begin().await;
    allow_erase(&story.registry).await;
    assert_eq!(refused(&story, &chip(7)).await, ProblemCode::ChipRefused, "ready");
    for facts in [ChipFacts { piv: None, ..used(7) }, ChipFacts { contactless: true, ..used(7) }] {
        assert!(!story.assess(&facts).await.erasable);
        assert_eq!(refused(&story, &facts).await, ProblemCode::ChipRefused);
    }
    let mut blocked = chip(7);
    blocked.piv.as_mut().unwrap().puk_tries = Some(0);
    let assessment = story.assess(&blocked).await;
    assert_eq!((assessment.verdict, assessment.erasable), (Verdict::Blocked, true));

    let job = story.job(&chip(7)).await;
    let torn = written(&chip(7), &job);
    assert_eq!(refused(&story, &torn).await, ProblemCode::ChipRefused, "interrupted");

    // The chip of another card, though it is used.
    story.registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let other = story.operator.start("TC-2").await;
    let report = story.registry.desk.report(&story.operator.nonce(&other.id).await, &used(7));
    assert!(!story.operator.assess(&other.id, &report).await.erasable);
    let answer = story.operator.try_erase(&other.id, &report, "TC-2").await;
    assert_eq!(answer.refused(), ProblemCode::ChipRefused);
}

/// A chip may hide how many tries its PUK has left: a job more would be a try less.
#[tokio::test]
async fn a_chip_that_was_found_to_be_somebody_elses_gets_no_second_job_but_to_erase_it() {
    let foreign = |what: &str| FailureCause::Foreign { what: what.to_owned() };
    let blocked = |what: &str| FailureCause::Blocked { what: what.to_owned() };
    let table = [
        (foreign("PUK"), Verdict::Used),
        (foreign("management key"), Verdict::Used),
        (blocked("PUK"), Verdict::Blocked),
    ];
    for (cause, verdict) in table {
        let story = Story::begin().await;
        let job = story.job(&mute(7)).await;
        let failed = story.failure(&job, cause, Condition::PartlyWritten);
        let taken = story.operator.hand_over(&failed).await;
        assert_eq!(taken.process.unwrap().state, ProcessState::Failed);
        let story = story.again().await;
        let torn = written(&mute(7), &job);
        assert_eq!(story.assess(&torn).await.verdict, verdict);
        assert_eq!(refused(&story, &torn).await, ProblemCode::NotEnabled);
        allow_erase(&story.registry).await;
        assert!(story.assess(&torn).await.erasable);

        // Refused by the helper, and canceled before anything was written: no ordinary job either.
        for cause in [FailureCause::JobRefused { why: "full".to_owned() }, FailureCause::Canceled] {
            let erasing = story.erase(&torn).await;
            assert_eq!(erasing.contents.card_id, job.contents.card_id, "the same secrets");
            story.operator.hand_over(&story.failure(&erasing, cause, Condition::Untouched)).await;
            assert_eq!(story.assess(&torn).await.verdict, verdict);
        }

        // Torn after it was erased: what was begun is finished in the ordinary way.
        let erasing = story.erase(&torn).await;
        let mut failure = story.registry.desk.failure_of(
            &erasing,
            FailureCause::CardRemoved,
            Condition::PartlyWritten,
        );
        for (phase, next) in [(Phase::Erase, verdict), (Phase::Pin, Verdict::Interrupted)] {
            failure.phase = phase;
            failure.job = story.erase(&torn).await.header.job;
            story.operator.hand_over(&story.registry.desk.signed_failure(&failure)).await;
            assert_eq!(story.assess(&mute(7)).await.verdict, next, "torn in {phase:?}");
        }
        let last = story.job(&mute(7)).await;
        assert!(!last.contents.erase);
        assert_eq!(last.values().card_id, job.contents.card_id);
        let done = story.operator.hand_over(&story.registry.desk.receipt(&last)).await;
        assert_eq!(done.process.unwrap().card.state, CardState::Unassigned);
    }
}

/// Two answers to the proof of its PUK were lost: nothing says that it is somebody else's, but
/// another attempt could be the last.
#[tokio::test]
async fn a_chip_whose_budget_is_gone_is_erased_by_permission() {
    let story = Story::begin().await;
    for _ in 0..2 {
        let job = story.job(&mute(7)).await;
        let torn =
            story.registry.desk.failure_of(&job, FailureCause::CardRemoved, Condition::Untouched);
        let tries_spent = TriesSpent { pin: 0, puk: 1 };
        let torn = JobFailure { phase: Phase::Authenticate, tries_spent, ..torn };
        story.operator.hand_over(&story.registry.desk.signed_failure(&torn)).await;
    }
    let assessment = story.assess(&mute(7)).await;
    assert_eq!((assessment.verdict, assessment.erasable), (Verdict::Blocked, false));
    assert_eq!(refused(&story, &mute(7)).await, ProblemCode::NotEnabled);
    allow_erase(&story.registry).await;
    let assessment = story.assess(&mute(7)).await;
    assert_eq!((assessment.verdict, assessment.erasable), (Verdict::Blocked, true));
    let nonce = story.operator.nonce(&story.process).await;
    let report = story.registry.desk.report(&nonce, &mute(7));
    let problem = story.operator.try_job(&story.process, &report, Some("TC-1")).await.problem();
    assert!(problem.message.ends_with("Erase the chip: then it can be initialized."));
    let job = story.erase(&mute(7)).await;
    assert!(job.contents.erase);
    assert_eq!(job.contents.tries_allowed.puk, 0, "should it have no reset, a try is left");
    let history = story.operator.history("TC-1").await;
    expect!["operator: Erasing the chip, of which nobody knows whether a try of its PUK is left: permitted by the template Temporary card, agreed to by operator"].assert_eq(&history[1]);
    let done = story.operator.hand_over(&story.registry.desk.receipt(&job)).await.process.unwrap();
    assert_eq!(done.card.state, CardState::Unassigned);
}

#[tokio::test]
async fn a_chip_that_was_found_to_have_no_reset_is_not_erased_again() {
    let story = Story::begin().await;
    allow_erase(&story.registry).await;
    let desk = &story.registry.desk;
    let job = story.erase(&used(7)).await;
    let cause = FailureCause::NotSupported { what: "the chip has no reset".to_owned() };
    let failure = desk.failure_of(&job, cause, Condition::Untouched);
    let failure = JobFailure { phase: Phase::Erase, ..failure };
    story.operator.hand_over(&desk.signed_failure(&failure)).await;
    let story = story.again().await;
    let assessment = story.assess(&used(7)).await;
    assert_eq!((assessment.verdict, assessment.erasable), (Verdict::Used, false));
    assert_eq!(assessment.kind, "PIV 5.4.0, with values of its own; it cannot be erased");
    assert_eq!(refused(&story, &used(7)).await, ProblemCode::ChipRefused);
}

/// What erases a chip erases its keys.
#[tokio::test]
async fn keys_that_an_older_job_tells_of_late_are_not_on_an_erased_chip() {
    let story = Story::begin().await;
    allow_erase(&story.registry).await;
    let first = story.job(&mute(7)).await;
    let second = story.job(&mute(7)).await;
    let foreign = FailureCause::Foreign { what: "PUK".to_owned() };
    story.operator.hand_over(&story.failure(&second, foreign, Condition::Untouched)).await;
    let story = story.again().await;
    story.erase(&mute(7)).await;
    let desk = &story.registry.desk;
    let late = desk.failure_of(&first, FailureCause::CardRemoved, Condition::PartlyWritten);
    let late = JobFailure { keys: desk.receipt_of(&first).keys, ..late };
    story.operator.hand_over(&desk.signed_failure(&late)).await;
    let again = story.erase(&mute(7)).await;
    assert_eq!(again.contents.recorded_keys, []);
}

#[tokio::test]
async fn a_chip_that_its_makers_tool_set_back_is_as_good_as_new() {
    let story = Story::begin().await;
    let job = story.job(&mute(7)).await;
    let cause = FailureCause::Foreign { what: "PUK".to_owned() };
    story.operator.hand_over(&story.failure(&job, cause, Condition::Untouched)).await;
    let story = story.again().await;
    assert_eq!(story.assess(&mute(7)).await.verdict, Verdict::Used);
    assert_eq!(story.assess(&chip(7)).await.verdict, Verdict::Ready);
}

#[tokio::test]
async fn the_permission_to_erase_is_a_change_that_the_admin_answers_for() {
    let registry = TestRegistry::with_one_card().await;
    let admin = registry.log_in("admin").await;
    assert!(!admin.template().await.allow_erase);
    admin.allow_erase(true).await;
    let template = admin.template().await;
    assert!(template.allow_erase && template.confirm_number);
    admin.confirm_number(false).await;
    assert!(admin.template().await.allow_erase, "each option by itself");
}
