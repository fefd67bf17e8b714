//! What an operator does about one card: whatever is interrupted is begun again, until it is done.

use crate::lane::HOLD;
use crate::{Error, Lane, Page, Place, end_state};
use anyhow::{Context as _, ensure};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::JobId;
use cardwright_protocol::outcome::JobFailure;
use cardwright_protocol::registry::processes::{Process, Verdict};
use cardwright_virtual_card::Gate;
use std::sync::Arc;

/// How often an operator clicks *Next* before giving up.
const PATIENCE: u32 = 6;

/// An operator at a desk with a card.
pub struct Operator<'lane> {
    /// The desk.
    pub lane: &'lane mut Lane,
    /// The card, its chip and its reader.
    pub place: Place,
    /// The page, while one is open.
    pub page: Option<Page>,
    /// All jobs that a helper accepted.
    pub accepted: Vec<JobId>,
    /// Whether the chip is out of its reader, or another one is in it.
    is_out: bool,
}

/// Where a job is that was to hold at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The chip holds.
    Gate,
    /// The job ended before.
    End,
}

impl<'lane> Operator<'lane> {
    /// Takes the next card of a lane, puts its chip in, and opens the wizard.
    ///
    /// # Errors
    /// When the wizard does not say that *Next* will encode.
    pub async fn sit_down(lane: &'lane mut Lane) -> anyhow::Result<Self> {
        let place = lane.next_place()?;
        Ok(Self { lane, place, page: None, accepted: Vec::new(), is_out: false })
    }

    /// Takes a card of which something became before; its chip is out, and is put in with whatever
    /// is done next.
    #[must_use]
    pub fn come_back(lane: &'lane mut Lane, place: Place) -> Self {
        Self { lane, place, page: None, accepted: Vec::new(), is_out: true }
    }

    /// Puts the chip in and gives what the wizard says of it.
    ///
    /// # Errors
    /// Whatever is not as it should be.
    pub async fn verdict(&mut self) -> anyhow::Result<Verdict> {
        self.restore()?;
        let process = self.process().await?;
        let mut page = self.take_page().await?;
        let verdict = page.assess(&process, &self.place.reader_name()).await?;
        self.page = Some(page);
        Ok(verdict)
    }

    /// Clicks *Next* and gives the job that runs.
    ///
    /// # Errors
    /// Whatever is not as it should be.
    pub async fn next(&mut self) -> Result<JobId, Error> {
        self.next_with(|_, _| Ok(())).await
    }

    /// Clicks *Next*, and waits until the chip holds at a gate inside the job.
    ///
    /// # Errors
    /// Also when the chip does not come to its gate.
    pub async fn next_until(&mut self, gate: Gate) -> anyhow::Result<JobId> {
        let job = self
            .next_with(|lane, place| {
                let set = lane.office.hold_at(place.reader, gate);
                set.map_err(|error| Error::NotUnderstood(error.to_string()))
            })
            .await?;
        self.lane.wait_for_hold(&self.place)?;
        Ok(job)
    }

    /// Clicks *Next*, and waits until the chip holds at a gate inside the job or the job ended.
    ///
    /// # Errors
    /// Whatever is not as it should be.
    pub async fn next_until_or_end(&mut self, gate: Gate) -> anyhow::Result<Reached> {
        let job = self
            .next_with(|lane, place| {
                let set = lane.office.hold_at(place.reader, gate);
                set.map_err(|error| Error::NotUnderstood(error.to_string()))
            })
            .await?;
        let (office, reader) = (Arc::clone(&self.lane.office), self.place.reader);
        let mut holds = tokio::task::spawn_blocking(move || office.holds_within(reader, HOLD));
        let page = self.page.as_mut().context("a page is open")?;
        tokio::select! {
            held = &mut holds => {
                ensure!(held??, "the card neither comes to its gate nor ends its job");
                Ok(Reached::Gate)
            }
            ended = page.ended(&job) => {
                ended?;
                self.lane.office.let_go(reader)?;
                holds.await??;
                Ok(Reached::End)
            }
        }
    }

    /// The first half of *Next*: a job is issued, and goes no further.
    ///
    /// # Errors
    /// Whatever is not as it should be.
    pub async fn next_without_execution(&mut self) -> Result<(), Error> {
        let process = self.process().await?;
        let mut page = self.take_page().await?;
        page.job(&process, &self.place.reader_name()).await?;
        self.page = Some(page);
        Ok(())
    }

    async fn next_with(
        &mut self,
        before: impl FnOnce(&Lane, &Place) -> Result<(), Error>,
    ) -> Result<JobId, Error> {
        let reader = self.place.reader_name();
        let process = self.process().await?;
        let mut page = self.take_page().await?;
        page.look(&process, &reader).await?;
        let sealed = page.job(&process, &reader).await?;
        before(self.lane, &self.place)?;
        let job = page.execute(sealed).await?;
        self.accepted.push(job.clone());
        self.page = Some(page);
        Ok(job)
    }

    /// Waits until a job ended and gives its failure, if it failed; nothing is carried yet.
    ///
    /// # Errors
    /// When the helper is gone.
    pub async fn ended(&mut self, job: &JobId) -> anyhow::Result<Option<JobFailure>> {
        let page = self.page.as_mut().context("a page is open")?;
        Ok(page.ended(job).await?)
    }

    /// Carries whatever the helper has to the registry.
    ///
    /// # Errors
    /// When one of them is gone.
    pub async fn carry_outcomes(&mut self) -> anyhow::Result<()> {
        let page = self.page.as_mut().context("a page is open")?;
        Ok(page.carry_outcomes().await?)
    }

    /// Lets the chip that holds go on.
    ///
    /// # Errors
    /// When it is not in its reader.
    pub fn let_go(&self) -> anyhow::Result<()> {
        Ok(self.lane.office.let_go(self.place.reader)?)
    }

    /// Takes the chip out, whatever it is doing.
    pub fn tear(&mut self) {
        self.lane.remove(&self.place);
        self.is_out = true;
    }

    /// Puts another chip in its place, faster than the service notices.
    ///
    /// # Errors
    /// When it cannot be put in.
    pub fn swap(&mut self) -> anyhow::Result<()> {
        let other = self.lane.chip(self.lane.foreign_index(&self.place));
        if self.is_out {
            return Ok(());
        }
        self.is_out = true;
        Ok(self.lane.office.swap_between_polls(self.place.reader, other)?)
    }

    /// Puts another chip in its place, where it holds before a reset, so that not even the driver
    /// notices: the reset is the other chip's.
    ///
    /// # Errors
    /// When it cannot be put in.
    pub fn swap_unnoticed(&mut self) -> anyhow::Result<()> {
        let other = self.lane.chip(self.lane.foreign_index(&self.place));
        self.is_out = true;
        Ok(self.lane.office.swap_unnoticed(self.place.reader, other)?)
    }

    /// Waits until the chip that holds holds again, at the next gate.
    ///
    /// # Errors
    /// When it does not come there.
    pub fn go_on_until(&self, gate: Gate) -> anyhow::Result<()> {
        self.lane.office.hold_at(self.place.reader, gate)?;
        self.lane.wait_for_hold(&self.place)
    }

    /// Puts the chip in again where it is out, and starts what does not run.
    ///
    /// # Errors
    /// When something does not start, or the service does not notice the chip.
    pub fn restore(&mut self) -> anyhow::Result<()> {
        self.lane.start_all()?;
        if std::mem::take(&mut self.is_out) {
            self.lane.remove(&self.place);
            self.lane.insert(&self.place)?;
        }
        Ok(())
    }

    /// Does what an operator does until the card is *unassigned*: starts what does not run, puts
    /// the chip in, reloads the page, clicks *Next* again.
    ///
    /// # Errors
    /// When it cannot be finished.
    pub async fn finish(&mut self) -> anyhow::Result<()> {
        self.again_and_again(async |operator| {
            if operator.settle_once().await? {
                return Ok(());
            }
            let job = operator.next().await?;
            let page = operator.page.as_mut().ok_or_else(no_page)?;
            let failure = page.ended(&job).await?;
            page.carry_outcomes().await?;
            match failure {
                None => Ok(()),
                Some(failure) => Err(Error::Failed(Box::new(failure))),
            }
        })
        .await
    }

    /// Everything that is known is told to everybody: no job of this card runs, the registry has
    /// all outcomes. Gives whether the card is done.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn settle(&mut self) -> anyhow::Result<bool> {
        self.again_and_again(async |operator| operator.settle_once().await).await
    }

    async fn again_and_again<T>(
        &mut self,
        attempt: impl AsyncFn(&mut Self) -> Result<T, Error>,
    ) -> anyhow::Result<T> {
        let mut tries = 1;
        loop {
            self.restore()?;
            match attempt(self).await {
                Err(error) if error.may_pass() && tries < PATIENCE => {
                    // Whatever it was, a page that is reloaded begins anew.
                    self.page = None;
                    tries += 1;
                }
                done => return Ok(done?),
            }
        }
    }

    /// Finishes, and checks what must be true then.
    ///
    /// # Errors
    /// What is not as it must be.
    pub async fn finish_and_check(&mut self) -> anyhow::Result<()> {
        self.finish().await.context("to finish")?;
        self.page = None;
        end_state::check(self.lane, &self.place, &self.accepted).await
    }

    async fn settle_once(&mut self) -> Result<bool, Error> {
        let mut page = self.take_page().await?;
        page.ask_for_outcomes().await?;
        page.idle(&self.place.card).await?;
        page.carry_outcomes().await?;
        self.page = Some(page);
        let card = self.lane.site.card(&self.place.card).await?;
        // What is true of a card that is done is checked by others.
        Ok(card.row.commands.is_empty() && card.process.is_none())
    }

    async fn process(&self) -> Result<Process, Error> {
        let process = self.lane.site.start(&self.place.card).await?;
        match process.state {
            ProcessState::Started | ProcessState::Encoding => Ok(process),
            _ => Err(Error::NoJob(format!("{process:?}"))),
        }
    }

    /// The open page, or a new one. A call that fails leaves none.
    async fn take_page(&mut self) -> Result<Page, Error> {
        match self.page.take() {
            Some(page) => Ok(page),
            None => self.lane.page().await,
        }
    }

    /// What a failed job must have told.
    ///
    /// # Errors
    /// When the job did not fail, or otherwise.
    pub fn check_failed(
        failure: Option<JobFailure>,
        expected: impl FnOnce(&JobFailure) -> bool,
    ) -> anyhow::Result<()> {
        let failure = failure.context("the job failed")?;
        ensure!(expected(&failure), "{failure:?}");
        Ok(())
    }
}

fn no_page() -> Error {
    Error::HelperGone("no page is open".to_owned())
}
