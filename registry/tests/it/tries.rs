use crate::desk::{Opened, mute, written};
use crate::story::Story;
use crate::world::Browser;
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, Phase, Proved, TriesSpent,
};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Verdict;
use expect_test::{Expect, expect};

/// What became of a job.
enum End {
    /// Nobody will ever know.
    Unknown,
    Failed(Phase, TriesSpent, Proved),
    Refused,
    /// The helper was killed in this phase: it tells what it may have spent.
    Killed(Phase),
    /// No try of the PIN was left to the helper.
    PinBlocked,
    /// The PIN is not the one that was set.
    OtherPin,
    /// The chip was torn before its card id was written, and nobody will ever know.
    UnknownBeforeCardId,
}

const NONE: TriesSpent = TriesSpent { pin: 0, puk: 0 };
const ONE: TriesSpent = TriesSpent { pin: 0, puk: 1 };
const TWO: TriesSpent = TriesSpent { pin: 0, puk: 2 };
const ONE_OF_PIN: TriesSpent = TriesSpent { pin: 1, puk: 0 };
const UNPROVED: Proved = Proved { pin: false, puk: false };
const PUK_PROVED: Proved = Proved { pin: false, puk: true };
const PIN_PROVED: Proved = Proved { pin: true, puk: false };

/// Lets jobs for one chip end so, one after the other, and tells what each was given.
async fn check(virgin: ChipFacts, ends: &[End], expected: Expect) {
    let story = Story::begin().await;
    let mut facts = virgin.clone();
    let mut told = String::new();
    for end in ends {
        let job = story.job(&facts).await;
        told += &line(&job);
        if !matches!(end, End::UnknownBeforeCardId | End::Refused) {
            facts = written(&virgin, &job);
        }
        if let Some(failure) = failure(&story, &job, end) {
            story.operator.hand_over(&story.registry.desk.signed_failure(&failure)).await;
        }
    }
    match story.assess(&facts).await.verdict {
        Verdict::Ready | Verdict::Interrupted => told += &line(&story.job(&facts).await),
        verdict => told += &format!("{verdict:?}\n"),
    }
    expected.assert_eq(&told);
}

fn line(job: &Opened) -> String {
    let contents = &job.contents;
    let by_puk = if contents.pin_by_puk { ", PIN by PUK" } else { "" };
    let tries = contents.tries_allowed;
    format!("{:?} first, PIN {}, PUK {}{by_puk}\n", contents.puk_first, tries.pin, tries.puk)
}

fn failure(story: &Story, job: &Opened, end: &End) -> Option<JobFailure> {
    let desk = &story.registry.desk;
    let (phase, tries_spent, proved) = match end {
        End::Unknown | End::UnknownBeforeCardId => return None,
        End::Refused => {
            let cause = FailureCause::JobRefused { why: "no room".to_owned() };
            let refused = desk.failure_of(job, cause, Condition::Untouched);
            return Some(JobFailure {
                phase: Phase::Identify,
                tries_spent: TriesSpent { pin: 9, puk: 9 },
                ..refused
            });
        }
        End::Killed(phase) => {
            let killed = desk.failure_of(job, FailureCause::HelperStopped, Condition::Unknown);
            let tries = job.contents.tries_allowed;
            let tries_spent = TriesSpent {
                pin: if *phase == Phase::Pin { tries.pin } else { 0 },
                puk: if *phase == Phase::Puk { tries.puk } else { 0 },
            };
            let proved = Proved { pin: *phase > Phase::Pin, puk: *phase > Phase::Puk };
            return Some(JobFailure { phase: *phase, tries_spent, proved, ..killed });
        }
        End::PinBlocked => {
            let cause = FailureCause::Blocked { what: "PIN".to_owned() };
            let blocked = desk.failure_of(job, cause, Condition::Untouched);
            return Some(JobFailure { phase: Phase::Verify, ..blocked });
        }
        End::OtherPin => {
            let cause = FailureCause::ReadBackDiffers { what: "PIN".to_owned() };
            let differs = desk.failure_of(job, cause, Condition::PartlyWritten);
            return Some(JobFailure {
                phase: Phase::Verify,
                tries_spent: ONE_OF_PIN,
                proved: PUK_PROVED,
                ..differs
            });
        }
        End::Failed(phase, tries_spent, proved) => (*phase, *tries_spent, *proved),
    };
    let torn = desk.failure_of(job, FailureCause::CardRemoved, Condition::Unknown);
    Some(JobFailure { phase, tries_spent, proved, ..torn })
}

#[tokio::test]
async fn jobs_that_are_cut_off_begin_with_the_other_puk_until_the_budget_is_gone() {
    check(
        mute(7),
        &[End::Unknown, End::Unknown, End::Unknown],
        expect![[r#"
        Before first, PIN 1, PUK 1
        Wanted first, PIN 1, PUK 2
        Before first, PIN 0, PUK 2, PIN by PUK
        Blocked
    "#]],
    )
    .await;
}

/// The PUK is presented before anything is written, and the chip may be somebody else's.
#[tokio::test]
async fn jobs_that_were_lost_before_the_card_id_was_written_may_have_spent_a_try() {
    let ends = || [End::UnknownBeforeCardId, End::UnknownBeforeCardId, End::UnknownBeforeCardId];
    check(
        mute(7),
        &ends()[..2],
        expect![[r#"
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Blocked
    "#]],
    )
    .await;
    // It says that its values are the maker's, so that no job was wrong.
    let mut makers = mute(7);
    makers.piv.as_mut().unwrap().factory_secrets = Some(true);
    let mut tells = mute(7);
    tells.piv.as_mut().unwrap().puk_tries = Some(3);
    check(
        makers,
        &ends(),
        expect![[r#"
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
    "#]],
    )
    .await;
    check(
        tells,
        &ends(),
        expect![[r#"
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Before first, PIN 0, PUK 1, PIN by PUK
        Before first, PIN 0, PUK 1, PIN by PUK
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_failure_says_what_was_spent_and_what_the_puk_may_be() {
    check(
        mute(7),
        &[
            End::Failed(Phase::CardCapability, NONE, UNPROVED),
            End::Failed(Phase::Puk, ONE, UNPROVED),
            End::Failed(Phase::Puk, TWO, UNPROVED),
            End::Failed(Phase::Puk, ONE, PUK_PROVED),
            End::Failed(Phase::Puk, NONE, UNPROVED),
            End::Failed(Phase::Keys, NONE, UNPROVED),
            End::Failed(Phase::CardCapability, NONE, UNPROVED),
        ],
        expect![[r#"
            Before first, PIN 1, PUK 1
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
        "#]],
    )
    .await;
}

/// The answer to the first value was lost: it may have been the wrong one.
#[tokio::test]
async fn a_try_that_was_spent_in_any_phase_is_followed_by_the_other_value() {
    check(
        mute(7),
        &[
            End::Failed(Phase::CardCapability, NONE, PUK_PROVED),
            End::Failed(Phase::Authenticate, ONE, UNPROVED),
            End::Failed(Phase::Authenticate, ONE, UNPROVED),
            End::Failed(Phase::Authenticate, NONE, PUK_PROVED),
            End::Failed(Phase::Verify, ONE, UNPROVED),
            End::Failed(Phase::Authenticate, NONE, UNPROVED),
        ],
        expect![[r#"
            Before first, PIN 1, PUK 1
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Before first, PIN 1, PUK 2
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
        "#]],
    )
    .await;
}

/// Whoever presented it again would find the same.
#[tokio::test]
async fn a_pin_that_was_found_to_be_another_is_set_by_the_puk() {
    check(
        mute(7),
        &[
            End::OtherPin,
            End::Failed(Phase::Authenticate, NONE, UNPROVED),
            End::Failed(Phase::Keys, NONE, PUK_PROVED),
        ],
        expect![[r#"
            Before first, PIN 1, PUK 1
            Wanted first, PIN 1, PUK 2, PIN by PUK
            Wanted first, PIN 1, PUK 2, PIN by PUK
            Wanted first, PIN 1, PUK 2
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_job_that_the_helper_refused_spent_nothing() {
    check(
        mute(7),
        &[End::Refused, End::Refused, End::Refused],
        expect![[r#"
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
        Before first, PIN 1, PUK 1
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_pin_of_which_too_few_tries_are_left_is_set_by_the_puk() {
    check(
        mute(7),
        &[
            End::Failed(Phase::Keys, ONE_OF_PIN, PUK_PROVED),
            End::Failed(Phase::Keys, ONE_OF_PIN, PUK_PROVED),
            End::Failed(Phase::Keys, NONE, PIN_PROVED),
        ],
        expect![[r#"
            Before first, PIN 1, PUK 1
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 0, PUK 2, PIN by PUK
            Wanted first, PIN 1, PUK 2
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_helper_that_is_killed_again_and_again_costs_no_puk_but_in_its_phase() {
    check(
        mute(7),
        &[
            End::Killed(Phase::Authenticate),
            End::Killed(Phase::Authenticate),
            End::Killed(Phase::Puk),
            End::Killed(Phase::Pin),
            End::Killed(Phase::Pin),
            End::Killed(Phase::Keys),
            End::Killed(Phase::ManagementKey),
            End::Killed(Phase::Puk),
            End::Killed(Phase::Puk),
            End::Killed(Phase::Keys),
        ],
        expect![[r#"
            Before first, PIN 1, PUK 1
            Before first, PIN 1, PUK 2
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 0, PUK 2, PIN by PUK
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Before first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
            Wanted first, PIN 1, PUK 2
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_the_chip_tells_of_its_counters_is_what_counts() {
    let told = |pin, puk| {
        let mut facts = mute(7);
        let piv = facts.piv.as_mut().unwrap();
        (piv.pin_tries, piv.puk_tries) = (Some(pin), Some(puk));
        facts
    };
    let ends = || [End::Unknown, End::Unknown, End::Unknown];
    check(
        told(3, 3),
        &ends(),
        expect![[r#"
        Before first, PIN 1, PUK 1
        Wanted first, PIN 1, PUK 2
        Before first, PIN 1, PUK 2
        Wanted first, PIN 1, PUK 2
    "#]],
    )
    .await;
    check(
        told(1, 2),
        &ends(),
        expect![[r#"
        Before first, PIN 0, PUK 1, PIN by PUK
        Wanted first, PIN 0, PUK 1, PIN by PUK
        Before first, PIN 0, PUK 1, PIN by PUK
        Wanted first, PIN 0, PUK 1, PIN by PUK
    "#]],
    )
    .await;
    check(
        told(1, 1),
        &[],
        expect![[r#"
        Blocked
    "#]],
    )
    .await;
    check(
        told(0, 3),
        &[],
        expect![[r#"
        Blocked
    "#]],
    )
    .await;
}

/// The process fails, since nobody at the desk can mend it; the next one does.
#[tokio::test]
async fn a_pin_without_tries_is_set_by_the_puk_of_the_next_job() {
    let story = Story::begin().await;
    let first = story.job(&mute(7)).await;
    let failed = failure(&story, &first, &End::PinBlocked).unwrap();
    let taken = story.operator.hand_over(&story.registry.desk.signed_failure(&failed)).await;
    assert_eq!(taken.process.unwrap().state, ProcessState::Failed);
    let story = story.again().await;
    let next = story.job(&written(&mute(7), &first)).await;
    expect![[r#"
        Wanted first, PIN 0, PUK 2, PIN by PUK
    "#]]
    .assert_eq(&line(&next));
}

#[tokio::test]
async fn a_chip_without_budget_gets_no_job_and_says_why() {
    let story = Story::begin().await;
    let first = story.job(&mute(7)).await;
    let torn = written(&mute(7), &first);
    for _ in 0..2 {
        story.job(&torn).await;
    }
    let assessment = story.assess(&torn).await;
    assert_eq!(assessment.verdict, Verdict::Blocked);
    assert_eq!(assessment.kind, "PIV 5.4.0; too many encodings were cut off around its PUK");
    assert!(!assessment.erasable);
    let report = story.registry.desk.report(&story.operator.nonce(&story.process).await, &torn);
    let problem = story.operator.try_job(&story.process, &report, Some("TC-1")).await.problem();
    assert_eq!(problem.code, ProblemCode::ChipRefused);
    expect![[r#"Too many encodings of this chip were cut off when they may just have presented its PUK, or nobody knows how they ended: another attempt could be the PUK's last. If one of them was at another workstation, put the card in there. Otherwise ask an admin to allow that used chips are erased: then it can be initialized."#]]
        .assert_eq(&problem.message);
    assert_eq!(state(&story.operator, &story).await, ProcessState::Encoding, "nothing changed");

    // A job whose end is told at last gives its tries back.
    let told = story.failure(&first, FailureCause::CardHung, Condition::PartlyWritten);
    story.operator.hand_over(&told).await;
    assert_eq!(story.assess(&torn).await.verdict, Verdict::Interrupted);
}

async fn state(operator: &Browser, story: &Story) -> ProcessState {
    operator.process(&story.process).await.state
}
