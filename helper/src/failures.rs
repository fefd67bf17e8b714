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
    // A phase that sets a PUK or PIN is over when its right value was presented; from then on only
    // that value is.
    let is_over = |phase| begun.contains(&phase) && begun.last() > Some(&phase);
    failure.proved = Proved { pin: is_over(Phase::Pin), puk: is_over(Phase::Puk) };
    if !(*is_all && is_unpresented(begun)) {
        let spent = |is_proved, allowed| if is_proved { 0 } else { allowed };
        failure.tries_spent = TriesSpent {
            pin: spent(failure.proved.pin, tries_allowed.pin),
            puk: spent(failure.proved.puk, tries_allowed.puk),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: TriesSpent = TriesSpent { pin: 2, puk: 2 };

    fn check(begun: &[Phase], proved: Proved, tries_spent: TriesSpent) {
        for is_all in [true, false] {
            let failure = interrupted(&Interrupted {
                header: JobHeader {
                    job: "0a".into(),
                    process: "0b".into(),
                    workstation: "desk-1".into(),
                    card: "TC-1".into(),
                    reader: "r".into(),
                    insertion: "i".into(),
                    helper_nonce: vec![0; 16].into(),
                    chip: cardwright_protocol::chip::ChipIds::default(),
                    profile: "piv".into(),
                    profile_hash: vec![0; 32].into(),
                },
                tries_allowed: ALLOWED,
                begun: begun.to_vec(),
                is_all,
            });
            assert_eq!((failure.proved, failure.tries_spent), (proved, tries_spent), "{begun:?}");
        }
    }

    #[test]
    fn a_phase_that_was_over_had_presented_the_right_value() {
        use Phase as P;
        check(&[P::Identify, P::Authenticate, P::Puk], Proved::default(), ALLOWED);
        let puk = Proved { pin: false, puk: true };
        check(
            &[P::Identify, P::Authenticate, P::Puk, P::Pin],
            puk,
            TriesSpent { puk: 0, ..ALLOWED },
        );
        let both = Proved { pin: true, puk: true };
        let begun = [P::Identify, P::Authenticate, P::Puk, P::Pin, P::CardHolder, P::Verify];
        check(&begun, both, TriesSpent::default());
        // What is only read back, this job had not proved before.
        check(&[P::Identify, P::Authenticate, P::Verify], Proved::default(), ALLOWED);
    }
}
