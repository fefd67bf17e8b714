use super::{Helper, PATIENCE, Page, receipt_of};
use cardwright_protocol::helper::{HelperError, Message, Reader, Request};
use cardwright_protocol::ids::InsertionId;
use cardwright_protocol::outcome::{ChipReport, Outcome, Phase};
use cardwright_seal::verify;
use cardwright_virtual_card::office::{Office, OfficeOptions, reader_name};
use cardwright_virtual_card::{CardOptions, Gate};
use std::path::Path;
use tempfile::TempDir;

/// An office and a helper in it.
pub(crate) struct Desk {
    // Dropped in this order: the helper before the service that it uses.
    pub(crate) helper: Helper,
    pub(crate) office: Office,
    _folder: TempDir,
}

impl Desk {
    /// Four readers, empty. The first two share a copy of the reader driver, and so do the others.
    pub(crate) fn open() -> Self {
        Self::with_configuration("")
    }

    /// Four readers, and more in the helper's configuration.
    pub(crate) fn with_configuration(more: &str) -> Self {
        Self::with(|socket| Helper::start(socket, more))
    }

    /// Four readers, and a helper that is started in a way of its own.
    pub(crate) fn with(start: impl FnOnce(&Path) -> Helper) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = OfficeOptions { readers: 4, dir: folder.path().to_owned(), program: None };
        let office = Office::start(&options).unwrap();
        let helper = start(office.csock_name());
        Self { helper, office, _folder: folder }
    }

    /// Puts a fresh card into the first reader and inspects it.
    pub(crate) async fn inspected(&self, page: &mut Page) -> (Reader, ChipReport) {
        let (reader, insertion) = insert(&self.office, page, 0, CardOptions::new(0)).await;
        (reader.clone(), self.inspect(page, &reader, &insertion).await)
    }

    /// Inspects a chip and lets a job begin on it.
    pub(crate) async fn begin(
        &self,
        page: &mut Page,
        reader: &Reader,
        insertion: &InsertionId,
        job: &str,
    ) {
        let report = self.inspect(page, reader, insertion).await;
        let answer =
            page.ask(Request::Execute { job: self.helper.registry.job(job, &report) }).await;
        assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
    }

    /// Inspects a chip, lets a job begin on it, and waits until the chip holds at a command of it:
    /// the job goes no further meanwhile, however busy the machine is.
    pub(crate) async fn begin_until(
        &self,
        page: &mut Page,
        reader: &Reader,
        insertion: &InsertionId,
        job: &str,
        gate: Gate,
    ) {
        let slot = slot_of(reader);
        let report = self.inspect(page, reader, insertion).await;
        self.office.hold_at(slot, gate).unwrap();
        let answer =
            page.ask(Request::Execute { job: self.helper.registry.job(job, &report) }).await;
        assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
        assert!(self.office.holds_within(slot, PATIENCE).unwrap(), "it does not come to {gate:?}");
    }

    /// Inspects a chip as often as a busy machine lets it seem to hang, with little patience.
    pub(crate) async fn inspect_in_the_end(
        &self,
        page: &mut Page,
        reader: &Reader,
        insertion: &InsertionId,
    ) -> ChipReport {
        let inspected = async {
            loop {
                match page.inspect(reader, insertion).await {
                    Ok(report) => return report,
                    Err(HelperError::CardHung | HelperError::ReaderBusy) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        };
        let report = tokio::time::timeout(PATIENCE, inspected).await.expect("in time");
        verify(&self.helper.key, &report).unwrap()
    }

    /// Inspects a chip and makes it into what its profile says.
    pub(crate) async fn encode(
        &self,
        page: &mut Page,
        reader: &Reader,
        insertion: &InsertionId,
        job: &str,
    ) -> Outcome {
        self.begin(page, reader, insertion, job).await;
        let outcome = page.outcome(job).await;
        receipt_of(&outcome, &self.helper.key);
        outcome
    }

    /// Inspects a chip and verifies the report.
    pub(crate) async fn inspect(
        &self,
        page: &mut Page,
        reader: &Reader,
        insertion: &InsertionId,
    ) -> ChipReport {
        let report = page.inspect(reader, insertion).await.unwrap();
        verify(&self.helper.key, &report).unwrap()
    }
}

/// Where a phase of a job on a fresh chip begins: before its first command (SP 800-73-5 part 2,
/// table 2; `FF` sets the management key).
pub(crate) fn before(phase: Phase) -> Gate {
    let (instruction, nth) = match phase {
        Phase::Identify => (0xA4, 1),
        Phase::Authenticate => (0x87, 1),
        Phase::CardCapability => (0xDB, 1),
        // The first CHANGE REFERENCE DATA proves the PUK that the chip has.
        Phase::Puk => (0x24, 2),
        Phase::Pin => (0x24, 3),
        Phase::CardHolder => (0xDB, 2),
        Phase::Keys => (0x47, 1),
        Phase::ManagementKey => (0xFF, 1),
        // Before the reset, two SELECTs.
        Phase::Verify => (0xA4, 3),
        Phase::Erase | Phase::Retries => panic!("not in a job on a fresh chip"),
    };
    Gate::before_instruction(instruction, nth)
}

/// The number by which the office knows a reader.
fn slot_of(reader: &Reader) -> usize {
    (0..4).find(|slot| reader_name(*slot) == reader.name).expect("one of four readers")
}

/// Puts a card into a reader and waits until the page knows.
pub(crate) async fn insert(
    office: &Office,
    page: &mut Page,
    reader: usize,
    card: CardOptions,
) -> (Reader, InsertionId) {
    office.insert(reader, card).unwrap();
    page.chip_in(&reader_name(reader), None).await
}
