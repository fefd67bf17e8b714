//! Failures of jobs that no run of them gives: the helper itself was in the way.

use crate::journal::{Interrupted, is_untouched};
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

/// What is signed when this helper ended in the middle: the worst that the notes allow.
pub(crate) fn interrupted(job: &Interrupted) -> JobFailure {
    let Interrupted { header, tries_allowed, noted, is_all } = job;
    let mut failure = untouched(header, FailureCause::HelperStopped);
    failure.phase = noted.begun.last().copied().unwrap_or(failure.phase);
    if !(*is_all && is_untouched(&noted.begun)) {
        failure.condition = Condition::Unknown;
    }
    failure.proved = noted.proved;
    // Whoever has presented the right value presents no other one, noted or not.
    let spent = |is_proved, may_spend, allowed| match *is_all || is_proved {
        true => may_spend,
        false => allowed,
    };
    failure.tries_spent = TriesSpent {
        pin: spent(noted.proved.pin, noted.may_spend.pin, tries_allowed.pin),
        puk: spent(noted.proved.puk, noted.may_spend.puk, tries_allowed.puk),
    };
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
