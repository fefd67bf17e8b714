//! Where everything is measured: a private PC/SC service, a helper with one page, and the process
//! that sends bare commands.

use crate::bare::Bare;
use crate::helper::Helper;
use crate::tools::Tools;
use anyhow::{anyhow, bail};
use cardwright_desk::{Page, Registry, receipt_of};
use cardwright_protocol::helper::{Message, Reader, Request, Slot};
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
    cards_so_far: u16,
    jobs: u32,
    office_folder: TempDir,
    _helper_folder: TempDir,
}

/// A card in its reader that was inspected, and nothing else.
pub(crate) struct Card {
    /// The service's name of the reader.
    pub(crate) name: String,
    report: ChipReport,
}

/// What a card writes down.
pub(crate) struct Traced {
    path: PathBuf,
    /// Where the inspection ends in it.
    begin: usize,
}

impl Traced {
    /// All that the card was sent since its inspection, and its answers.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.path)?.split_off(self.begin))
    }
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
        let page = Page::open(helper.address, &registry).await;
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
            cards_so_far: 0,
            jobs: 0,
            office_folder,
            _helper_folder: helper_folder,
        })
    }

    /// Puts a card that is new from the factory into each of these readers, in place of the ones
    /// that are there; each command waits for `delay`.
    pub(crate) async fn cards(
        &mut self,
        readers: &[usize],
        delay: Duration,
    ) -> anyhow::Result<Vec<Card>> {
        self.insert(readers, |card| CardOptions { delay, ..CardOptions::new(card) }).await
    }

    /// As [`Self::cards`], without a delay; each card writes down what it is sent.
    pub(crate) async fn traced_cards(
        &mut self,
        readers: &[usize],
    ) -> anyhow::Result<Vec<(Card, Traced)>> {
        let folder = self.office_folder.path().to_owned();
        let file = |card: u16| folder.join(format!("trace-{card}"));
        let first = self.cards_so_far;
        let trace = |card| Trace::File(file(card));
        let options = |card| CardOptions { trace: trace(card), ..CardOptions::new(card) };
        let cards = self.insert(readers, options).await?;
        let traced = |(number, card): (u16, Card)| {
            let path = file(number);
            let begin = std::fs::read(&path)?.len();
            Ok((card, Traced { path, begin }))
        };
        (first..).zip(cards).map(traced).collect()
    }

    /// Inserts and inspects. A card of this firmware sets itself up at its first command, and an
    /// inspection comes before every job: it is measured for nobody.
    async fn insert(
        &mut self,
        readers: &[usize],
        options: impl Fn(u16) -> CardOptions,
    ) -> anyhow::Result<Vec<Card>> {
        // All at once, so that the polls of the service are waited for once.
        for reader in readers {
            if self.insertions.contains_key(reader) {
                self.office.remove(*reader)?;
            }
        }
        // A busy machine may take longer than usual, and a card that was never seen to leave is not
        // seen to come.
        let is_empty = |seen: &Reader| seen.slot == Slot::Empty;
        let names: Vec<String> = readers.iter().map(|reader| reader_name(*reader)).collect();
        self.page
            .readers_until(|seen| {
                seen.iter().filter(|seen| names.contains(&seen.name)).all(is_empty)
            })
            .await;
        for reader in readers {
            self.office.insert(*reader, options(self.cards_so_far))?;
            self.cards_so_far += 1;
        }
        let mut names = Vec::new();
        for reader in readers {
            let before = self.insertions.get(reader);
            let (seen, insertion) = self.page.chip_in(&reader_name(*reader), before).await;
            self.insertions.insert(*reader, insertion.clone());
            let registry_nonce = vec![7; 16].into();
            self.page.send(Request::Inspect { reader: seen.id, insertion, registry_nonce }).await;
            names.push(seen.name);
        }
        let mut cards = HashMap::new();
        while cards.len() < names.len() {
            // A report may have come while the next reader's card was waited for.
            let answer = self.page.event(|message| match message {
                Message::Report { report, .. } => Some(Ok(report.clone())),
                Message::Refused { error, .. } => Some(Err(error.clone())),
                _ => None,
            });
            let report = answer.await.map_err(|error| anyhow!("not inspected: {error:?}"))?;
            let report: ChipReport = verify(&self.helper.key, &report)?;
            let name = report.reader_name.clone();
            cards.insert(name.clone(), Card { name, report });
        }
        Ok(names.iter().filter_map(|name| cards.remove(name)).collect())
    }

    /// Seals a job for a card.
    pub(crate) fn sealed_job(&mut self, card: &Card) -> SealedJob {
        self.jobs += 1;
        self.registry.job(&format!("{:032x}", self.jobs), &card.report)
    }

    /// Has a job executed, and waits for its receipt.
    pub(crate) async fn execute(&mut self, job: SealedJob) -> anyhow::Result<(Times, Receipt)> {
        let (times, mut receipts) = self.execute_all(vec![job]).await?;
        // One job has one receipt.
        Ok((times, receipts.remove(0)))
    }

    /// Has jobs executed at the same time: the time is from the first that is accepted to the last
    /// receipt.
    pub(crate) async fn execute_all(
        &mut self,
        jobs: Vec<SealedJob>,
    ) -> anyhow::Result<(Times, Vec<Receipt>)> {
        let mut accepted = None;
        let (mut waiting, mut ended) = (jobs.len(), Vec::new());
        let begun = Instant::now();
        for job in jobs {
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
