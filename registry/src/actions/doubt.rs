//! Outcomes that were signed with a key which is no longer current: the workstation was revoked, or
//! enrolled anew, since. They are recorded as facts, and relied on by nobody: the card stays where
//! it is, and another job verifies the chip again.

use super::ActionError;
use super::take_failure::last_failure;
use super::take_outcome::Taking;
use crate::store::{GenerationRecord, GenerationState, JobState};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::WorkstationName;
use cardwright_protocol::outcome::JobFailure;

impl Taking<'_> {
    /// Marks the card, unless a job since proved its chip, and lets the process go on with another
    /// job, whatever the outcome was: nobody knows whether it is true.
    pub(super) async fn doubt(
        &mut self,
        chip: i64,
        failure: Option<JobFailure>,
    ) -> Result<(), ActionError> {
        self.interrupt(chip).await?;
        if self.process.state.is_open() && self.job.state == JobState::Open {
            self.process.failure = failure.map(last_failure).transpose()?;
            self.process.state = ProcessState::Started;
            self.transaction.change_process(&self.process, self.now).await?;
        }
        Ok(())
    }

    /// The next job keys the chip anew, since the workstation knows this keying; and no keying that
    /// was proved before is past by its word: whether the chip has this one, or still the one
    /// before, the chip says itself. Its keys are not taken for the chip's either.
    pub(super) async fn doubt_generation(
        &self,
        generation: &GenerationRecord,
    ) -> Result<(), ActionError> {
        if generation.state == GenerationState::Pending {
            self.transaction.pass_generation(generation).await?;
        }
        Ok(())
    }

    /// For the history, behind what the outcome says.
    pub(super) fn doubt_in_words(&self) -> &'static str {
        match self.job.doubted {
            true => {
                "; its key is no longer that of the workstation: the chip is to be verified again"
            }
            false => "",
        }
    }

    /// What people call the workstation of the job now.
    pub(super) async fn workstation(&self) -> Result<WorkstationName, ActionError> {
        Ok(self.transaction.workstation_name(&self.job.workstation).await?)
    }
}
