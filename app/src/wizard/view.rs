//! What the page shows of the wizard, and what may be clicked.

use super::{Chip, Progress, Stage, Step, Wizard};
use crate::trouble::Trouble;
use cardwright_protocol::helper::{Reader, Slot};
use cardwright_protocol::ids::{InsertionId, ReaderId};
use cardwright_protocol::outcome::{Condition, Phase};
use cardwright_protocol::registry::processes::{Process, Verdict};

impl Wizard {
    /// The process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Where in the wizard the person is.
    pub(crate) fn step(&self) -> Step {
        match self.stage {
            Stage::Looking(_) => Step::CardAndChip,
            Stage::Starting | Stage::Encoding { .. } => Step::Encode,
            Stage::Ended => Step::Done,
        }
    }

    /// What went wrong last.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Whether the process is being ended.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether *Next* does something.
    pub(crate) fn can_go_on(&self) -> bool {
        self.ready_chip().is_some() && self.number_is_right() && !self.closing && self.process.mine
    }

    /// Whether the chip can be encoded only after it was erased, which the operator is asked for.
    pub(crate) fn asks_to_erase(&self) -> bool {
        match &self.stage {
            Stage::Looking(Chip::Assessed { assessment, .. }) => {
                assessment.erasable
                    && matches!(assessment.verdict, Verdict::Used | Verdict::Blocked)
            }
            _ => false,
        }
    }

    /// Whether the operator said that the chip may be erased.
    pub(crate) fn may_be_erased(&self) -> bool {
        matches!(&self.stage, Stage::Looking(Chip::Assessed { erase: true, .. }))
    }

    /// The lines of the list of work, in their order.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        let has = |phase: &Phase| {
            self.process.phases.contains(phase) || self.erases && *phase == Phase::Erase
        };
        Phase::ALL.into_iter().filter(has).collect()
    }

    /// Whether the chip is being erased now: that cannot be stopped in the middle.
    pub(crate) fn is_erasing(&self) -> bool {
        matches!(self.progress(), Progress::Running(job) if job.phase == Phase::Erase)
    }

    /// What is in the field for the printed number.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// Whether the typed number is the card's, or none is asked for. Spaces and case do not count.
    pub(crate) fn number_is_right(&self) -> bool {
        !self.process.confirm_number || plain(&self.number) == plain(&self.process.card.number.0)
    }

    /// Whether something was typed that is not the card's number and not the beginning of it.
    pub(crate) fn number_is_wrong(&self) -> bool {
        !plain(&self.process.card.number.0).starts_with(&plain(&self.number))
    }

    /// What would be true of the chip after a *Cancel* now, where something was written: then the
    /// person is asked first.
    pub(crate) fn left_behind(&self) -> Option<Condition> {
        let failed = self.process.failure.as_ref().map(|failure| failure.condition);
        match &self.stage {
            Stage::Encoding { job, .. } => match self.link.desk() {
                None => Some(Condition::Unknown),
                Some(desk) => {
                    let mut running = desk.running.iter().filter(|running| running.job == *job);
                    running.any(|running| running.written).then_some(Condition::PartlyWritten)
                }
            },
            Stage::Looking(_) => match failed {
                _ if self.process.job.is_some() => Some(Condition::Unknown),
                Some(condition) if condition != Condition::Untouched => Some(condition),
                _ => self.process.card.interrupted.then_some(Condition::PartlyWritten),
            },
            Stage::Starting | Stage::Ended => None,
        }
    }

    /// The reader that counts: the chosen one while something is in it, else the only one with a
    /// chip, else the only one with anything, else the chosen or only one.
    pub(crate) fn reader(&self) -> Option<&Reader> {
        let readers = &self.link.desk()?.readers;
        let only = |counts: fn(&Slot) -> bool| {
            let mut counting = readers.iter().filter(|reader| counts(&reader.slot));
            counting.next().filter(|_| counting.next().is_none())
        };
        let chosen = readers.iter().find(|reader| Some(&reader.id) == self.chosen.as_ref());
        chosen
            .filter(|reader| reader.slot != Slot::Empty)
            .or(only(|slot| matches!(slot, Slot::Chip { .. })))
            .or(only(|slot| *slot != Slot::Empty))
            .or(chosen)
            .or(only(|_| true))
    }

    /// The chip that *Next* encodes.
    pub(super) fn ready_chip(&self) -> Option<(ReaderId, InsertionId)> {
        match &self.stage {
            Stage::Looking(Chip::Assessed { insertion, assessment, erase })
                if matches!(assessment.verdict, Verdict::Ready | Verdict::Interrupted)
                    || self.asks_to_erase() && *erase =>
            {
                Some((self.reader()?.id.clone(), insertion.clone()))
            }
            _ => None,
        }
    }
}

/// A number as it is compared: spaces and case do not count.
pub(super) fn plain(number: &str) -> String {
    number.chars().filter(|sign| !sign.is_whitespace()).flat_map(char::to_uppercase).collect()
}
