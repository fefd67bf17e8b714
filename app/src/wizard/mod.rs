//! *Initialize temporary card*, from the card on the desk to its new state: what the page knows,
//! what may be clicked, and what is to be done next. Pure: the page carries out the effects.

mod event;
mod situation;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use event::{Effect, Event};
pub(crate) use situation::{Progress, Situation};
use view::plain;

use crate::helper::Link;
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::helper::Slot;
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId};
use cardwright_protocol::outcome::{FailureCause, Phase};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Assessment, Process};

/// Where in the wizard the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// *Card and chip*.
    CardAndChip,
    /// *Encode*.
    Encode,
    /// *Done*, or closed without being done.
    Done,
}

/// The wizard.
#[derive(Debug, Clone)]
pub(crate) struct Wizard {
    /// The process as the registry last gave it.
    process: Process,
    /// The helper as it is now.
    link: Link,
    /// The reader that the person chose, where there is a choice.
    chosen: Option<ReaderId>,
    /// What is in the field for the printed number.
    number: String,
    stage: Stage,
    /// Counts what was begun, so that an answer to something older is not taken for the newest.
    attempt: u64,
    /// The person wants to end the process.
    closing: bool,
    /// What went wrong last, until the next click, or until it is over.
    trouble: Option<Trouble>,
    /// The job erases the chip first: a phase that the profile by itself does not have.
    erases: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The chip is being looked at.
    Looking(Chip),
    /// *Next* was clicked; no job is known yet.
    Starting,
    /// A job was issued. `checked` is the connection on which it is known where the job is.
    Encoding { job: JobId, checked: Option<u32> },
    /// The process is over.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Chip {
    None,
    Asked(InsertionId),
    /// With the operator's yes to erase it, which holds for this look at this chip only.
    Assessed {
        insertion: InsertionId,
        assessment: Assessment,
        erase: bool,
    },
    Failed(InsertionId, Trouble),
}

impl Wizard {
    /// A wizard for a process that was just read, and what to do first.
    pub(crate) fn new(process: Process, link: Link) -> (Self, Vec<Effect>) {
        let mut wizard = Self {
            process: process.clone(),
            link,
            chosen: None,
            number: String::new(),
            stage: Stage::Starting,
            attempt: 0,
            closing: false,
            trouble: None,
            erases: false,
        };
        wizard.take(process);
        let effects = wizard.follow();
        (wizard, effects)
    }

    /// Takes in what happened; answers what is to be done.
    pub(crate) fn apply(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Helper(link) => {
                let knew = self.helper_knows_job();
                self.link = link;
                self.notice_erasing();
                if knew && !self.helper_knows_job() {
                    // The outcome was acknowledged, and its news may have come before this page.
                    self.forget();
                }
                // A stop that the helper may not have heard can be asked for again.
                let stopping = matches!(self.stage, Stage::Encoding { .. });
                self.closing &= !stopping || self.link.desk().is_some();
            }
            Event::ReaderChosen(reader) => self.chosen = Some(reader),
            Event::NumberTyped(number) => self.number = number,
            Event::EraseChosen(yes) => {
                if let Stage::Looking(Chip::Assessed { erase, .. }) = &mut self.stage {
                    *erase = yes;
                }
            }
            Event::Next => return self.next(),
            Event::Cancel => return self.cancel(),
            Event::Assessed { attempt, result } => return self.assessed(attempt, result),
            Event::JobIssued { attempt, job } => return self.issued(attempt, job),
            Event::JobRefused { attempt, trouble } => return self.refused(attempt, trouble),
            Event::JobTurnedDown { attempt, trouble } => {
                if attempt == self.attempt && matches!(self.stage, Stage::Encoding { .. }) {
                    self.trouble = Some(trouble);
                }
            }
            // Its outcome is on its way, or the registry tells what became of it.
            Event::NothingToStop => self.forget(),
            Event::StopRefused(trouble) => (self.closing, self.trouble) = (false, Some(trouble)),
            Event::Settled(process) => {
                let turned_down = process.failure.as_ref().is_some_and(|failure| {
                    matches!(failure.cause, FailureCause::JobRefused { .. })
                });
                // What hindered a job is to be mended now.
                self.trouble.take_if(|trouble| !(turned_down && is_of_helper(trouble)));
                self.take(process);
                return self.back_to_the_chip();
            }
            Event::Loaded(result) => return self.loaded(result),
            Event::Closed(result) => return self.closed(result),
            Event::Again { attempt } => {
                if attempt == self.attempt {
                    self.forget();
                }
            }
        }
        self.follow()
    }

    fn next(&mut self) -> Vec<Effect> {
        let Some((reader, insertion)) = self.ready_chip().filter(|_| self.can_go_on()) else {
            return Vec::new();
        };
        self.attempt += 1;
        let erase = self.asks_to_erase();
        (self.stage, self.trouble, self.erases) = (Stage::Starting, None, erase);
        let confirmed_number = self.process.confirm_number.then(|| plain(&self.number));
        vec![Effect::Encode { attempt: self.attempt, reader, insertion, confirmed_number, erase }]
    }

    fn cancel(&mut self) -> Vec<Effect> {
        if self.closing {
            return Vec::new();
        }
        (self.closing, self.trouble) = (true, None);
        match &self.stage {
            Stage::Encoding { job, .. } if self.link.desk().is_some() => {
                vec![Effect::Stop(job.clone())]
            }
            Stage::Looking(_) | Stage::Encoding { .. } => vec![Effect::Close],
            // The job is on its way: it is stopped when it is there.
            Stage::Starting => Vec::new(),
            Stage::Ended => vec![Effect::Leave],
        }
    }

    fn assessed(&mut self, attempt: u64, result: Result<Assessment, Trouble>) -> Vec<Effect> {
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

    fn issued(&mut self, attempt: u64, job: JobId) -> Vec<Effect> {
        if attempt != self.attempt || self.stage != Stage::Starting {
            return Vec::new();
        }
        let stop = self.closing.then(|| Effect::Stop(job.clone()));
        let checked = self.link.desk().map(|desk| desk.connection);
        self.stage = Stage::Encoding { job, checked };
        stop.into_iter().collect()
    }

    fn refused(&mut self, attempt: u64, trouble: Trouble) -> Vec<Effect> {
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

    fn loaded(&mut self, result: Result<Process, RegistryError>) -> Vec<Effect> {
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

    fn closed(&mut self, result: Result<Process, RegistryError>) -> Vec<Effect> {
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
    fn take(&mut self, process: Process) {
        self.stage = match &process.job {
            _ if !process.state.is_open() => Stage::Ended,
            Some(open) => Stage::Encoding { job: open.job.clone(), checked: None },
            None => Stage::Looking(Chip::None),
        };
        self.process = process;
    }

    /// After a job: ends the process where that was wished, else looks at the chip again.
    fn back_to_the_chip(&mut self) -> Vec<Effect> {
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

    /// Whether the helper runs the job or holds its outcome.
    fn helper_knows_job(&self) -> bool {
        match (&self.stage, self.link.desk()) {
            (Stage::Encoding { job, .. }, Some(desk)) => desk.knows(job),
            _ => false,
        }
    }

    /// A page that was opened in the middle learns from the helper that the chip is erased first.
    fn notice_erasing(&mut self) {
        if let Progress::Running(job) = self.progress() {
            self.erases |= job.phase == Phase::Erase;
        }
    }

    /// Forgets what was found, so that it is looked for again.
    fn forget(&mut self) {
        match &mut self.stage {
            Stage::Looking(chip) => *chip = Chip::None,
            Stage::Encoding { checked, .. } => *checked = None,
            Stage::Starting | Stage::Ended => {}
        }
    }

    /// Does what follows from helper, readers and stage.
    fn follow(&mut self) -> Vec<Effect> {
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
}

fn is_of_helper(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Helper(_))
}

/// The process is over for the registry, or somebody else's, whatever this page thought.
fn ended(trouble: &Trouble) -> bool {
    let codes = [ProblemCode::ProcessEnded, ProblemCode::CardInUse];
    matches!(trouble, Trouble::Registry(error) if codes.into_iter().any(|code| error.is(code)))
}
