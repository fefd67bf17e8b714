//! What registry and helper answered, and where the wizard stands then.

use super::{Chip, Effect, Stage, Wizard};
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::ids::JobId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Assessment, Process};

impl Wizard {
    pub(super) fn assessed(
        &mut self,
        attempt: u64,
        result: Result<Assessment, Trouble>,
    ) -> Vec<Effect> {
        let Stage::Looking(Chip::Asked(insertion)) = &self.stage else { return Vec::new() };
        if attempt != self.attempt {
            return Vec::new();
        }
        let insertion = insertion.clone();
        match result {
            Ok(assessment) => {
                self.registry_answered();
                let chip = Chip::Assessed { insertion, assessment, erase: false };
                self.stage = Stage::Looking(chip);
            }
            Err(trouble) if ended(&trouble) => return vec![Effect::Load],
            Err(trouble) => {
                let wait = trouble.may_pass();
                self.stage = Stage::Looking(Chip::Failed(insertion, trouble));
                if wait {
                    return vec![Effect::Wait { attempt }];
                }
            }
        }
        self.follow()
    }

    pub(super) fn issued(&mut self, attempt: u64, job: JobId) -> Vec<Effect> {
        if attempt != self.attempt || self.stage != Stage::Starting {
            return Vec::new();
        }
        let stop = self.closing.then(|| Effect::Stop(job.clone()));
        let checked = self.link.desk().map(|desk| desk.connection);
        self.stage = Stage::Encoding { job, checked };
        stop.into_iter().collect()
    }

    pub(super) fn refused(&mut self, attempt: u64, trouble: Trouble) -> Vec<Effect> {
        let waiting = matches!(self.stage, Stage::Starting | Stage::Encoding { .. });
        if attempt != self.attempt || !waiting {
            return Vec::new();
        }
        if trouble == Trouble::HelperGone && self.stage != Stage::Starting {
            // The job may have reached the helper: its next connection tells.
            return self.follow();
        }
        let over = ended(&trouble);
        self.trouble = Some(trouble);
        self.stage = Stage::Looking(Chip::None);
        if over { vec![Effect::Load] } else { self.back_to_the_chip() }
    }

    pub(super) fn loaded(&mut self, result: Result<Process, RegistryError>) -> Vec<Effect> {
        let process = match result {
            Ok(process) => process,
            Err(error) => {
                self.trouble = Some(error.into());
                return vec![Effect::Wait { attempt: self.attempt }];
            }
        };
        self.registry_answered();
        let lost = match (&self.stage, &process.job) {
            (Stage::Encoding { job, checked: Some(_) }, Some(open)) if open.job == *job => {
                Some(Trouble::JobUnknown(open.workstation.clone()))
            }
            _ => None,
        };
        self.take(process);
        if lost.is_some() {
            // Whoever only looks on can do nothing about it.
            self.trouble = lost.filter(|_| self.process.mine);
            self.stage = Stage::Looking(Chip::None);
        }
        self.back_to_the_chip()
    }

    pub(super) fn closed(&mut self, result: Result<Process, RegistryError>) -> Vec<Effect> {
        match result {
            Ok(_) => vec![Effect::Leave],
            Err(error) => {
                let over = error.is(ProblemCode::ProcessEnded);
                (self.closing, self.trouble) = (false, Some(error.into()));
                if over { vec![Effect::Load] } else { self.follow() }
            }
        }
    }

    /// Takes the process as the registry has it now, and stands where it stands.
    pub(super) fn take(&mut self, process: Process) {
        self.stage = match &process.job {
            _ if !process.state.is_open() => Stage::Ended,
            Some(open) => Stage::Encoding { job: open.job.clone(), checked: None },
            None => Stage::Looking(Chip::None),
        };
        self.process = process;
    }

    /// After a job: ends the process where that was wished, else looks at the chip again.
    pub(super) fn back_to_the_chip(&mut self) -> Vec<Effect> {
        match &self.stage {
            Stage::Looking(_) if self.closing => vec![Effect::Close],
            Stage::Ended => {
                self.closing = false;
                Vec::new()
            }
            _ => self.follow(),
        }
    }

    /// A registry that answers can be reached again.
    fn registry_answered(&mut self) {
        self.trouble.take_if(|trouble| *trouble == RegistryError::Unreachable.into());
    }
}

/// The process is over for the registry, or somebody else's, whatever this page thought.
fn ended(trouble: &Trouble) -> bool {
    let codes = [ProblemCode::ProcessEnded, ProblemCode::CardInUse];
    matches!(trouble, Trouble::Registry(error) if codes.into_iter().any(|code| error.is(code)))
}
