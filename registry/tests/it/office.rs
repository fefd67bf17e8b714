//! A registry with many chips on its table.

use crate::desk::Opened;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_protocol::registry::processes::Process;
use cardwright_seal::JobContents;
use std::path::Path;

/// A registry, and the chips on its table: the chip of card TC-n is number n.
pub(crate) struct Office {
    pub(crate) registry: TestRegistry,
    pub(crate) operator: Browser,
}

impl Office {
    pub(crate) async fn new(cards: u8) -> Self {
        let numbers: Vec<String> = (1..=cards).map(|n| format!("TC-{n}")).collect();
        let rows: Vec<_> = numbers.iter().map(|n| [n, "produced", "", "2026-11-02", ""]).collect();
        let registry = TestRegistry::with(&rows).await;
        let admin = registry.log_in("admin").await;
        admin.enable(CardState::Produced, &[Command::InitializeTemporaryCard]).await;
        let operator = registry.log_in("operator").await;
        Self { registry, operator }
    }

    pub(crate) async fn restart_after(self, meanwhile: impl AsyncFnOnce(&Path)) -> Self {
        let registry = self.registry.restart_after(meanwhile).await;
        let operator = registry.log_in("operator").await;
        Self { registry, operator }
    }

    /// A job for a chip, in the card's open process or a new one.
    pub(crate) async fn job(&self, number: &str, facts: &ChipFacts) -> Opened {
        let process = match self.operator.card(number).await.process {
            Some(process) => process.id,
            None => self.operator.start(number).await.id,
        };
        let report = self.registry.desk.report(&self.operator.nonce(&process).await, facts);
        let issued = self.operator.job(&process, &report, number).await;
        self.registry.desk.open(&issued.job, &self.registry.key)
    }

    pub(crate) async fn finish(&self, job: &Opened) {
        self.operator.hand_over(&self.registry.desk.receipt(job)).await;
    }

    /// Tears the chip in the middle of a job, which the helper tells.
    pub(crate) async fn tear(&self, job: &Opened) {
        let desk = &self.registry.desk;
        let torn = desk.failure(job, FailureCause::CardRemoved, Condition::Unknown);
        self.operator.hand_over(&torn).await;
    }

    /// Makes the chip's generation whole and leaves the card produced: the receipt of a job comes
    /// after its process was canceled.
    pub(crate) async fn make_whole(&self, number: &str, facts: &ChipFacts) -> Opened {
        let job = self.job(number, facts).await;
        self.finish_late(&job).await;
        job
    }

    pub(crate) async fn finish_late(&self, job: &Opened) {
        let _: Process = self.operator.try_cancel(&job.header.process).await.ok();
        self.finish(job).await;
    }
}

/// What a job is, where the card ids of a chip are called by their generation.
pub(crate) fn told(job: &Opened) -> String {
    let JobContents { card_id, candidates, puk_first, pin_by_puk, .. } = &job.contents;
    let candidates: Vec<_> = candidates
        .iter()
        .map(|candidate| match &candidate.card_id {
            None => "factory".to_owned(),
            Some(id) => {
                assert_eq!(id.0[..13], card_id.0[..13], "the same chip");
                assert_eq!((candidate.puks.len(), candidate.management_keys.len()), (1, 4));
                let pin = if candidate.pins.is_empty() { " without PIN" } else { "" };
                format!("{}{pin}", id.0[13])
            }
        })
        .collect();
    let by_puk = if *pin_by_puk { ", PIN by PUK" } else { "" };
    let generation = card_id.0[13];
    format!("{generation} from {}; {puk_first:?} first{by_puk}", candidates.join(", "))
}
