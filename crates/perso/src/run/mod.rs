//! The state machine of one job. Each state is a struct; its step consumes it.

mod authenticate;
mod erase;
mod identify;
mod ledger;
mod opened;
mod plan;
mod prove;
mod prove_puk;
mod reference_data;
mod tries;
mod verify;
mod write;

use crate::{Cause, Failure, Job, Phase, Proved, Receipt, Tries};
use authenticate::Authenticate;
use cardwright_card::{Channel, Transport, TransportError};
use erase::{AskReset, Erase};
use identify::Identify;
use ledger::Ledger;
use opened::Opened;
use prove_puk::ProvePuk;
use rand::CryptoRng;
use verify::Verify;
use write::Write;

/// One job on its way. A step consumes it and gives the next one, or what became of it.
#[derive(Debug)]
pub struct Run {
    /// What is wanted: the same for every step.
    job: Job,
    /// What happened so far, whichever state the run is in.
    ledger: Ledger,
    state: State,
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
    /// How many phases this run has; fewer once it is known what drops out.
    pub of: u32,
    /// Whether something was written already: from then on a cancel leaves a chip half done.
    pub written: bool,
    /// Nothing brings back what the phase does away with.
    pub is_irreversible: bool,
    /// Tries that are spent, at most, when the next step is cut off; since a right value was
    /// presented, where one was. A value that may be wrong is meant, and none that erasing presents
    /// on purpose, to counters that it sets back.
    pub may_spend: Tries,
    /// Which right values were presented.
    pub proved: Proved,
}

#[derive(Debug)]
enum State {
    Identify(Identify),
    Erase(Erase),
    Authenticate(Authenticate),
    AskReset(Box<AskReset>),
    ProvePuk(Box<ProvePuk>),
    Write(Write),
    Verify(Verify),
}

/// What a state becomes.
enum Transition {
    To(State),
    /// The same phase goes on.
    Within(State),
    AfterReset(State),
    Done(Receipt),
}

impl Run {
    /// A run that has touched nothing yet.
    #[must_use]
    pub fn new(job: Job) -> Self {
        let ledger = Ledger::new(&job);
        Self { job, ledger, state: State::Identify(Identify) }
    }

    /// Where the run stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.ledger.progress(self.state.presents())
    }

    /// Carries the next phase out. The random numbers are challenges.
    ///
    /// # Errors
    /// [`Failure`]: the run has ended, and says in what condition it left the chip.
    pub fn step<R: CryptoRng + ?Sized>(
        self,
        transport: &mut dyn Transport,
        random: &mut R,
    ) -> Result<Next, Failure> {
        let Self { job, mut ledger, state } = self;
        let mut channel = Channel::new(transport);
        let transition = match state {
            State::Identify(state) => state.step(&job, &mut ledger, &mut channel),
            State::Erase(state) => state.step(&mut ledger, &mut channel, random),
            State::Authenticate(state) => state.step(&job, &mut ledger, &mut channel, random),
            State::AskReset(state) => state.step(&mut ledger, &mut channel),
            State::ProvePuk(state) => state.step(&job, &mut ledger, &mut channel),
            State::Write(state) => state.step(&job, &mut ledger, &mut channel),
            State::Verify(state) => state.step(&job, &mut ledger, &mut channel, random),
        };
        ledger.count_commands(channel.commands());
        let transition = transition.map_err(|cause| ledger.failure(cause))?;
        if !matches!(transition, Transition::Within(_)) {
            ledger.finish_phase();
        }
        Ok(match transition {
            Transition::To(state) | Transition::Within(state) => {
                Next::Step(Self { job, ledger, state })
            }
            Transition::AfterReset(state) => Next::Reset(Self { job, ledger, state }),
            Transition::Done(receipt) => Next::Done(ledger.complete(receipt)),
        })
    }

    /// Ends the run between two phases.
    #[must_use]
    pub fn cancel(self) -> Failure {
        self.ledger.failure(Cause::Canceled)
    }

    /// Ends the run because the link was lost between two phases, such as in the reset.
    #[must_use]
    pub fn link_lost(self, error: TransportError) -> Failure {
        self.ledger.failure(Cause::Link(error))
    }
}

/// What a step may present to the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Presents {
    pin: bool,
    puk: bool,
}

impl State {
    /// What the next step may present: at least that.
    fn presents(&self) -> Presents {
        let (pin, puk) = match self {
            Self::Identify(_) | Self::AskReset(_) | Self::Authenticate(_) => (false, false),
            Self::ProvePuk(_) => (false, true),
            Self::Erase(_) | Self::Verify(_) => (true, true),
            Self::Write(state) => match state.phases.front() {
                Some(Phase::Puk) => (false, true),
                Some(Phase::Retries | Phase::Pin) => (true, true),
                _ => (false, false),
            },
        };
        Presents { pin, puk }
    }
}
