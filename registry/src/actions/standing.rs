//! What the ends of a chip's jobs prove together, in whatever order they come.

use super::ActionError;
use super::past_jobs::{End, PastJob, past_jobs};
use super::take_outcome::Taking;
use crate::graph;
use crate::store::{EventKind, JobRecord, JobState};
use cardwright_protocol::domain::ProcessState;

/// How a chip stands.
pub(super) struct Standing {
    /// The newest job that proved everything on it.
    pub(super) proved_by: Option<JobRecord>,
    /// A later one wrote on it without coming to its end, or nobody knows whether.
    pub(super) is_doubtful: bool,
}

impl Standing {
    fn of(mut jobs: Vec<PastJob>) -> Self {
        let newest = jobs.iter().rposition(|past| matches!(past.end, End::Receipt));
        let from = newest.map_or(0, |newest| newest + 1);
        let is_doubtful = jobs[from..].iter().any(PastJob::may_have_touched);
        Self { proved_by: newest.map(|newest| jobs.swap_remove(newest).job), is_doubtful }
    }
}

impl Taking<'_> {
    /// How the chip stands, by the ends of all its jobs that are in the database.
    pub(super) async fn standing(&self, chip: i64) -> Result<Standing, ActionError> {
        Ok(Standing::of(past_jobs(self.transaction.jobs_of_chip(chip).await?)?))
    }

    /// The card goes on where its chip is proved to be what this process wanted, and no later job
    /// can have changed that. The answer is whether the process is completed.
    pub(super) async fn go_on(&mut self, chip: i64) -> Result<bool, ActionError> {
        let Standing { proved_by: Some(proved_by), is_doubtful: false } =
            self.standing(chip).await?
        else {
            return Ok(false);
        };
        let newest = self.transaction.generations(chip).await?.into_iter().next();
        if newest.is_none_or(|newest| newest.id != proved_by.generation) {
            return Ok(false);
        }
        self.card.interrupted = false;
        let target = graph::target(self.card.state, self.process.command);
        let is_waited_for = self.process.state.is_open()
            && proved_by.process == self.process.id
            && self.transaction.last_job(&self.process.id, JobState::Open).await?.is_none();
        let target = target.filter(|_| is_waited_for);
        if let Some(target) = target {
            self.card.state = target;
            self.process.state = ProcessState::Completed;
            self.process.failure = None;
            self.transaction.change_process(&self.process, self.now).await?;
            let what = format!("{} completed", self.process.command.title());
            self.record_with_state(EventKind::ProcessCompleted, what, Some(target)).await?;
        }
        self.transaction.change_card(&mut self.card, None).await?;
        Ok(target.is_some())
    }
}
