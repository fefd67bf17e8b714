//! The state machine of one job.

use crate::{Cause, Failure, Job, Phase, Receipt};
use cardwright_card::{Transport, TransportError};
use rand::CryptoRng;

/// One job on its way. A step consumes it and gives the next one, or what became of it.
#[derive(Debug)]
pub struct Run {
    job: Job,
}

/// What is to be done after a step.
#[derive(Debug)]
pub enum Next {
    /// The next phase can begin; here the caller may show progress, or cancel.
    Step(Run),
    /// Reset the chip and connect to it again; then the next phase can begin.
    Reset(Run),
    /// The chip is as wanted.
    Done(Receipt),
}

/// Where a run stands, before its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The phase that the next step carries out.
    pub phase: Phase,
    /// Its number among the phases of this run, from 1.
    pub step: u32,
    /// How many phases this run has; less once it is known what drops out.
    pub of: u32,
    /// Whether something was written already: from then on a cancel leaves a chip half done.
    pub written: bool,
}

impl Run {
    /// A run that has touched nothing yet.
    #[must_use]
    pub fn new(job: Job) -> Self {
        Self { job }
    }

    /// Where the run stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { phase: Phase::Identify, step: 1, of: 9, written: false }
    }

    /// Carries the next phase out. The random numbers are challenges.
    ///
    /// # Errors
    /// [`Failure`]: the run has ended, and says in what condition it left the chip.
    pub fn step(
        self,
        transport: &mut dyn Transport,
        random: &mut impl CryptoRng,
    ) -> Result<Next, Failure> {
        let _ = (self.job, transport, random);
        Err(Failure {
            phase: Phase::Identify,
            cause: Cause::NotSupported { what: "personalization" },
            condition: crate::Condition::Untouched,
            tries_spent: crate::Tries::default(),
        })
    }

    /// Ends the run between two phases.
    #[must_use]
    pub fn cancel(self) -> Failure {
        self.end(Cause::Canceled)
    }

    /// Ends the run because the link was lost between two phases, such as in the reset.
    #[must_use]
    pub fn link_lost(self, error: TransportError) -> Failure {
        self.end(Cause::Link(error))
    }

    fn end(self, cause: Cause) -> Failure {
        Failure {
            phase: Phase::Identify,
            cause,
            condition: crate::Condition::Untouched,
            tries_spent: crate::Tries::default(),
        }
    }
}
