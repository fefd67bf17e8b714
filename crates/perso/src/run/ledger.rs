mod counter;

use super::{Presents, Progress};
use crate::{Cause, Condition, Failure, Job, KeyReceipt, Phase, PivFacts, Proved, Receipt, Tries};
use cardwright_card::{CardError, StatusWord, commands::Presented};
use counter::Counter;

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
    /// Keys that were made.
    keys: Vec<KeyReceipt>,
}

impl Ledger {
    pub(super) fn new(job: &Job) -> Self {
        let is_wanted = |phase: &Phase| match phase {
            Phase::Keys => !job.profile.keys.is_empty(),
            Phase::Retries => job.profile.retries.is_some(),
            _ => true,
        };
        Self {
            phases: planned(&[], Phase::WRITING.into_iter().filter(is_wanted)),
            finished: 0,
            written: Vec::new(),
            is_unknown: false,
            commands: 0,
            pin: Counter::new(job.tries_allowed.pin),
            puk: Counter::new(job.tries_allowed.puk),
            keys: Vec::new(),
        }
    }

    pub(super) fn progress(&self, presents: Presents) -> Progress {
        let phase = self.phase();
        Progress {
            phase,
            step: self.finished as u32 + 1,
            of: self.phases.len() as u32,
            written: !self.written.is_empty(),
            is_irreversible: phase.is_irreversible(),
            may_spend: Tries {
                pin: self.pin.may_spend(presents.pin),
                puk: self.puk.may_spend(presents.puk),
            },
            proved: self.proved(),
        }
    }

    /// The phase that runs, or runs next. The last one stays.
    fn phase(&self) -> Phase {
        self.phases.get(self.finished).copied().unwrap_or(Phase::Verify)
    }

    /// The chip has to be erased before it can be opened, or asked whether it can be: the phase
    /// that found it out is to come again.
    pub(super) fn erase_first(&mut self) {
        if !self.phases.contains(&Phase::Erase) {
            self.phases.insert(1, Phase::Erase);
        }
        self.finished = 0;
    }

    pub(super) fn plan(&mut self, writing: &[Phase]) {
        let erase: &[Phase] =
            if self.phases.contains(&Phase::Erase) { &[Phase::Erase] } else { &[] };
        self.phases = planned(erase, writing.iter().copied());
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

    /// The chip says how many tries its PUK has left, or said so when it was presented.
    pub(super) fn knows_puk_tries(&self) -> bool {
        self.puk.left.is_some()
    }

    /// Whether the PUK may be presented that remains when all others were wrong.
    pub(super) fn may_try_remaining_puk(&self) -> bool {
        self.puk.may_try_remaining()
    }

    /// Takes down what became of a write.
    pub(super) fn wrote<T>(&mut self, outcome: Result<T, CardError>) -> Result<T, Cause> {
        match &outcome {
            Ok(_) => self.note_written(),
            Err(error) => self.may_have_failed_inside(error),
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

    /// Takes down that a key was made.
    pub(super) fn made(&mut self, key: KeyReceipt) {
        self.keys.push(key);
    }

    /// Takes down what became of a reset of the application; the answer is its status word.
    pub(super) fn reset(
        &mut self,
        outcome: Result<StatusWord, CardError>,
    ) -> Result<StatusWord, Cause> {
        match outcome {
            Ok(StatusWord::OK) => {
                self.note_written();
                self.has_makers_secrets();
            }
            Ok(status) => self.may_have_failed_inside(&CardError::Refused { status }),
            Err(error) => self.may_have_failed_inside(&error),
        }
        Ok(outcome?)
    }

    /// PIN and PUK are the maker's now, and all their tries are there.
    pub(super) fn has_makers_secrets(&mut self) {
        self.pin.is_set();
        self.puk.is_set();
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

    /// Takes down what became of a PUK that was presented to set the PIN. That the PUK is right
    /// need not give it its tries back; the PIN has all of its own.
    pub(super) fn set_pin_by_puk(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        self.may_have_written(&outcome);
        let is_right = self.puk.used(outcome)?;
        if is_right {
            self.pin.is_set();
        }
        Ok(is_right)
    }

    /// Takes down a wrong value of a PIN that was presented to block it.
    pub(super) fn spent_pin(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        self.note_written();
        self.pin.spend(outcome)
    }

    /// As [`Self::spent_pin`].
    pub(super) fn spent_puk(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        self.note_written();
        self.puk.spend(outcome)
    }

    /// Takes down what became of a command that presents one value and writes another. Where no
    /// answer came, it may have written.
    pub(super) fn may_have_written(&mut self, outcome: &Result<Presented, CardError>) {
        match outcome {
            Ok(Presented::Accepted) => self.note_written(),
            Ok(Presented::Wrong { .. }) => {}
            Err(error) => self.may_have_failed_inside(error),
        }
    }

    /// A plain refusal changes nothing. After everything else nobody knows.
    pub(super) fn may_have_failed_inside(&mut self, error: &CardError) {
        match error {
            CardError::Refused { status } if !status.is_internal_error() => {}
            _ => self.is_unknown = true,
        }
    }

    fn proved(&self) -> Proved {
        Proved { pin: self.pin.is_proved, puk: self.puk.is_proved }
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
            tries_spent: Tries { pin: self.pin.spent, puk: self.puk.spent },
            proved: self.proved(),
            keys: self.keys.clone(),
        }
    }

    /// Adds to a receipt what only the ledger knows.
    pub(super) fn complete(self, receipt: Receipt) -> Receipt {
        let tries_spent = Tries { pin: self.pin.guessed, puk: self.puk.guessed };
        Receipt { written: self.written, commands: self.commands, tries_spent, ..receipt }
    }
}

fn planned(erase: &[Phase], writing: impl IntoIterator<Item = Phase>) -> Vec<Phase> {
    [Phase::Identify]
        .into_iter()
        .chain(erase.iter().copied())
        .chain([Phase::Authenticate])
        .chain(writing)
        .chain([Phase::Verify])
        .collect()
}
