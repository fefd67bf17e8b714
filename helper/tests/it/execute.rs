use crate::support::{Desk, Page, failure_of, insert, receipt_of};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};
use cardwright_seal::{SigningKey, seal_job};
use cardwright_virtual_card::{CardOptions, Interface, Trace, Tries};
use std::time::Duration;

/// Every answer of a card takes this long, so that a test can act while a job runs.
const SLOW: Duration = Duration::from_millis(60);

async fn accepted(page: &mut Page, job: SealedJob) {
    let answer = page.ask(Request::Execute { job }).await;
    assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_job_makes_the_chip_into_what_its_profile_says() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, report) = desk.inspected(&mut page).await;
    accepted(&mut page, desk.helper.registry.job("0a", &report)).await;
    let mut phases = Vec::new();
    let outcome = loop {
        match page.receive().await {
            Message::Progress { job } => {
                assert_eq!((&job.job.0[..], &job.reader), ("0a", &reader.id));
                assert!(job.step <= job.of, "{job:?}");
                phases.push(job.phase);
            }
            Message::Ended { outcome, .. } => break outcome,
            // The chip must not seem to be in use by another program meanwhile.
            Message::ReaderChanged { reader, .. } => panic!("{reader:?}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(phases, Phase::ALL);
    let receipt = receipt_of(&outcome, &desk.helper.key);
    let contents = desk.helper.registry.contents();
    assert_eq!(receipt.chip.card_id, Some(contents.card_id));
    assert_eq!(receipt.chip.guid, Some(contents.guid));
    assert_eq!(receipt.keys.len(), 1);
    assert!(receipt.commands <= 32, "{}", receipt.commands);

    // Acknowledged only over the right hash, by the registry.
    let mut forged = desk.helper.registry.acknowledge("0a", &outcome);
    let Request::Acknowledge { acknowledgement } = &mut forged else { unreachable!() };
    acknowledgement.signature.0[0] ^= 1;
    assert_eq!(page.refused(forged).await, HelperError::AcknowledgementRefused);
    let waiting = page.ask(Request::Outcomes {}).await;
    assert!(matches!(waiting, Message::Outcomes { outcomes, .. } if outcomes == [outcome.clone()]));
    let answer = page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
    assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");
    assert!(desk.helper.page().await.outcomes.is_empty());

    // The same again writes nothing that is there; this chip does not say whether it has a key.
    let report = desk.inspect(&mut page, &reader, &report.insertion).await;
    accepted(&mut page, desk.helper.registry.job("0c", &report)).await;
    let outcome = page.outcome("0c").await;
    assert_eq!(receipt_of(&outcome, &desk.helper.key).written, [Phase::Keys]);
}

#[tokio::test]
async fn a_job_that_is_not_for_here_and_now_is_refused_with_the_chip_untouched() {
    let desk = Desk::open();
    let registry = &desk.helper.registry;
    let mut page = desk.helper.page().await;
    let (_, report) = desk.inspected(&mut page).await;
    let (second, other) = insert(&desk.office, &mut page, 1, CardOptions::new(1)).await;
    let other = desk.inspect(&mut page, &second, &other).await;
    let header = registry.header("0a", &report);
    let with = |change: &dyn Fn(&mut cardwright_protocol::job::JobHeader)| {
        let mut header = header.clone();
        change(&mut header);
        registry.seal(&header)
    };
    let altered = |change: &dyn Fn(&mut SealedJob)| {
        let mut job = registry.seal(&header);
        change(&mut job);
        job
    };
    let refused =
        |why: &str| HelperError::JobRefused { why: why.to_owned(), because: None, failure: None };
    let unsigned = refused("the job is not signed by this helper's registry");
    let foreign =
        seal_job(&header, &registry.contents(), &registry.helper, &SigningKey::generate());
    let cases = [
        (foreign, unsigned.clone()),
        (altered(&|job| job.header = job.header.replace("0a", "0b")), unsigned.clone()),
        (altered(&|job| job.ciphertext.0[0] ^= 1), unsigned.clone()),
        (altered(&|job| job.signature.0.truncate(63)), unsigned),
        (
            with(&|header| header.workstation = "desk-2".into()),
            refused("the job is for another workstation"),
        ),
        (
            with(&|header| header.helper_nonce = vec![0; 16].into()),
            refused("the report that the job answers is used up or too old"),
        ),
        (
            with(&|header| header.helper_nonce = other.helper_nonce.clone()),
            refused("the job answers a report of another reader or insertion"),
        ),
        (
            with(&|header| header.chip = other.chip.ids.clone()),
            refused("the job is for another chip than the report's"),
        ),
        (with(&|header| header.reader = "r0".into()), HelperError::NoSuchReader),
        (with(&|header| header.insertion = "i0".into()), HelperError::NotInserted),
        (with(&|header| header.reader = other.reader.clone()), HelperError::NotInserted),
        (with(&|header| header.profile_hash = vec![0; 32].into()), refused("the job is malformed")),
    ];
    for (job, error) in cases {
        assert_eq!(page.refused(Request::Execute { job }).await, error);
    }
    // Refusals spend no nonce; a job does.
    accepted(&mut page, registry.job("0a", &report)).await;
    let receipt = receipt_of(&page.outcome("0a").await, &desk.helper.key);
    assert!(receipt.written.contains(&Phase::CardCapability), "the chip was untouched before");
    let replayed = page.refused(Request::Execute { job: registry.job("0a", &report) }).await;
    assert_eq!(replayed, refused("the job was accepted before"));
    let replayed = page.refused(Request::Execute { job: registry.job("0d", &report) }).await;
    assert_eq!(replayed, refused("the report that the job answers is used up or too old"));
}

#[tokio::test]
async fn a_chip_in_a_contactless_reader_is_inspected_and_never_written() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let trace = tempfile::NamedTempFile::new().unwrap();
    let card = CardOptions {
        interface: Interface::Contactless,
        trace: Trace::File(trace.path().to_owned()),
        ..CardOptions::new(0)
    };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert!(report.chip.contactless);
    let sent = std::fs::read_to_string(trace.path()).unwrap();
    let job = desk.helper.registry.job("0a", &report);
    let why = "the chip is in a contactless reader, where it cannot be written".to_owned();
    assert_eq!(
        page.refused(Request::Execute { job }).await,
        HelperError::JobRefused { why, because: None, failure: None }
    );
    assert_eq!(std::fs::read_to_string(trace.path()).unwrap(), sent, "not a command more");
}

#[tokio::test]
async fn a_report_ends_with_its_insertion() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, report) = desk.inspected(&mut page).await;
    desk.office.swap(0, CardOptions::new(0)).unwrap();
    let (_, insertion) = page.chip_in(&reader.name, Some(&report.insertion)).await;
    let job = desk.helper.registry.job("0a", &report);
    assert_eq!(page.refused(Request::Execute { job }).await, HelperError::NotInserted);
    let mut header = desk.helper.registry.header("0a", &report);
    header.insertion = insertion;
    let job = desk.helper.registry.seal(&header);
    let refused = page.refused(Request::Execute { job }).await;
    assert!(matches!(refused, HelperError::JobRefused { .. }), "{refused:?}");
    assert_eq!(desk.office.tries(0).unwrap(), Some(Tries { pin: 3, puk: 3 }));
}

#[tokio::test]
async fn one_job_runs_in_a_reader_and_is_canceled_between_two_steps() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let card = CardOptions { delay: SLOW, ..CardOptions::new(0) };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    let second = desk.inspect(&mut page, &reader, &insertion).await;
    accepted(&mut page, desk.helper.registry.job("0a", &report)).await;
    let job = desk.helper.registry.job("0b", &second);
    assert_eq!(page.refused(Request::Execute { job }).await, HelperError::JobRunning);
    let inspected = page.inspect(&reader, &insertion).await;
    assert_eq!(inspected.unwrap_err(), HelperError::JobRunning);
    let other = page.refused(Request::Cancel { job: "0b".into() }).await;
    assert_eq!(other, HelperError::NoSuchJob);

    let puk = |message: &Message| match message {
        Message::Progress { job } if job.phase == Phase::Puk => Some(job.written),
        _ => None,
    };
    assert!(page.event(puk).await, "the card id was written");
    let answer = page.ask(Request::Cancel { job: "0a".into() }).await;
    assert!(matches!(answer, Message::Canceling { .. }), "{answer:?}");
    let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::Canceled);
    assert_eq!(failure.condition, Condition::PartlyWritten);

    // What was done drops out when the card is done again.
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    accepted(&mut page, desk.helper.registry.job("0e", &report)).await;
    let receipt = receipt_of(&page.outcome("0e").await, &desk.helper.key);
    assert!(!receipt.written.contains(&Phase::CardCapability), "{:?}", receipt.written);
}

#[tokio::test]
async fn a_job_outlives_its_page() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let card = CardOptions { delay: SLOW, ..CardOptions::new(0) };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    accepted(&mut page, desk.helper.registry.job("0a", &report)).await;
    drop(page);

    let mut page = Page::before_hello(&desk.helper).await;
    let ready = page.ask(Request::Hello { protocol: 1 }).await;
    let Message::Ready { running, outcomes, .. } = ready else { panic!("{ready:?}") };
    assert_eq!((running.len(), outcomes.len()), (1, 0));
    assert_eq!(running[0].card, "TC-2026-004118".into());
    let outcome = page.outcome("0a").await;
    drop(page);

    let mut page = desk.helper.page().await;
    assert_eq!(page.outcomes, std::slice::from_ref(&outcome));
    receipt_of(&outcome, &desk.helper.key);
    let answer = page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
    assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");
    assert!(desk.helper.page().await.outcomes.is_empty());
}

#[tokio::test]
async fn a_helper_that_is_told_to_end_stops_its_job_between_two_steps() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let card = CardOptions { delay: SLOW, ..CardOptions::new(0) };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    accepted(&mut page, desk.helper.registry.job("0a", &report)).await;
    desk.helper.terminate();
    let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::Canceled);
    assert_eq!(page.closed().await, Some(1001));
    let Desk { helper, .. } = desk;
    assert!(helper.ended_well());
}
