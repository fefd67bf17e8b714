//! One desk with everything on it, for cases one after another.

use crate::{Page, Site};
use anyhow::{Context as _, bail, ensure};
use cardwright_protocol::ids::CardNumber;
use cardwright_virtual_card::office::{Office, OfficeOptions, reader_name};
use cardwright_virtual_card::{CardOptions, Trace, lasting_cplc};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use xtask::build::program;
use xtask::desk::{Desk, DeskOptions, Readers};

/// Readers of a lane: a case uses one, the next case the other, so that nobody waits until the
/// service has seen the last card leave.
const READERS: usize = 2;

/// How long a card may take until it holds.
pub(crate) const HOLD: Duration = Duration::from_secs(60);

/// A desk: registry, helper, PC/SC service and cards.
pub struct Lane {
    /// The operator's browser: it keeps its session whatever is killed.
    pub site: Site,
    /// Registry and helper. Dropped before the office that the helper uses.
    pub desk: Desk,
    /// The PC/SC service and the cards.
    pub office: Arc<Office>,
    folder: TempDir,
    /// Whether the PC/SC service was stopped by a case.
    is_service_stopped: bool,
    /// Cards that cases have used up.
    used: u16,
    cards: u16,
}

/// Where a case takes place: a card, its chip, a reader.
#[derive(Debug, Clone)]
pub struct Place {
    /// The card's number at the registry.
    pub card: CardNumber,
    /// Which virtual chip it has.
    pub index: u16,
    /// The reader, as the office counts it.
    pub reader: usize,
}

impl Place {
    /// The reader's name at the PC/SC service.
    #[must_use]
    pub fn reader_name(&self) -> String {
        reader_name(self.reader)
    }
}

impl Lane {
    /// Starts everything, with so many produced cards; every second one's chip was named by the
    /// bureau.
    ///
    /// # Errors
    /// When a part does not start.
    pub async fn start(cards: u16) -> anyhow::Result<Self> {
        Self::start_in(tempfile::Builder::new().prefix("cardwright-").tempdir()?, cards).await
    }

    /// The same in a folder of the caller's: what is in `registry` and `helper` stays there.
    ///
    /// # Errors
    /// When a part does not start.
    pub async fn start_in(folder: TempDir, cards: u16) -> anyhow::Result<Self> {
        let office = Arc::new(Office::start(&OfficeOptions {
            readers: READERS,
            dir: folder.path().join("office"),
            program: Some(program("cardwright-virtual-card")),
        })?);
        let desk = Desk::start(DeskOptions {
            data: folder.path().to_path_buf(),
            port: lasting_port()?,
            helper_port: lasting_port()?,
            readers: Readers::Socket(office.csock_name().to_path_buf()),
            app: None,
            https: None,
            verbose: true,
            chip_seconds: None,
        })?;
        let csv = folder.path().join("cards.csv");
        std::fs::write(&csv, produced_cards(cards))?;
        desk.import_cards(&csv)?;
        log_in(&desk, "admin").await?.enable_initialize().await?;
        let site = log_in(&desk, "operator").await?;
        Ok(Self { site, desk, office, folder, is_service_stopped: false, used: 0, cards })
    }

    /// A card that no case has used, with its chip fresh in a reader.
    ///
    /// # Errors
    /// When all cards are used up, or the chip cannot be put in.
    pub fn next_place(&mut self) -> anyhow::Result<Place> {
        ensure!(self.used < self.cards, "all cards of the lane are used up");
        let index = self.used;
        self.used += 1;
        let place = Place { card: number(index), index, reader: usize::from(index) % READERS };
        self.insert(&place)?;
        Ok(place)
    }

    /// Whether another card is left.
    #[must_use]
    pub fn has_cards(&self) -> bool {
        self.used < self.cards
    }

    /// Puts the chip of a case into its reader.
    ///
    /// # Errors
    /// When the service does not notice it.
    pub fn insert(&self, place: &Place) -> anyhow::Result<()> {
        Ok(self.office.insert(place.reader, self.chip(place.index))?)
    }

    /// A chip whose commands are all written down.
    #[must_use]
    pub fn chip(&self, index: u16) -> CardOptions {
        CardOptions { trace: Trace::File(self.trace(index)), ..CardOptions::new(index) }
    }

    /// A chip that is no card's, to swap with.
    #[must_use]
    pub fn foreign_index(&self, place: &Place) -> u16 {
        0x8000 + place.index
    }

    /// Takes the chip of a case out, wherever it stands; it may have left already.
    pub fn remove(&self, place: &Place) {
        // Refused where no card is in the reader, which is what is wanted.
        let _ = self.office.remove(place.reader);
    }

    /// Logs the operator in anew.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn log_in_again(&mut self) -> anyhow::Result<()> {
        self.site = log_in(&self.desk, "operator").await?;
        Ok(())
    }

    /// Waits until the chip of a case holds at its gate.
    ///
    /// # Errors
    /// When it does not come there.
    pub fn wait_for_hold(&self, place: &Place) -> anyhow::Result<()> {
        ensure!(
            self.office.holds_within(place.reader, HOLD)?,
            "the card does not come to its gate"
        );
        Ok(())
    }

    /// Kills the PC/SC service; every chip loses its power.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_service(&mut self) -> anyhow::Result<()> {
        self.is_service_stopped = true;
        Ok(self.office.stop_service()?)
    }

    /// Starts whatever does not run.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_all(&mut self) -> anyhow::Result<()> {
        if std::mem::take(&mut self.is_service_stopped) {
            self.office.start_service()?;
        }
        if !self.desk.has_registry() {
            self.desk.start_registry()?;
        }
        if !self.desk.has_helper() {
            self.desk.start_helper()?;
        }
        Ok(())
    }

    /// A new page in the operator's browser.
    ///
    /// # Errors
    /// When no helper answers.
    pub async fn page(&self) -> Result<Page, crate::Error> {
        Page::open(&self.site, &self.desk.helper_address()).await
    }

    /// The chip of a case for whoever opens it outside of the office.
    #[must_use]
    pub fn kept_chip(&self, place: &Place) -> CardOptions {
        let state = self.folder.path().join(format!("office/card-{}", place.index));
        CardOptions { state: Some(state), ..CardOptions::new(place.index) }
    }

    /// The file with all commands that a chip got.
    #[must_use]
    pub fn trace(&self, index: u16) -> PathBuf {
        self.folder.path().join(format!("trace-{index}"))
    }

    /// What helper and registry wrote to their logs, for whoever looks for the cause of a failure.
    #[must_use]
    pub fn logs(&self) -> String {
        let tail = |name: &str| {
            let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(12).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("{name}:\n{}\n", lines.join("\n"))
        };
        tail("registry.log") + &tail("helper.log") + &tail("office/office.log")
    }
}

/// A free port that stays free while the program that has it is killed and started again: below
/// those that the system gives to connections and to whoever asks for any.
fn lasting_port() -> anyhow::Result<u16> {
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Other processes begin elsewhere.
    let begin = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let number = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + number % COUNT)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

async fn log_in(desk: &Desk, name: &str) -> anyhow::Result<Site> {
    let account = desk.accounts.iter().find(|account| account.0 == name);
    let site = Site::new(&desk.url)?;
    site.log_in(name, &account.context("made at the first start")?.1).await?;
    Ok(site)
}

fn number(index: u16) -> CardNumber {
    CardNumber(format!("SY-2026-{index:06}"))
}

fn produced_cards(cards: u16) -> String {
    let mut csv = String::from("number,state,order,produced_on,expires_on,chip_id\n");
    for index in 0..cards {
        let chip = match index % 2 {
            0 => hex::encode_upper(lasting_cplc(index)),
            _ => String::new(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(csv, "{},produced,BO-1,2026-10-20,2032-10-19,{chip}", number(index));
    }
    csv
}
