use super::ActionError;
use super::outcome_in_words::{cause_in_words, condition_in_words};
use super::standing::Standing;
use super::take_outcome::Taking;
use crate::store::{EventKind, JobState};
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause, JobFailure};
use cardwright_protocol::registry::processes::LastFailure;

impl Taking<'_> {
    /// A failure says in what condition it left the chip, and ends nothing that is not known to
    /// have ended: the pending secrets stay.
    pub(super) async fn failure(&mut self, failure: JobFailure) -> Result<(), ActionError> {
        let generation = self.transaction.generation(self.job.generation).await?;
        match &failure.cause {
            // Nobody relies on what it tells.
            _ if self.job.doubted => {}
            // The chip has another key than the one that was recorded.
            FailureCause::ReadBackDiffers { what } if what == "key" => {
                self.transaction.forget_keys(generation.id).await?;
            }
            _ => self.transaction.record_keys(&self.job, &failure.keys).await?,
        }
        let what = format!(
            "Encoding at {} ended early: {}; {}{}",
            self.workstation().await?,
            cause_in_words(&failure.cause),
            condition_in_words(failure.condition),
            self.doubt_in_words()
        );
        self.record(EventKind::JobFailed, what).await?;
        if self.job.doubted {
            return self.doubt(generation.chip, Some(failure)).await;
        }
        if failure.condition != Condition::Untouched {
            self.interrupt(generation.chip).await?;
        } else if self.go_on(generation.chip).await? {
            return Ok(());
        }
        if !self.process.state.is_open() || self.job.state != JobState::Open {
            return Ok(());
        }
        let mendable = failure.cause.is_mendable();
        self.process.failure = Some(last_failure(failure)?);
        self.process.state = if mendable { ProcessState::Started } else { ProcessState::Failed };
        self.transaction.change_process(&self.process, self.now).await?;
        if !mendable {
            let what = format!("{} failed", self.process.command.title());
            self.record(EventKind::ProcessFailed, what).await?;
        }
        Ok(())
    }

    /// The chip is not whole, unless a later job proved it. A card that went on all the same, since
    /// this job was held not to have begun, is marked, too.
    pub(super) async fn interrupt(&mut self, chip: i64) -> Result<(), ActionError> {
        let Standing { proved_by, is_doubtful: _ } = self.standing(chip).await?;
        let is_proved_since = proved_by.is_some_and(|proved_by| proved_by.id > self.job.id);
        if is_proved_since || self.card.interrupted {
            return Ok(());
        }
        self.card.interrupted = true;
        self.transaction.change_card(&mut self.card, None).await?;
        if self.card.state == CardState::Unassigned {
            let what = "The chip of this card was written on after it was proved: mark the card \
                        as defective";
            self.record(EventKind::CardChanged, what.to_owned()).await?;
        }
        Ok(())
    }
}

/// A failure as the process keeps it.
pub(super) fn last_failure(failure: JobFailure) -> Result<String, ActionError> {
    let JobFailure { phase, cause, condition, .. } = failure;
    let text = serde_json::to_string(&LastFailure { phase, cause, condition });
    text.map_err(|_| ActionError::Inconsistent("a failure cannot be written"))
}
