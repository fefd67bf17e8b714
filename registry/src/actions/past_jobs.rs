//! The jobs that were issued for a chip, and how each of them ended.

use super::ActionError;
use crate::store::{JobRecord, JobState};
use cardwright_protocol::outcome::{Condition, JobFailure};

/// A job that was issued for a chip, and its end.
pub(crate) struct PastJob {
    pub(crate) job: JobRecord,
    pub(crate) end: End,
}

pub(crate) enum End {
    /// Nobody knows: it is open, or its process no longer waits for it, or who told its end is no
    /// longer believed.
    Unknown,
    Receipt,
    Failure(JobFailure),
}

/// The jobs that may have begun, of all that were issued for a chip, oldest first.
pub(crate) fn past_jobs(jobs: Vec<JobRecord>) -> Result<Vec<PastJob>, ActionError> {
    let may_have_begun = |job: &JobRecord| job.state != JobState::NeverBegan;
    jobs.into_iter().filter(may_have_begun).map(PastJob::read).collect()
}

impl PastJob {
    /// Whether it wrote on the chip, or may have.
    pub(crate) fn may_have_touched(&self) -> bool {
        match &self.end {
            End::Unknown | End::Receipt => true,
            End::Failure(failure) => failure.condition != Condition::Untouched,
        }
    }

    fn read(job: JobRecord) -> Result<Self, ActionError> {
        let end = match (&job.outcome, job.state) {
            (None, _) => End::Unknown,
            (Some(_), _) if job.doubted => End::Unknown,
            (Some(_), JobState::Finished) => End::Receipt,
            (Some(statement), _) => {
                let failure = serde_json::from_str(statement);
                let unreadable = |_| ActionError::Inconsistent("a failure cannot be read");
                End::Failure(failure.map_err(unreadable)?)
            }
        };
        Ok(Self { job, end })
    }
}
