use super::Progress;
use crate::{Cause, Condition, Failure, Job, Phase, PivFacts, Receipt, Tries};
use cardwright_card::{CardError, commands::Presented};

/// What a run did so far: all that a failure or a receipt tells of it.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The phases of this run in their order; shorter once the plan is known.
    phases: Vec<Phase>,
    /// How many of them are over.
    finished: usize,
    /// Those in which something was written.
    written: Vec<Phase>,
    /// A write was begun, and nobody knows whether it was carried out.
    is_unknown: bool,
    commands: u32,
    spent: Tries,
    allowed: Tries,
    /// Tries that the chip says are left; `None` when it does not say.
    pin_left: Option<u8>,
    puk_left: Option<u8>,
}

impl Ledger {
    pub(super) fn new(job: &Job) -> Self {
        let keys = !job.profile.keys.is_empty();
        let writing = Phase::WRITING.into_iter().filter(|phase| *phase != Phase::Keys || keys);
        Self {
            phases: with_first_and_last(writing),
            finished: 0,
            written: Vec::new(),
            is_unknown: false,
            commands: 0,
            spent: Tries::default(),
            allowed: job.tries_allowed,
            pin_left: None,
            puk_left: None,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            phase: self.phase(),
            step: self.finished as u32 + 1,
            of: self.phases.len() as u32,
            written: !self.written.is_empty(),
        }
    }

    /// The phase that runs, or runs next. The last one stays.
    fn phase(&self) -> Phase {
        self.phases.get(self.finished).copied().unwrap_or(Phase::Verify)
    }

    pub(super) fn plan(&mut self, writing: &[Phase]) {
        self.phases = with_first_and_last(writing.iter().copied());
    }

    pub(super) fn finish_phase(&mut self) {
        self.finished += 1;
    }

    pub(super) fn count_commands(&mut self, commands: u32) {
        self.commands += commands;
    }

    pub(super) fn know_tries(&mut self, piv: &PivFacts) {
        self.pin_left = piv.pin_tries;
        self.puk_left = piv.puk_tries;
    }

    /// Whether a PIN may be presented: the job allows another wrong one, and it is not the last
    /// try.
    pub(super) fn may_try_pin(&self) -> bool {
        may_try(self.pin_left, self.spent.pin, self.allowed.pin)
    }

    /// As [`Self::may_try_pin`].
    pub(super) fn may_try_puk(&self) -> bool {
        may_try(self.puk_left, self.spent.puk, self.allowed.puk)
    }

    /// Takes down what became of a write.
    pub(super) fn wrote<T>(&mut self, outcome: Result<T, CardError>) -> Result<T, Cause> {
        match &outcome {
            Ok(_) => self.note_written(),
            Err(CardError::Refused { status }) if !status.is_internal_error() => {}
            Err(_) => self.is_unknown = true,
        }
        Ok(outcome?)
    }

    /// Takes down that the phase wrote something.
    pub(super) fn note_written(&mut self) {
        let phase = self.phase();
        if !self.written.contains(&phase) {
            self.written.push(phase);
        }
    }

    /// Takes down what became of a PIN that was presented; the answer is whether it was right.
    pub(super) fn presented_pin(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        let is_right = presented(outcome, &mut self.pin_left, &mut self.spent.pin)?;
        Ok(is_right)
    }

    /// As [`Self::presented_pin`].
    pub(super) fn presented_puk(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        let is_right = presented(outcome, &mut self.puk_left, &mut self.spent.puk)?;
        Ok(is_right)
    }

    /// Takes down what became of a command that presents one value and writes another. Where no
    /// answer came, it may have written.
    pub(super) fn may_have_written(&mut self, outcome: &Result<Presented, CardError>) {
        match outcome {
            Ok(Presented::Accepted) => self.note_written(),
            Ok(Presented::Wrong { .. }) => {}
            Err(CardError::Refused { status }) if !status.is_internal_error() => {}
            Err(_) => self.is_unknown = true,
        }
    }

    pub(super) fn failure(&self, cause: Cause) -> Failure {
        let condition = match (self.is_unknown, self.written.is_empty()) {
            (true, _) => Condition::Unknown,
            (false, false) => Condition::PartlyWritten,
            (false, true) => Condition::Untouched,
        };
        Failure { phase: self.phase(), cause, condition, tries_spent: self.spent }
    }

    /// Adds to a receipt what only the ledger knows.
    pub(super) fn complete(self, receipt: Receipt) -> Receipt {
        Receipt {
            written: self.written,
            commands: self.commands,
            tries_spent: self.spent,
            ..receipt
        }
    }
}

fn with_first_and_last(writing: impl IntoIterator<Item = Phase>) -> Vec<Phase> {
    [Phase::Identify, Phase::Authenticate]
        .into_iter()
        .chain(writing)
        .chain([Phase::Verify])
        .collect()
}

fn may_try(left: Option<u8>, spent: u8, allowed: u8) -> bool {
    spent < allowed && left.is_none_or(|left| left > 1)
}

fn presented(
    outcome: Result<Presented, CardError>,
    left: &mut Option<u8>,
    spent: &mut u8,
) -> Result<bool, Cause> {
    match outcome {
        Ok(Presented::Accepted) => {
            // The counter is full again, and the chip did not say how full that is.
            *left = None;
            Ok(true)
        }
        Ok(Presented::Wrong { tries_left }) => {
            *spent += 1;
            *left = tries_left.or(left.map(|left| left.saturating_sub(1)));
            Ok(false)
        }
        Err(error) => {
            // Without an answer the try may be gone.
            if !matches!(error, CardError::Refused { .. }) {
                *spent += 1;
            }
            Err(error.into())
        }
    }
}
