use super::Progress;
use crate::{Cause, Condition, Failure, Job, Phase, PivFacts, Proved, Receipt, Tries};
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
    pin: Counter,
    puk: Counter,
}

/// What is known of the tries of a PIN or PUK.
#[derive(Debug, Default)]
struct Counter {
    /// Tries that the chip says are left; `None` when it does not say.
    left: Option<u8>,
    /// Tries that this run spent.
    spent: u8,
    /// Tries that it may spend.
    allowed: u8,
    /// The last value that was presented was right: the counter is full again, and whoever
    /// presents the wanted value now finds nothing out.
    is_full: bool,
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
            pin: Counter { allowed: job.tries_allowed.pin, ..Counter::default() },
            puk: Counter { allowed: job.tries_allowed.puk, ..Counter::default() },
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
        self.pin.left = piv.pin_tries;
        self.puk.left = piv.puk_tries;
    }

    /// Whether a PIN may be presented: the job allows another wrong one, and it is not the last
    /// try; or the PIN is known.
    pub(super) fn may_try_pin(&self) -> bool {
        self.pin.may_try()
    }

    /// As [`Self::may_try_pin`].
    pub(super) fn may_try_puk(&self) -> bool {
        self.puk.may_try()
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
        self.pin.presented(outcome)
    }

    /// As [`Self::presented_pin`].
    pub(super) fn presented_puk(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        self.puk.presented(outcome)
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
        Failure {
            phase: self.phase(),
            cause,
            condition,
            tries_spent: self.tries_spent(),
            proved: Proved::default(),
            keys: Vec::new(),
        }
    }

    fn tries_spent(&self) -> Tries {
        Tries { pin: self.pin.spent, puk: self.puk.spent }
    }

    /// Adds to a receipt what only the ledger knows.
    pub(super) fn complete(self, receipt: Receipt) -> Receipt {
        let tries_spent = self.tries_spent();
        Receipt { written: self.written, commands: self.commands, tries_spent, ..receipt }
    }
}

fn with_first_and_last(writing: impl IntoIterator<Item = Phase>) -> Vec<Phase> {
    [Phase::Identify, Phase::Authenticate]
        .into_iter()
        .chain(writing)
        .chain([Phase::Verify])
        .collect()
}

impl Counter {
    fn may_try(&self) -> bool {
        self.is_full || self.spent < self.allowed && self.left.is_none_or(|left| left > 1)
    }

    fn presented(&mut self, outcome: Result<Presented, CardError>) -> Result<bool, Cause> {
        self.is_full = false;
        match outcome {
            Ok(Presented::Accepted) => {
                // The chip did not say how many tries that is.
                self.left = None;
                self.is_full = true;
                Ok(true)
            }
            Ok(Presented::Wrong { tries_left }) => {
                self.spent = self.spent.saturating_add(1);
                self.left = tries_left.or(self.left.map(|left| left.saturating_sub(1)));
                Ok(false)
            }
            Err(error) => {
                // Without an answer, or with one that every maker means otherwise, the try may be
                // gone.
                self.spent = self.spent.saturating_add(1);
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_card::{StatusWord, TransportError};

    #[test]
    fn a_try_that_may_be_gone_counts_as_spent() {
        let security_status = CardError::Refused { status: StatusWord::SECURITY_STATUS };
        for error in [security_status, CardError::Link(TransportError::Removed)] {
            let mut counter = Counter { left: Some(3), allowed: 1, ..Counter::default() };
            assert!(counter.may_try());
            assert!(counter.presented(Err(error)).is_err());
            assert_eq!((counter.spent, counter.may_try()), (1, false), "{error}");
        }
    }

    #[test]
    fn tries_are_counted_up_to_the_largest_number() {
        let mut counter = Counter { spent: u8::MAX, is_full: true, ..Counter::default() };
        assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: None })), Ok(false));
        assert_eq!(counter.spent, u8::MAX);
    }

    #[test]
    fn a_value_that_is_known_may_be_presented_again() {
        let mut counter = Counter { left: Some(2), allowed: 1, ..Counter::default() };
        assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: None })), Ok(false));
        assert!(!counter.may_try(), "it is the last try, and no other is allowed");
        assert_eq!(counter.presented(Ok(Presented::Accepted)), Ok(true));
        assert!(counter.may_try());
    }
}
