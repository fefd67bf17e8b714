use crate::support::{Desk, PATIENCE, Page, before, failure_of, insert, receipt_of};
use cardwright_protocol::helper::{HelperError, Message, Request, Service, Slot};
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};
use cardwright_virtual_card::{CardOptions, Fault, Gate};
use std::time::Duration;

// Instruction bytes (SP 800-73-5 part 2, table 2).
const CHANGE_REFERENCE_DATA: u8 = 0x24;
const GENERATE_ASYMMETRIC_KEY_PAIR: u8 = 0x47;
const GENERAL_AUTHENTICATE: u8 = 0x87;
const PUT_DATA: u8 = 0xDB;

#[tokio::test]
async fn a_card_pulled_before_the_first_write_is_untouched() {
    pulled(&[
        (Fault::before(1), Condition::Untouched),
        (Fault::inside(2), Condition::Untouched),
        (Fault::inside_instruction(GENERAL_AUTHENTICATE), Condition::Untouched),
        // The first proves the PUK that the chip has, by changing it to itself.
        (Fault::inside_instruction(CHANGE_REFERENCE_DATA), Condition::Untouched),
    ])
    .await;
}

#[tokio::test]
async fn a_card_pulled_at_a_write_may_or_may_not_have_it() {
    pulled(&[
        // Whether a command reached the chip that never answered, nobody can know.
        (Fault::before_instruction(PUT_DATA), Condition::Unknown),
        (Fault::inside_instruction(PUT_DATA), Condition::Unknown),
        (Fault::inside_instruction(GENERATE_ASYMMETRIC_KEY_PAIR), Condition::Unknown),
    ])
    .await;
}

/// Pulls a fresh card in each of these ways, and puts it in again: then the job is done.
async fn pulled(cases: &[(Fault, Condition)]) {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    for (index, (fault, condition)) in cases.iter().enumerate() {
        let card = || CardOptions::new(index as u16);
        let (reader, insertion) = insert(&desk.office, &mut page, index, card()).await;
        let report = desk.inspect(&mut page, &reader, &insertion).await;
        desk.office.fail(index, *fault).unwrap();
        page.ask(Request::Execute { job: desk.helper.registry.job("0a", &report) }).await;
        let outcome = page.outcome("0a").await;
        let failure = failure_of(&outcome, &desk.helper.key);
        assert_eq!(failure.cause, FailureCause::CardRemoved, "{fault:?}");
        assert_eq!(failure.condition, *condition, "{fault:?}: {failure:?}");
        page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;

        // The fault may have left the reader empty already.
        desk.office.remove(index).ok();
        desk.office.insert(index, card()).unwrap();
        let (_, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
        let outcome = desk.encode(&mut page, &reader, &insertion, "0b").await;
        page.ask(desk.helper.registry.acknowledge("0b", &outcome)).await;
    }
}

#[tokio::test]
async fn a_job_in_which_the_service_is_killed_says_so() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::CardHolder)).await;
    desk.office.stop_service().unwrap();
    let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::ServiceStopped);
    desk.office.start_service().unwrap();
    let (_, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    page.ask(Request::Execute { job: desk.helper.registry.job("0b", &report) }).await;
    receipt_of(&page.outcome("0b").await, &desk.helper.key);
}

#[tokio::test]
async fn a_hung_card_is_given_up_while_another_reader_goes_on() {
    let desk = Desk::with_configuration("[limits]\ninspection_seconds = 2");
    let mut page = desk.helper.page().await;
    let hung = CardOptions { delay: Duration::from_secs(3600), ..CardOptions::new(0) };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, hung).await;
    let inspected = page.inspect(&reader, &insertion).await;
    assert_eq!(inspected.unwrap_err(), HelperError::CardHung);
    // While the call lasts, no other is lost to this chip.
    let inspected = page.inspect(&reader, &insertion).await;
    assert_eq!(inspected.unwrap_err(), HelperError::CardHung);

    // A driver serves its two readers in turn; this one has another copy of it.
    let (other, its) = insert(&desk.office, &mut page, 2, CardOptions::new(1)).await;
    let report = desk.inspect_in_the_end(&mut page, &other, &its).await;
    page.ask(Request::Execute { job: desk.helper.registry.job("0a", &report) }).await;
    receipt_of(&page.outcome("0a").await, &desk.helper.key);

    desk.office.remove(0).unwrap();
    page.readers_until(|readers| {
        readers.iter().any(|r| r.id == reader.id && r.slot == Slot::Empty)
    })
    .await;
    let (_, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(2)).await;
    desk.inspect_in_the_end(&mut page, &reader, &insertion).await;
}

#[tokio::test]
async fn a_card_that_hangs_inside_a_job_ends_the_job() {
    // A busy machine answers within it.
    let desk = Desk::with_configuration("[limits]\ncommand_seconds = 8");
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Authenticate)).await;
    let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
    assert_eq!(failure.cause, FailureCause::CardHung);
    assert_eq!(failure.condition, Condition::Untouched);

    desk.office.swap(0, CardOptions::new(0)).unwrap();
    let (_, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    page.ask(Request::Execute { job: desk.helper.registry.job("0b", &report) }).await;
    receipt_of(&page.outcome("0b").await, &desk.helper.key);
}

#[tokio::test]
async fn a_chip_swapped_without_any_event_is_found_out_before_the_first_write() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (_, report) = desk.inspected(&mut page).await;
    desk.office.swap_between_polls(0, CardOptions::new(1)).unwrap();
    let answer = page.ask(Request::Execute { job: desk.helper.registry.job("0a", &report) }).await;
    // Where the service noticed after all, the job is refused at once.
    if matches!(answer, Message::Accepted { .. }) {
        let failure = failure_of(&page.outcome("0a").await, &desk.helper.key);
        assert!(
            matches!(failure.cause, FailureCause::OtherChip | FailureCause::CardRemoved),
            "{failure:?}"
        );
        assert_eq!(failure.condition, Condition::Untouched);
    }
}

#[tokio::test]
async fn a_page_is_told_that_the_service_stopped_inside_an_inspection() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    desk.office.hold_at(0, Gate::before(2)).unwrap();
    let id = page
        .send(Request::Inspect { reader: reader.id, insertion, registry_nonce: vec![7; 16].into() })
        .await;
    assert!(desk.office.holds_within(0, PATIENCE).unwrap());
    desk.office.stop_service().unwrap();
    let refused = page
        .event(|message| match message {
            Message::Refused { id: answered, error } if *answered == Some(id) => {
                Some(error.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(refused, HelperError::ServiceStopped);
    let mut late = Page::open(desk.helper.address, &desk.helper.registry).await;
    desk.office.start_service().unwrap();
    late.event(|message| {
        matches!(message, Message::Readers { service: Service::Running, .. }).then_some(())
    })
    .await;
}
