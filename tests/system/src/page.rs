//! A page of the app: what it does for a person, over both wires.

use crate::helper_wire::job_of;
use crate::{Error, HelperWire, Site};
use cardwright_protocol::helper::{HelperError, Message, Request, Slot};
use cardwright_protocol::ids::{CardNumber, InsertionId, JobId, ReaderId};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{ChipReport, JobFailure, Outcome};
use cardwright_protocol::registry::processes::{Process, Verdict};
use cardwright_protocol::signed::Signed;

/// An open page. Dropped, both its connections end at once.
#[derive(Debug)]
pub struct Page {
    /// The registry, with the browser's session.
    pub site: Site,
    /// The helper.
    pub helper: HelperWire,
}

impl Page {
    /// Opens a page in a browser that has a session.
    ///
    /// # Errors
    /// [`Error::HelperGone`] when no helper answers.
    pub async fn open(site: &Site, helper: &str) -> Result<Self, Error> {
        let helper = HelperWire::open(helper, site).await?;
        Ok(Self { site: site.clone(), helper })
    }

    /// What the courier does: carries every outcome that the helper has to the registry, and the
    /// acknowledgement back.
    ///
    /// # Errors
    /// [`Error::RegistryGone`], [`Error::HelperGone`]; what was not carried stays with the helper.
    pub async fn carry_outcomes(&mut self) -> Result<(), Error> {
        for outcome in self.helper.outcomes.clone() {
            let taken = self.site.take(&outcome).await?;
            let acknowledgement = taken.acknowledgement;
            self.helper.ask(Request::Acknowledge { acknowledgement }).await?;
        }
        Ok(())
    }

    /// Asks the helper for what it still has: the connection lives, and all news are read.
    ///
    /// # Errors
    /// [`Error::HelperGone`].
    pub async fn ask_for_outcomes(&mut self) -> Result<(), Error> {
        self.helper.ask(Request::Outcomes {}).await.map(drop)
    }

    /// Waits for the chip in a reader that nobody else has for itself.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::HelperGone`].
    pub async fn chip_in(&mut self, name: &str) -> Result<(ReaderId, InsertionId), Error> {
        let pick = |wire: &HelperWire| {
            let reader = wire.readers.iter().find(|reader| reader.name == name)?;
            match &reader.slot {
                Slot::Chip { insertion, in_use: false } => {
                    Some((reader.id.clone(), insertion.clone()))
                }
                _ => None,
            }
        };
        self.helper.until("a chip", pick).await
    }

    /// What the page does when it sees a chip, before *Next* can be clicked.
    ///
    /// # Errors
    /// [`Error::NoJob`] when *Next* would not encode it.
    pub async fn look(&mut self, process: &Process, reader: &str) -> Result<(), Error> {
        match self.assess(process, reader).await? {
            Verdict::Ready | Verdict::Interrupted => Ok(()),
            verdict => Err(Error::NoJob(format!("{verdict:?}"))),
        }
    }

    /// Inspects the chip, and learns what it means.
    ///
    /// # Errors
    /// Whatever either side says.
    pub async fn assess(&mut self, process: &Process, reader: &str) -> Result<Verdict, Error> {
        let report = self.inspect(process, reader).await?;
        Ok(self.site.assess(&process.id, report).await?.verdict)
    }

    /// The first half of *Next*: inspects the chip again and fetches a job for it.
    ///
    /// # Errors
    /// Whatever either side says.
    pub async fn job(&mut self, process: &Process, reader: &str) -> Result<SealedJob, Error> {
        let report = self.inspect(process, reader).await?;
        self.site.job(process, report).await
    }

    /// The second half of *Next*: the helper executes the job.
    ///
    /// # Errors
    /// Whatever the helper says.
    pub async fn execute(&mut self, job: SealedJob) -> Result<JobId, Error> {
        let header: JobHeader = serde_json::from_str(&job.header)
            .map_err(|error| Error::NotUnderstood(error.to_string()))?;
        self.helper.ask(Request::Execute { job }).await?;
        Ok(header.job)
    }

    /// Waits until a job ended, and gives the failure where it failed.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::HelperGone`].
    pub async fn ended(&mut self, job: &JobId) -> Result<Option<JobFailure>, Error> {
        let named = |outcome: &&Outcome| job_of(outcome).as_ref() == Some(job);
        let pick = |wire: &HelperWire| wire.outcomes.iter().find(named).cloned();
        match self.helper.until("the end of the job", pick).await? {
            Outcome::Finished(_) => Ok(None),
            Outcome::Failed(signed) => serde_json::from_str(&signed.statement)
                .map(Some)
                .map_err(|error| Error::NotUnderstood(error.to_string())),
        }
    }

    /// Waits until no job of a card runs: a page that was reloaded sees it to its end.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::HelperGone`].
    pub async fn idle(&mut self, card: &CardNumber) -> Result<(), Error> {
        let runs = |wire: &HelperWire| wire.running.iter().any(|job| job.card == *card);
        self.helper.until("the end of all jobs", |wire| (!runs(wire)).then_some(())).await
    }

    async fn inspect(
        &mut self,
        process: &Process,
        reader: &str,
    ) -> Result<Signed<ChipReport>, Error> {
        let name = reader;
        loop {
            let (reader, insertion) = self.chip_in(name).await?;
            let registry_nonce = self.site.nonce(&process.id).await?.nonce;
            let seen = insertion.clone();
            match self.helper.ask(Request::Inspect { reader, insertion, registry_nonce }).await {
                Ok(Message::Report { report, .. }) => return Ok(report),
                Ok(other) => return Err(Error::NotUnderstood(format!("{other:?}"))),
                // What the page shows is from before: the news of it is on its way.
                Err(Error::Refused(HelperError::NotInserted)) => self.left(name, &seen).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until a stay of a chip is over.
    async fn left(&mut self, name: &str, seen: &InsertionId) -> Result<(), Error> {
        let is_it = |slot: &Slot| matches!(slot, Slot::Chip { insertion, .. } if insertion == seen);
        let stays = |wire: &HelperWire| {
            wire.readers.iter().any(|reader| reader.name == name && is_it(&reader.slot))
        };
        self.helper.until("the chip's leaving", |wire| (!stays(wire)).then_some(())).await
    }
}
