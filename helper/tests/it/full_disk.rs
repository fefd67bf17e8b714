//! Disks without space: for the journal, and for the log.

use crate::support::{Desk, Helper, PATIENCE, Page, before, insert, receipt_of, refusal};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::outcome::{Condition, Phase};
use cardwright_virtual_card::{CardOptions, Trace};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Takes all space that is left.
fn fill(folder: &Path) {
    let mut file = File::create(folder.join("filler")).unwrap();
    let full = loop {
        if let Err(error) = file.write_all(&[1; 1024]) {
            break error;
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
}

fn free(folder: &Path) {
    fs::remove_file(folder.join("filler")).unwrap();
}

async fn accepted(page: &mut Page, job: cardwright_protocol::job::SealedJob) {
    let answer = page.ask(Request::Execute { job }).await;
    assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
}

#[tokio::test]
async fn without_space_a_job_does_not_begin_and_one_that_began_keeps_its_outcome() {
    let mut desk = Desk::with(Helper::on_a_small_disk);
    let disk = desk.helper.inside();
    let mut page = desk.helper.page().await;
    let trace = tempfile::NamedTempFile::new().unwrap();
    let card = CardOptions { trace: Trace::File(trace.path().to_owned()), ..CardOptions::new(0) };
    let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    let sent = fs::read_to_string(trace.path()).unwrap();

    fill(&disk);
    let job = desk.helper.registry.job("0a", &report);
    let refused = page.refused(Request::Execute { job: job.clone() }).await;
    assert_eq!(refused.cause(), HelperError::NoSpace);
    let (_, failure) = refusal(refused, &desk.helper.key);
    assert_eq!(failure.unwrap().condition, Condition::Untouched);
    assert_eq!(fs::read_to_string(trace.path()).unwrap(), sent, "not a command more");

    // Service again when there is space, by another job for the same nonce.
    free(&disk);
    let again = page.refused(Request::Execute { job }).await;
    assert!(matches!(again, HelperError::JobRefused { because: None, .. }), "{again:?}");
    desk.office.hold_at(0, before(Phase::Puk)).unwrap();
    accepted(&mut page, desk.helper.registry.job("0b", &report)).await;
    assert!(desk.office.holds_within(0, PATIENCE).unwrap());
    fill(&disk);
    desk.office.let_go(0).unwrap();
    let outcome = page.outcome("0b").await;
    receipt_of(&outcome, &desk.helper.key);

    // What is on the full disk is all that the next helper needs.
    let copy = desk.helper.folder().join("copy");
    fs::create_dir_all(copy.join("journal")).unwrap();
    for name in ["signing.key", "opening.key", "enrolment.toml", "journal/0.job"] {
        fs::copy(disk.join(name), copy.join(name)).unwrap();
    }
    // Room that was acknowledged serves the next job, however full the disk is.
    page.ask(desk.helper.registry.acknowledge("0b", &outcome)).await;
    let next = desk.encode(&mut page, &reader, &insertion, "0c").await;
    page.ask(desk.helper.registry.acknowledge("0c", &next)).await;

    desk.helper.kill();
    desk.helper.data = copy;
    desk.helper.start_again();
    assert_eq!(desk.helper.page().await.outcomes, [outcome]);
}

/// A pipe that is full, and that nobody reads.
fn full_pipe() -> (io::PipeReader, OwnedFd) {
    let (reader, writer) = io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // Waits for ever when the pipe holds less than usual: then it is full as well.
    std::thread::spawn(move || filler.write_all(&[b'\n'; 65536]));
    (reader, writer.into())
}

#[tokio::test]
async fn a_log_that_cannot_be_written_neither_ends_nor_blocks_the_helper() {
    let (kept, full) = full_pipe();
    let closed: OwnedFd = io::pipe().unwrap().1.into();
    let no_space: OwnedFd = File::options().write(true).open("/dev/full").unwrap().into();
    for log in [full, closed, no_space] {
        let mut desk = Desk::with(|socket| Helper::logging_to(socket, log));
        let mut page = desk.helper.page().await;
        let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
        desk.encode(&mut page, &reader, &insertion, "0a").await;
        desk.helper.terminate();
        assert!(desk.helper.ended_well());
    }
    drop(kept);
}
