//! Helpers that end in the middle, and those that come after them.

use crate::support::{Desk, before, failure_of, insert, receipt_of, refusal};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::outcome::{Condition, FailureCause, Phase, Proved, TriesSpent};
use cardwright_virtual_card::{CardOptions, Tries};

const NONE: TriesSpent = TriesSpent { pin: 0, puk: 0 };
const ALL_OF_PUK: TriesSpent = TriesSpent { pin: 0, puk: 2 };
const ALL_OF_PIN: TriesSpent = TriesSpent { pin: 2, puk: 0 };

#[tokio::test]
async fn a_helper_killed_before_the_first_write_says_that_the_chip_is_untouched() {
    killed(&[Phase::Identify, Phase::Authenticate]).await;
}

#[tokio::test]
async fn a_helper_killed_in_a_write_says_how_far_it_came() {
    killed(&[Phase::CardCapability, Phase::Puk, Phase::Pin]).await;
}

#[tokio::test]
async fn a_helper_killed_later_says_how_far_it_came() {
    killed(&[Phase::CardHolder, Phase::Keys, Phase::ManagementKey, Phase::Verify]).await;
}

/// Kills the helper in these phases; what the next one says is not better than the truth, and then
/// the job is done.
async fn killed(phases: &[Phase]) {
    let mut desk = Desk::open();
    for (index, phase) in phases.iter().enumerate() {
        let card = CardOptions::new(index as u16);
        let mut page = desk.helper.page().await;
        let (reader, insertion) = insert(&desk.office, &mut page, index, card).await;
        desk.begin_until(&mut page, &reader, &insertion, "0a", before(*phase)).await;
        desk.helper.kill();
        desk.office.let_go(index).unwrap();
        desk.helper.start_again();

        let mut page = desk.helper.page().await;
        let outcome = page.outcomes[0].clone();
        let failure = failure_of(&outcome, &desk.helper.key);
        assert_eq!(failure.cause, FailureCause::HelperStopped);
        assert!(failure.phase >= *phase, "{failure:?}");
        let condition = match failure.phase {
            Phase::Identify | Phase::Authenticate => Condition::Untouched,
            _ => Condition::Unknown,
        };
        // The PUK is proved at the end of the authentication: nothing of it is spent afterwards.
        let tries: &[TriesSpent] = match failure.phase {
            Phase::Authenticate => &[NONE, ALL_OF_PUK],
            Phase::Pin => &[ALL_OF_PIN],
            _ => &[NONE],
        };
        assert_eq!(failure.condition, condition, "{failure:?}");
        assert!(tries.contains(&failure.tries_spent), "{failure:?}");
        let proved =
            Proved { pin: failure.phase > Phase::Pin, puk: failure.phase > Phase::Authenticate };
        assert_eq!((failure.proved, failure.keys), (proved, vec![]));
        let answer = page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
        assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");

        let (reader, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
        let outcome = desk.encode(&mut page, &reader, &insertion, "0b").await;
        let answer = page.ask(desk.helper.registry.acknowledge("0b", &outcome)).await;
        assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");
        assert_eq!(desk.office.tries(index).unwrap(), Some(Tries { pin: 3, puk: 3 }));
    }
}

#[tokio::test]
async fn a_receipt_is_offered_by_every_helper_until_it_is_acknowledged() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let outcome = desk.encode(&mut page, &reader, &insertion, "0a").await;
    let sealed = {
        let report = desk.inspect(&mut page, &reader, &insertion).await;
        desk.helper.registry.job("0a", &report)
    };
    for _ in 0..2 {
        desk.helper.kill();
        desk.helper.start_again();
        page = desk.helper.page().await;
        assert_eq!(page.outcomes, std::slice::from_ref(&outcome));
        let refused = page.refused(Request::Execute { job: sealed.clone() }).await;
        let HelperError::JobRefused { why, because: None, failure: None } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(why, "the job was accepted before");
    }
    let secrets = desk.helper.registry.contents();
    for entry in std::fs::read_dir(desk.helper.data.join("journal")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [secrets.pin.expose(), secrets.puk.expose()] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
    }
    page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
    desk.helper.kill();
    desk.helper.start_again();
    page = desk.helper.page().await;
    assert_eq!(page.outcomes, []);
    // A job of an earlier run that never began, too, is told to have ended.
    let refused = page.refused(Request::Execute { job: sealed }).await;
    let (error, failure) = refusal(refused, &desk.helper.key);
    assert!(error.cause() == HelperError::NoSuchReader && failure.is_some(), "{error:?}");
}

#[tokio::test]
async fn a_garbled_journal_stops_no_helper_and_lets_it_say_no_more_than_it_knows() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    let sealed = desk.helper.registry.job("0a", &report);
    page.ask(Request::Execute { job: sealed.clone() }).await;
    receipt_of(&page.outcome("0a").await, &desk.helper.key);
    desk.helper.kill();
    let journal = desk.helper.data.join("journal");
    std::fs::write(journal.join("0.job"), "noise").unwrap();
    std::fs::write(journal.join("unknown"), "noise").unwrap();
    desk.helper.start_again();
    let mut page = desk.helper.page().await;
    assert_eq!(page.outcomes, []);
    assert_eq!(std::fs::read(journal.join("0.unreadable")).unwrap(), b"noise");
    // It was executed, and the helper that lost this must not sign that the chip is untouched.
    let refused = page.refused(Request::Execute { job: sealed }).await;
    let HelperError::JobRefused { failure: None, .. } = refused else { panic!("{refused:?}") };
    let (reader, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.known_jobs, None, "it cannot say that it knows none");
    desk.encode(&mut page, &reader, &insertion, "0b").await;
}
