//! Where everything is measured: a private PC/SC service, a helper with one page, and the process
//! that sends bare commands.

use crate::bare::Bare;
use crate::helper::Helper;
use crate::tools::Tools;
use anyhow::bail;
use cardwright_desk::{Page, Registry, receipt_of};
use cardwright_protocol::helper::{Message, Reader, Request};
use cardwright_protocol::ids::{InsertionId, JobId};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{ChipReport, Outcome, Receipt};
use cardwright_seal::verify;
use cardwright_virtual_card::office::{Office, OfficeOptions, reader_name};
use cardwright_virtual_card::{CardOptions, Trace};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The readers that are used. The driver's readers come in pairs that wait for each other: only
/// the first of each pair is. No more than are needed: some tools ask every reader.
pub(crate) const READERS: [usize; 4] = [0, 2, 4, 6];

/// The place. Dropped, everything ends.
pub(crate) struct Place {
    // Dropped in this order: the service last of all that runs.
    pub(crate) page: Page,
    pub(crate) bare: Bare,
    pub(crate) tools: Tools,
    pub(crate) registry: Registry,
    helper: Helper,
    office: Office,
    /// The last card that each reader had.
    insertions: HashMap<usize, InsertionId>,
    cards: u16,
    jobs: u32,
    office_folder: TempDir,
    _helper_folder: TempDir,
}

/// How long a job took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// From the word that it was accepted until its receipt came.
    pub(crate) accepted_to_receipt: Duration,
    /// From its request until its receipt came.
    pub(crate) request_to_receipt: Duration,
}

impl Place {
    /// Opens a place. The helper keeps what it keeps in a folder below `data`: on a real disk, the
    /// journal's sync costs what it costs.
    pub(crate) async fn open(data: &Path) -> anyhow::Result<Self> {
        // The path of the service's socket has to be short.
        let office_folder = tempfile::tempdir()?;
        let helper_folder = tempfile::Builder::new().prefix("bench-").tempdir_in(data)?;
        let readers = READERS.iter().max().map_or(0, |last| last + 1);
        let dir = office_folder.path().to_owned();
        let office = Office::start(&OfficeOptions { readers, dir, program: None })?;
        let (helper, registry) = Helper::start(office.csock_name(), helper_folder.path())?;
        let page = Page::open(helper.address).await;
        let bare = Bare::start(office.csock_name())?;
        let contents = registry.contents();
        let tools = Tools::prepare(office.csock_name(), helper_folder.path(), &contents)?;
        Ok(Self {
            page,
            bare,
            tools,
            registry,
            helper,
            office,
            insertions: HashMap::new(),
            cards: 0,
            jobs: 0,
            office_folder,
            _helper_folder: helper_folder,
        })
    }

    /// Puts a card that is new from the factory into each of these readers, in place of the ones
    /// that are there, and gives the file in which each writes down what it is sent.
    pub(crate) async fn traced_cards(
        &mut self,
        readers: &[usize],
    ) -> anyhow::Result<Vec<(Reader, PathBuf)>> {
        let folder = self.office_folder.path().to_owned();
        let file = |card: u16| folder.join(format!("trace-{card}"));
        let found = self
            .insert(readers, |card| CardOptions {
                trace: Trace::File(file(card)),
                ..CardOptions::new(card)
            })
            .await?;
        Ok(found.into_iter().map(|(reader, card)| (reader, file(card))).collect())
    }

    /// As [`Self::traced_cards`], without a trace; each command waits for `delay`.
    pub(crate) async fn cards(
        &mut self,
        readers: &[usize],
        delay: Duration,
    ) -> anyhow::Result<Vec<Reader>> {
        let found =
            self.insert(readers, |card| CardOptions { delay, ..CardOptions::new(card) }).await?;
        Ok(found.into_iter().map(|(reader, _)| reader).collect())
    }

    async fn insert(
        &mut self,
        readers: &[usize],
        options: impl Fn(u16) -> CardOptions,
    ) -> anyhow::Result<Vec<(Reader, u16)>> {
        // All at once, so that the polls of the service are waited for once.
        for reader in readers {
            if self.insertions.contains_key(reader) {
                self.office.remove(*reader)?;
            }
        }
        let mut cards = Vec::new();
        for reader in readers {
            let card = self.cards;
            self.cards += 1;
            self.office.insert(*reader, options(card))?;
            cards.push(card);
        }
        let mut found = Vec::new();
        for (reader, card) in readers.iter().zip(cards) {
            let before = self.insertions.get(reader);
            let (seen, insertion) = self.page.chip_in(&reader_name(*reader), before).await;
            self.insertions.insert(*reader, insertion);
            found.push((seen, card));
        }
        Ok(found)
    }

    /// Inspects the card in a reader and seals a job for it.
    pub(crate) async fn sealed_job(
        &mut self,
        reader: &Reader,
    ) -> anyhow::Result<(JobId, SealedJob)> {
        let cardwright_protocol::helper::Slot::Chip { insertion, .. } = &reader.slot else {
            bail!("{} has no chip", reader.name);
        };
        let report = match self.page.inspect(reader, insertion).await {
            Ok(report) => report,
            Err(error) => bail!("{} is not inspected: {error:?}", reader.name),
        };
        let report: ChipReport = verify(&self.helper.key, &report)?;
        self.jobs += 1;
        let name = format!("{:032x}", self.jobs);
        let job = self.registry.job(&name, &report);
        Ok((JobId(name), job))
    }

    /// Has a job executed, and waits for its receipt.
    pub(crate) async fn execute(
        &mut self,
        job: (JobId, SealedJob),
    ) -> anyhow::Result<(Times, Receipt)> {
        let (times, mut receipts) = self.execute_all(vec![job]).await?;
        // One job has one receipt.
        Ok((times, receipts.remove(0)))
    }

    /// Has jobs executed at the same time: the time is from the first that is accepted to the last
    /// receipt.
    pub(crate) async fn execute_all(
        &mut self,
        jobs: Vec<(JobId, SealedJob)>,
    ) -> anyhow::Result<(Times, Vec<Receipt>)> {
        let mut accepted = None;
        let (mut waiting, mut ended) = (jobs.len(), Vec::new());
        let begun = Instant::now();
        for (_, job) in jobs {
            self.page.send(Request::Execute { job }).await;
        }
        while waiting > 0 {
            match self.page.receive().await {
                Message::Accepted { .. } => {
                    accepted.get_or_insert_with(Instant::now);
                }
                Message::Ended { job, outcome } => {
                    waiting -= 1;
                    ended.push((job, outcome));
                }
                Message::Refused { error, .. } => bail!("a job was refused: {error:?}"),
                _ => {}
            }
        }
        let times = Times {
            accepted_to_receipt: accepted.unwrap_or(begun).elapsed(),
            request_to_receipt: begun.elapsed(),
        };
        let mut receipts = Vec::new();
        for (job, outcome) in ended {
            receipts.push(self.take(&job, &outcome).await?);
        }
        Ok((times, receipts))
    }

    /// Acknowledges an outcome, as a registry does, and gives the receipt in it.
    async fn take(&mut self, job: &JobId, outcome: &Outcome) -> anyhow::Result<Receipt> {
        let receipt = receipt_of(outcome, &self.helper.key);
        let acknowledgement = self.registry.acknowledge(&job.0, outcome);
        match self.page.ask(acknowledgement).await {
            Message::Acknowledged { .. } => Ok(receipt),
            other => bail!("the helper does not take an acknowledgement: {other:?}"),
        }
    }
}
