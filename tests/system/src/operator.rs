//! What an operator does about one card: whatever is interrupted is begun again, until it is done.

use crate::{Error, Lane, Page, Place, end_state};
use anyhow::{Context as _, bail, ensure};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::JobId;
use cardwright_protocol::outcome::JobFailure;
use cardwright_protocol::registry::processes::Process;
use cardwright_virtual_card::Gate;

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
}

impl<'lane> Operator<'lane> {
    /// Takes the next card of a lane, puts its chip in, and opens the wizard.
    ///
    /// # Errors
    /// When the wizard does not say that *Next* will encode.
    pub async fn sit_down(lane: &'lane mut Lane) -> anyhow::Result<Self> {
        let place = lane.next_place()?;
        Ok(Self { lane, place, page: None, accepted: Vec::new() })
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

    /// Takes the chip out and puts it in again.
    ///
    /// # Errors
    /// When the service does not notice it.
    pub fn insert_again(&self) -> anyhow::Result<()> {
        self.lane.remove(&self.place);
        self.lane.insert(&self.place)
    }

    /// Does what an operator does until the card is *unassigned*: starts what does not run, reloads
    /// the page, clicks *Next* again.
    ///
    /// # Errors
    /// When it cannot be finished.
    pub async fn finish(&mut self) -> anyhow::Result<()> {
        let mut last = None;
        for _ in 0..PATIENCE {
            self.lane.start_all()?;
            match self.try_to_finish().await {
                Ok(()) => return Ok(()),
                Err(error) if error.may_pass() => {
                    // Whatever it was, a page that is reloaded begins anew.
                    self.page = None;
                    last = Some(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        match last {
            Some(error) => Err(anyhow::Error::from(error).context("again and again")),
            None => bail!("nothing was tried"),
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

    /// One time: whatever the helper still has is settled first.
    async fn try_to_finish(&mut self) -> Result<(), Error> {
        let mut page = self.take_page().await?;
        page.idle(&self.place.card).await?;
        page.carry_outcomes().await?;
        self.page = Some(page);
        let card = self.lane.site.card(&self.place.card).await?;
        if card.row.commands.is_empty() && card.process.is_none() {
            // Nothing more is to be done; what is true then is checked by others.
            return Ok(());
        }
        let job = self.next().await?;
        let page = self.page.as_mut().ok_or_else(|| Error::HelperGone("no page".to_owned()))?;
        let failure = page.ended(&job).await?;
        page.carry_outcomes().await?;
        match failure {
            None => Ok(()),
            Some(failure) => Err(Error::Failed(Box::new(failure))),
        }
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
