//! Failures of jobs that no run of them gives: the helper itself was in the way.

use crate::journal::{Interrupted, is_unpresented, is_untouched};
use cardwright_protocol::helper::RunningJob;
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, Phase, Proved, TriesSpent,
};

/// What is signed when this helper failed in itself: the worst is assumed.
pub(crate) fn internal(
    header: &JobHeader,
    last: &RunningJob,
    tries_allowed: TriesSpent,
) -> JobFailure {
    JobFailure {
        phase: last.phase,
        tries_spent: tries_allowed,
        condition: Condition::Unknown,
        ..untouched(header, FailureCause::Internal)
    }
}

/// What is signed when this helper ended in the middle: the worst that the noted phases allow.
pub(crate) fn interrupted(job: &Interrupted) -> JobFailure {
    let Interrupted { header, tries_allowed, begun, is_all } = job;
    let mut failure = untouched(header, FailureCause::HelperStopped);
    failure.phase = begun.last().copied().unwrap_or(failure.phase);
    if !(*is_all && is_untouched(begun)) {
        failure.condition = Condition::Unknown;
    }
    if !(*is_all && is_unpresented(begun)) {
        failure.tries_spent = *tries_allowed;
    }
    failure
}

/// What is signed when a job never begins.
pub(crate) fn refused(header: &JobHeader, why: String) -> JobFailure {
    untouched(header, FailureCause::JobRefused { why })
}

/// A failure of this job before anything was sent to the chip.
fn untouched(header: &JobHeader, cause: FailureCause) -> JobFailure {
    JobFailure {
        job: header.job.clone(),
        process: header.process.clone(),
        workstation: header.workstation.clone(),
        card: header.card.clone(),
        phase: Phase::Identify,
        cause,
        condition: Condition::Untouched,
        tries_spent: TriesSpent::default(),
        proved: Proved::default(),
        keys: Vec::new(),
    }
}
