//! What a report says of jobs, and what becomes of those that it does not name.

use crate::support::{Desk, insert, refusal};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::outcome::FailureCause;
use cardwright_virtual_card::CardOptions;

#[tokio::test]
async fn a_report_names_all_jobs_until_they_are_acknowledged() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.known_jobs, Some(vec![]));
    let outcome = desk.encode(&mut page, &reader, &insertion, "0a").await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.known_jobs, Some(vec!["0a".into()]), "it waits");

    desk.helper.kill();
    desk.helper.start_again();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = page.chip_in(&reader.name, Some(&insertion)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.known_jobs, Some(vec!["0a".into()]), "it waits still");
    let answer = page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
    assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.known_jobs, Some(vec![]));
}

/// The registry relies on it: it takes such a job for one that costs nothing.
#[tokio::test]
async fn a_job_that_a_later_report_does_not_name_never_begins() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let before = desk.inspect(&mut page, &reader, &insertion).await;
    let job = desk.helper.registry.job("0a", &before);
    let later = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(later.known_jobs, Some(vec![]));
    let refused = page.refused(Request::Execute { job: job.clone() }).await;
    let (error, failure) = refusal(refused, &desk.helper.key);
    assert!(matches!(error, HelperError::JobRefused { because: None, .. }), "{error:?}");
    let cause = failure.expect("it never begins").cause;
    assert!(matches!(cause, FailureCause::JobRefused { .. }), "{cause:?}");

    desk.helper.kill();
    desk.helper.start_again();
    let mut page = desk.helper.page().await;
    page.chip_in(&reader.name, Some(&insertion)).await;
    let refused = page.refused(Request::Execute { job }).await;
    assert!(matches!(refused, HelperError::JobRefused { .. }), "{refused:?}");
}
