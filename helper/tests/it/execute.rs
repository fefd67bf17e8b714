use crate::support::{Desk, Page, before, failure_of, insert, receipt_of, refusal};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};
use cardwright_virtual_card::{CardOptions, Interface, Trace, Tries};

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
    // This chip is nobody's, and has as many tries as its profile wants or does not let them be set.
    let dropped = [Phase::Erase, Phase::Retries];
    let expected: Vec<Phase> =
        Phase::ALL.into_iter().filter(|phase| !dropped.contains(phase)).collect();
    assert_eq!(phases, expected);
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
    let (error, failure) = refusal(page.refused(Request::Execute { job }).await, &desk.helper.key);
    assert_eq!(error, HelperError::JobRefused { why, because: None, failure: None });
    assert!(failure.is_some());
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
    let refused = page.refused(Request::Execute { job }).await;
    assert_eq!(refused.cause(), HelperError::NotInserted);
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
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let earlier = desk.inspect(&mut page, &reader, &insertion).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Puk)).await;
    let job = desk.helper.registry.job("0b", &earlier);
    let refused = page.refused(Request::Execute { job: job.clone() }).await;
    assert_eq!(refused.cause(), HelperError::JobRunning);
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
    desk.office.let_go(0).unwrap();
    let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::Canceled);
    assert_eq!(failure.condition, Condition::PartlyWritten);

    // The registry knows that the second one ended: it does not begin now that it could.
    let refused = page.refused(Request::Execute { job }).await;
    assert!(matches!(refused, HelperError::JobRefused { because: None, .. }), "{refused:?}");

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
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Pin)).await;
    drop(page);

    let mut page = Page::before_hello(desk.helper.address).await;
    let ready = page.authenticate(&desk.helper.registry).await;
    let Message::Ready { running, outcomes, .. } = ready else { panic!("{ready:?}") };
    assert_eq!((running.len(), outcomes.len()), (1, 0));
    assert_eq!(running[0].card, "TC-2026-004118".into());
    desk.office.let_go(0).unwrap();
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
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let (other, elsewhere) = insert(&desk.office, &mut page, 2, CardOptions::new(1)).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Pin)).await;
    desk.helper.terminate();
    // It takes no more work when it has told its jobs to stop.
    while page.inspect(&other, &elsewhere).await.err() != Some(HelperError::Internal) {}
    desk.office.let_go(0).unwrap();
    let outcome = page.outcome("0a").await;
    let failure = failure_of(&outcome, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::Canceled);
    assert_eq!(page.closed().await, Some(1001));
    assert!(desk.helper.ended_well());

    // The outcome is there when the helper is.
    desk.helper.start_again();
    assert_eq!(desk.helper.page().await.outcomes, [outcome]);
}
