//! The ledger of tries: what the jobs for a chip may have spent of its PIN and PUK since the last
//! right value was presented, and what the next one may spend.

use super::past_jobs::{End, PastJob};
use crate::store::JobRecord;
use cardwright_protocol::chip::PivFacts;
use cardwright_protocol::outcome::{Condition, FailureCause, JobFailure, Phase, TriesSpent};
use cardwright_protocol::registry::processes::Verdict;
use cardwright_seal::{PukFirst, TriesAllowed};

/// What may be spent on a counter that the chip does not tell: the fewest tries that a PIV chip
/// comes with are 3, and the last one is never sent.
const UNREAD_BUDGET: u8 = 2;

/// What a job reserves: it is the most that stays spent of a chip whose PUK is one of two. Of two
/// values one is right, and presenting it sets the counter back.
const RESERVED: TriesAllowed = TriesAllowed { pin: 1, puk: 1 };

/// What a helper calls the PIN.
const PIN: &str = "PIN";

/// What a chip says of the generation whose secrets it is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Its card id: PUK and PIN are those of the generation, or those of before.
    ThisGeneration,
    /// Another one, or none. The card id is written before the first secret: no job of the
    /// generation changed the PUK, and only the one of before is presented. It is wrong where the
    /// chip is somebody else's, and a job that was lost cannot say so.
    Another,
}

/// What a job may spend, and how it is to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// For the helper: wrong values that may be presented.
    pub(crate) allowed: TriesAllowed,
    /// For the ledger: what counts as spent until the job's end is known.
    pub(crate) reserved: TriesAllowed,
    pub(crate) puk_first: PukFirst,
    /// No PIN may be presented: too few tries of it are left.
    pub(crate) pin_by_puk: bool,
}

impl Allowance {
    /// What a job may spend on a chip; `None` when another attempt could be the PUK's last.
    ///
    /// `sets_tries`: the profile wants numbers of tries, and setting them sets the PUK to the
    /// maker's; a chip without our card id may then have that one, or the one of before.
    pub(crate) fn of(
        jobs: &[PastJob],
        generation: Option<i64>,
        naming: Naming,
        piv: &PivFacts,
        sets_tries: bool,
    ) -> Option<Self> {
        let TriesAllowed { pin, puk: left } = left(jobs, generation, naming, piv);
        let pin = pin.min(RESERVED.pin);
        let puk = match (naming, left) {
            (_, 0) => return None,
            // Only the value of before is presented.
            (Naming::Another, _) => 1,
            // One of two values is right, so that at most one wrong one is presented; but a helper
            // that counts before it presents needs leave for both.
            (Naming::ThisGeneration, left) if piv.puk_tries.is_some() => left.min(2),
            (Naming::ThisGeneration, _) => 2,
        };
        Some(Self {
            allowed: TriesAllowed { pin, puk },
            reserved: TriesAllowed {
                pin,
                // Two wrong ones, where the chip is somebody else's.
                puk: if sets_tries && naming == Naming::Another { 2 } else { RESERVED.puk },
            },
            puk_first: puk_first(jobs, generation, naming),
            pin_by_puk: pin == 0
                || generation.is_some_and(|generation| has_other_pin(jobs, generation)),
        })
    }

    /// What a job may spend before it erases the chip, which may have values of somebody else: two
    /// wrong ones, as far as they are left. After its reset the chip has all its tries. `None`
    /// where a job found that it has no reset.
    pub(crate) fn to_erase(
        jobs: &[PastJob],
        generation: Option<i64>,
        naming: Naming,
        piv: &PivFacts,
    ) -> Option<Self> {
        let TriesAllowed { pin, puk } = left(jobs, generation, naming, piv);
        let allowed = TriesAllowed { pin: pin.min(1), puk: puk.min(2) };
        (!has_no_reset(jobs)).then_some(Self {
            allowed,
            reserved: TriesAllowed { pin: allowed.pin, puk: allowed.puk.min(RESERVED.puk) },
            puk_first: PukFirst::Before,
            pin_by_puk: false,
        })
    }
}

/// Tries that are left but for the last one, at least.
fn left(jobs: &[PastJob], generation: Option<i64>, naming: Naming, piv: &PivFacts) -> TriesAllowed {
    // Whoever presented the maker's value to a chip that still has it was not wrong.
    let is_makers = naming == Naming::Another && piv.factory_secrets == Some(true);
    let spent = Spent::of(jobs, generation.filter(|_| is_makers));
    // What the chip itself tells is true now, whatever was reserved.
    let left = |told: Option<u8>, spent: u8| match told {
        Some(left) => left.saturating_sub(1),
        None => UNREAD_BUDGET.saturating_sub(spent),
    };
    TriesAllowed { pin: left(piv.pin_tries, spent.pin), puk: left(piv.puk_tries, spent.puk()) }
}

/// Whether a job that was to erase the chip, as it is now, found that this cannot be done.
fn has_no_reset(jobs: &[PastJob]) -> bool {
    let since_whole = jobs.iter().rev().take_while(|past| !matches!(past.end, End::Receipt));
    since_whole.filter(|past| past.job.erase).any(|past| match &past.end {
        End::Failure(JobFailure { phase, cause, .. }) => {
            *phase == Phase::Erase && matches!(cause, FailureCause::NotSupported { .. })
        }
        End::Unknown | End::Receipt => false,
    })
}

/// Whether a job of a generation found another PIN than the one that it set, or that a run before
/// had set, and none set it since: whoever presents it again finds nothing else.
fn has_other_pin(jobs: &[PastJob], generation: i64) -> bool {
    let of_generation = jobs.iter().rev().filter(|past| past.job.generation == generation);
    let mut telling = of_generation.filter_map(|past| match &past.end {
        End::Unknown => None,
        End::Receipt => Some(false),
        End::Failure(failure) => match &failure.cause {
            FailureCause::ReadBackDiffers { what } if what == PIN => Some(true),
            _ if failure.condition == Condition::Untouched => None,
            _ => (failure.proved.pin || failure.phase > Phase::Pin).then_some(false),
        },
    });
    telling.next().unwrap_or(false)
}

/// What the last job of a generation found that keeps another one from being of use.
pub(crate) fn last_finding(jobs: &[PastJob], generation: i64) -> Option<Verdict> {
    let of_generation = jobs.iter().rev().filter(|past| past.job.generation == generation);
    let mut telling = of_generation.filter_map(|past| match &past.end {
        End::Unknown => None,
        End::Receipt => Some(None),
        End::Failure(failure) => match &failure.cause {
            FailureCause::Foreign { .. } => Some(Some(Verdict::Used)),
            // A PIN is set by the PUK.
            FailureCause::Blocked { what } if what != PIN => Some(Some(Verdict::Blocked)),
            // It did not come so far, or not so far as to have erased what was found.
            _ if failure.condition == Condition::Untouched => None,
            _ if past.job.erase && failure.phase <= Phase::Erase => None,
            _ => Some(None),
        },
    });
    telling.next().flatten()
}

/// What may have been spent since the last right value was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Spent {
    pin: u8,
    /// Of the PUK, by the jobs of generations before the last one that is counted here.
    puk_before: u8,
    /// Of the PUK, by jobs that present the wanted one first.
    wanted_first: u8,
    /// Of the PUK, by jobs that present the one of before first.
    before_first: u8,
}

impl Spent {
    /// Jobs of the generation `is_makers` spent nothing by an end that nobody knows.
    fn of(jobs: &[PastJob], is_makers: Option<i64>) -> Self {
        let mut spent = Self::default();
        let mut counted = None;
        for PastJob { job, end } in jobs {
            if counted.replace(job.generation) != Some(job.generation) {
                spent = Self { pin: spent.pin, puk_before: spent.puk(), ..Self::default() };
            }
            match end {
                End::Receipt => spent = Self::default(),
                End::Failure(failure) => spent.add_failure(job, failure),
                End::Unknown if is_makers == Some(job.generation) => {}
                End::Unknown => spent.add(job.puk_first, job.reserved.pin, job.reserved.puk),
            }
        }
        spent
    }

    fn add_failure(&mut self, job: &JobRecord, failure: &JobFailure) {
        if failure.proved.pin {
            self.pin = 0;
        }
        let TriesSpent { pin, puk } = failure.tries_spent;
        if failure.proved.puk {
            *self = Self { pin: self.pin, ..Self::default() };
        }
        // A second value after a wrong one is the right one, though its answer was lost; unless
        // the job says that neither is.
        let most = match failure.cause {
            // It presented nothing.
            FailureCause::JobRefused { .. } => return,
            FailureCause::Foreign { .. } | FailureCause::Blocked { .. } => u8::MAX,
            _ => job.reserved.puk.max(RESERVED.puk),
        };
        self.add(job.puk_first, pin, puk.min(most));
        if matches!(&failure.cause, FailureCause::Blocked { what } if what == PIN) {
            self.pin = self.pin.max(UNREAD_BUDGET);
        }
    }

    fn add(&mut self, puk_first: PukFirst, pin: u8, puk: u8) {
        self.pin = self.pin.saturating_add(pin);
        let of_puk = match puk_first {
            PukFirst::Wanted => &mut self.wanted_first,
            PukFirst::Before => &mut self.before_first,
        };
        *of_puk = of_puk.saturating_add(puk);
    }

    /// Tries of the PUK that are gone, at most.
    ///
    /// The PUK is the wanted one or the one of before. Whatever it is, a job that begins with the
    /// right one spends nothing, and a job that begins with the wrong one spends one try and then
    /// has the right one, which sets the counter back, unless it is cut off in between. The order
    /// alternates from one job without a proof to the next: so a wrong value is followed by a
    /// right one, no two wrong ones follow each other but where a job was cut off before it
    /// presented anything, and only the jobs of one of the two orders count.
    fn puk(&self) -> u8 {
        self.puk_before.saturating_add(self.wanted_first.max(self.before_first))
    }
}

/// Which of two PUKs the next job presents first.
///
/// A generation that was just adopted begins with the one of before, too. Where the chip is whole,
/// its management key says so, and there is no choice; where its encoding was cut off behind the
/// PUK, one try is spent and set back at once; but a chip of a maker whose random card id only
/// looks like ours surely has the PUK of before, and such chips are more frequent than databases
/// that lost a row.
fn puk_first(jobs: &[PastJob], generation: Option<i64>, naming: Naming) -> PukFirst {
    let mut next = PukFirst::Before;
    if naming == Naming::Another {
        return next;
    }
    for PastJob { job, end } in jobs.iter().filter(|past| Some(past.job.generation) == generation) {
        if job.erase {
            next = PukFirst::Before;
        }
        next = match end {
            End::Unknown => the_other(job.puk_first),
            End::Receipt => PukFirst::Wanted,
            // It presented nothing.
            End::Failure(JobFailure { cause: FailureCause::JobRefused { .. }, .. }) => next,
            // Whatever it began with may have been wrong, and the answer to it was lost.
            End::Failure(failure) if failure.tries_spent.puk > 0 && !failure.proved.puk => {
                the_other(job.puk_first)
            }
            // The PUK was not changed.
            End::Failure(failure) if failure.phase < Phase::Puk => next,
            End::Failure(failure) if failure.phase > Phase::Puk => PukFirst::Wanted,
            End::Failure(failure) if failure.proved.puk => the_other(job.puk_first),
            End::Failure(_) => job.puk_first,
        };
    }
    next
}

fn the_other(order: PukFirst) -> PukFirst {
    match order {
        PukFirst::Wanted => PukFirst::Before,
        PukFirst::Before => PukFirst::Wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_may_present_two_wrong_puks_reserves_two_tries() {
        let silent = PivFacts {
            version: None,
            pin_tries: None,
            puk_tries: None,
            management_key_algorithm: None,
            factory_secrets: None,
        };
        for (sets_tries, reserved) in [(false, 1), (true, 2)] {
            let allowance = Allowance::of(&[], None, Naming::Another, &silent, sets_tries);
            assert_eq!(allowance.unwrap().reserved.puk, reserved);
        }
    }
}
