//! What follows from helper, readers and stage.

use super::situation::Progress;
use super::{Chip, Effect, Stage, Wizard};
use crate::trouble::Trouble;
use cardwright_protocol::helper::Slot;
use cardwright_protocol::outcome::Phase;

impl Wizard {
    /// Does what follows from helper, readers and stage.
    pub(super) fn follow(&mut self) -> Vec<Effect> {
        match &mut self.stage {
            Stage::Starting | Stage::Ended => Vec::new(),
            Stage::Encoding { job, checked } => {
                let Some(desk) = self.link.desk() else { return Vec::new() };
                let seen = checked.replace(desk.connection) == Some(desk.connection);
                // The outcome may be with the registry already, carried by another page.
                if seen || desk.knows(job) { Vec::new() } else { vec![Effect::Load] }
            }
            Stage::Looking(_) => self.look(),
        }
    }

    fn look(&mut self) -> Vec<Effect> {
        let found = self.reader().and_then(|reader| match &reader.slot {
            Slot::Chip { insertion, in_use: false } => Some((reader.id.clone(), insertion.clone())),
            Slot::Chip { in_use: true, .. } | Slot::Mute | Slot::Empty => None,
        });
        let Stage::Looking(chip) = &mut self.stage else { return Vec::new() };
        let known = match chip {
            Chip::None => None,
            Chip::Asked(insertion)
            | Chip::Assessed { insertion, .. }
            | Chip::Failed(insertion, _) => Some(&*insertion),
        };
        match found {
            None => {
                *chip = Chip::None;
                // What is missing now says itself what to do; what happened to a job does not.
                self.trouble
                    .take_if(|trouble| matches!(trouble, Trouble::Helper(_) | Trouble::HelperGone));
                Vec::new()
            }
            Some((_, insertion)) if known == Some(&insertion) => Vec::new(),
            Some(_) if !self.process.mine => Vec::new(),
            Some((reader, insertion)) => {
                *chip = Chip::Asked(insertion.clone());
                self.attempt += 1;
                vec![Effect::Assess { attempt: self.attempt, reader, insertion }]
            }
        }
    }

    /// Whether the helper runs the job or holds its outcome.
    pub(super) fn helper_knows_job(&self) -> bool {
        match (&self.stage, self.link.desk()) {
            (Stage::Encoding { job, .. }, Some(desk)) => desk.knows(job),
            _ => false,
        }
    }

    /// A page that was opened in the middle learns from the helper that the chip is erased first.
    pub(super) fn notice_erasing(&mut self) {
        if let Progress::Running(job) = self.progress() {
            self.erases |= job.phase == Phase::Erase;
        }
    }

    /// Forgets what was found, so that it is looked for again.
    pub(super) fn forget(&mut self) {
        match &mut self.stage {
            Stage::Looking(chip) => *chip = Chip::None,
            Stage::Encoding { checked, .. } => *checked = None,
            Stage::Starting | Stage::Ended => {}
        }
    }
}
