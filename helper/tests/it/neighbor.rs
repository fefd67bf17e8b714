//! Another program that uses the same chip, in a process of its own: the PC/SC library finds its
//! service by an environment variable, and that belongs to the whole process.

use crate::support::{Desk, failure_of, insert};
use cardwright_protocol::helper::{HelperError, Reader, Request, Slot};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_virtual_card::CardOptions;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Set where this test program is to be the neighbor and not to test: how it uses the chip.
const IS_NEIGHBOR: &str = "CARDWRIGHT_TEST_IS_NEIGHBOR";

/// A program that has a chip until it is dropped.
struct Neighbor(Child);

impl Neighbor {
    /// `how` is `shared`, `exclusive`, `transaction` or `resets`. Waits until it has the chip.
    fn start(service: &Path, how: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "neighbor::neighbor"])
            .env("PCSCLITE_CSOCK_NAME", service)
            .env(IS_NEIGHBOR, how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // What the test runner itself prints comes before.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with("@ here")));
        Self(child)
    }
}

impl Drop for Neighbor {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends with its standard input.
        let _ = self.0.wait();
    }
}

/// Nothing when run as a test; the neighbor when [`Neighbor::start`] runs it.
#[test]
fn neighbor() {
    let Ok(how) = std::env::var(IS_NEIGHBOR) else { return };
    let context = Context::establish(Scope::User).unwrap();
    let reader = context.list_readers_owned().unwrap().remove(0);
    let mode = match &*how {
        "exclusive" => ShareMode::Exclusive,
        _ => ShareMode::Shared,
    };
    let mut card = context.connect(&reader, mode, Protocols::ANY).unwrap();
    if how == "transaction" {
        let transaction = card.transaction().unwrap();
        writeln!(std::io::stdout(), "\n@ here").unwrap();
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        drop(transaction);
        return;
    }
    writeln!(std::io::stdout(), "\n@ here").unwrap();
    let end = thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()).unwrap());
    while how == "resets" && !end.is_finished() {
        // Refused while another program has the chip in a transaction.
        let _ = card.reconnect(mode, Protocols::ANY, Disposition::ResetCard);
    }
    end.join().unwrap();
}

fn is_in_use(readers: &[Reader]) -> bool {
    matches!(readers[0].slot, Slot::Chip { in_use: true, .. })
}

#[tokio::test]
async fn a_chip_that_another_program_has_for_itself_is_in_use() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let neighbor = Neighbor::start(desk.office.csock_name(), "exclusive");
    page.readers_until(is_in_use).await;
    // Two of them last longer than the service is asked once.
    for _ in 0..2 {
        let inspected = page.inspect(&reader, &insertion).await;
        assert_eq!(inspected.unwrap_err(), HelperError::ReaderBusy);
        assert!(is_in_use(&page.readers), "asking for a chip is not having it");
    }
    drop(neighbor);
    page.readers_until(|readers| !is_in_use(readers)).await;
    let report = desk.inspect(&mut page, &reader, &insertion).await;
    assert_eq!(report.insertion, insertion, "it is the same stay");
}

#[tokio::test]
async fn a_program_that_has_the_chip_in_any_way_hinders_a_job_before_anything_is_sent() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    for (how, first, then) in [("shared", "0a", "0b"), ("exclusive", "0c", "0d")] {
        let report = desk.inspect(&mut page, &reader, &insertion).await;
        let neighbor = Neighbor::start(desk.office.csock_name(), how);
        page.ask(Request::Execute { job: desk.helper.registry.job(first, &report) }).await;
        let failure = failure_of(&page.outcome(first).await, &desk.helper.key);
        assert_eq!(failure.cause, FailureCause::ReaderBusy, "{how}");
        assert_eq!(failure.condition, Condition::Untouched, "{how}");
        drop(neighbor);
        page.readers_until(|readers| !is_in_use(readers)).await;
        desk.encode(&mut page, &reader, &insertion, then).await;
    }
}

#[tokio::test]
async fn a_program_that_resets_the_chip_again_and_again_only_delays() {
    // As long as it takes: the neighbor keeps a processor busy.
    let desk = Desk::with_configuration("[limits]\ninspection_seconds = 60");
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let neighbor = Neighbor::start(desk.office.csock_name(), "resets");
    for _ in 0..5 {
        match page.inspect(&reader, &insertion).await {
            Ok(_) | Err(HelperError::ReaderBusy) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    drop(neighbor);
    page.readers_until(|readers| !is_in_use(readers)).await;
    desk.encode(&mut page, &reader, &insertion, "0a").await;
}

#[tokio::test]
async fn a_transaction_of_another_program_is_waited_for_within_limits() {
    let desk = Desk::with_configuration("[limits]\ninspection_seconds = 2");
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let neighbor = Neighbor::start(desk.office.csock_name(), "transaction");
    let inspected = page.inspect(&reader, &insertion).await;
    assert_eq!(inspected.unwrap_err(), HelperError::ReaderBusy);
    drop(neighbor);
    // The call that was given up still ends its transaction: until then the reader is busy.
    let report = desk.inspect_in_the_end(&mut page, &reader, &insertion).await;
    assert_eq!(report.insertion, insertion, "it is the same stay");
}
