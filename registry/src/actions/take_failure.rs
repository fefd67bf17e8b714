use super::ActionError;
use super::outcome_in_words::{cause_in_words, condition_in_words};
use super::take_outcome::Taking;
use crate::store::{EventKind, GenerationState, JobState};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::outcome::{Condition, FailureCause, JobFailure};
use cardwright_protocol::registry::processes::LastFailure;

impl Taking<'_> {
    /// A failure says in what condition it left the chip, and ends nothing that is not known to
    /// have ended: the pending secrets stay.
    pub(super) async fn failure(&mut self, failure: JobFailure) -> Result<(), ActionError> {
        let generation = self.transaction.generation(self.job.generation).await?;
        let touched = failure.condition != Condition::Untouched;
        // A late failure says nothing of a chip that a later receipt proved.
        if touched && generation.state == GenerationState::Pending && !self.card.interrupted {
            self.card.interrupted = true;
            self.transaction.change_card(&mut self.card, None).await?;
        }
        match &failure.cause {
            // The chip has another key than the one that was recorded.
            FailureCause::ReadBackDiffers { what } if what == "key" => {
                self.transaction.forget_keys(generation.id).await?;
            }
            _ => self.transaction.record_keys(&self.job, &failure.keys).await?,
        }
        let what = format!(
            "Encoding at {} ended early: {}; {}",
            failure.workstation,
            cause_in_words(&failure.cause),
            condition_in_words(failure.condition)
        );
        self.record(EventKind::JobFailed, what).await?;
        if !self.process.state.is_open() || self.job.state != JobState::Open {
            return Ok(());
        }
        let mendable = failure.cause.is_mendable();
        let last = LastFailure {
            phase: failure.phase,
            cause: failure.cause,
            condition: failure.condition,
        };
        let text = serde_json::to_string(&last);
        let text = text.map_err(|_| ActionError::Inconsistent("a failure cannot be written"))?;
        self.process.failure = Some(text);
        self.process.state = if mendable { ProcessState::Started } else { ProcessState::Failed };
        self.transaction.change_process(&self.process, self.now).await?;
        if !mendable {
            let what = format!("{} failed", self.process.command.title());
            self.record(EventKind::ProcessFailed, what).await?;
        }
        Ok(())
    }
}
