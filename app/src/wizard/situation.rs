//! What the wizard sees, for the page to put in words.

use super::{Chip, Stage, Wizard};
use crate::helper::{Away, Link};
use crate::trouble::Trouble;
use cardwright_protocol::helper::{Reader, RunningJob, Service, Slot};
use cardwright_protocol::outcome::Phase;
use cardwright_protocol::registry::processes::Assessment;

/// What is to be said about the chip in *Card and chip*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Situation {
    /// The helper is being looked for.
    Searching,
    /// No helper is connected.
    Away(Away),
    /// The PC/SC service does not answer.
    ServiceStopped,
    /// The PC/SC service denies this person.
    ServiceDenied,
    /// No reader is plugged in.
    NoReader,
    /// There are several readers, and none with a card, or more than one.
    ChooseReader,
    /// The reader is empty.
    NoCard,
    /// Something is in the reader that does not answer.
    Mute,
    /// Another program has the chip for itself.
    InUse,
    /// The chip is being read.
    Inspecting,
    /// The chip is known.
    Assessed(Assessment),
    /// The chip could not be read.
    Failed(Trouble),
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The chip is looked at again and the job is fetched.
    Starting,
    /// The helper works.
    Running(RunningJob),
    /// The helper is done; the registry is being told.
    Storing,
    /// The helper is not there; it works on, or comes back and tells.
    Waiting,
}

impl Wizard {
    /// What is to be said about the chip.
    pub(crate) fn situation(&self) -> Situation {
        let desk = match &self.link {
            Link::Searching => return Situation::Searching,
            Link::Away(away) => return Situation::Away(away.clone()),
            Link::Connected(desk) => desk,
        };
        match desk.service {
            None => return Situation::Searching,
            Some(Service::Stopped) => return Situation::ServiceStopped,
            Some(Service::Denied) => return Situation::ServiceDenied,
            Some(Service::Running) if desk.readers.is_empty() => return Situation::NoReader,
            Some(Service::Running) => {}
        }
        let empty = desk.readers.iter().all(|reader| reader.slot == Slot::Empty);
        match (self.reader().map(|reader| &reader.slot), &self.stage) {
            (None, _) if empty => Situation::NoCard,
            (None, _) => Situation::ChooseReader,
            (Some(Slot::Empty), _) => Situation::NoCard,
            (Some(Slot::Mute), _) => Situation::Mute,
            (Some(Slot::Chip { in_use: true, .. }), _) => Situation::InUse,
            (_, Stage::Looking(Chip::Assessed { assessment, .. })) => {
                Situation::Assessed(assessment.clone())
            }
            (_, Stage::Looking(Chip::Failed(_, trouble))) => Situation::Failed(trouble.clone()),
            _ => Situation::Inspecting,
        }
    }

    /// All readers, for the choice.
    pub(crate) fn readers(&self) -> Vec<Reader> {
        self.link.desk().map(|desk| desk.readers.clone()).unwrap_or_default()
    }

    /// How far the job is, in *Encode*.
    pub(crate) fn progress(&self) -> Progress {
        let Stage::Encoding { job, .. } = &self.stage else { return Progress::Starting };
        let Some(desk) = self.link.desk() else { return Progress::Waiting };
        match desk.running.iter().find(|running| running.job == *job) {
            Some(running) => Progress::Running(running.clone()),
            None if desk.knows(job) => Progress::Storing,
            None => Progress::Starting,
        }
    }
}

/// Where a phase stands in the list of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is over.
    Done,
    /// It goes on.
    Now,
    /// It comes later.
    Next,
}

impl Mark {
    /// The class that marks it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Next => "next",
        }
    }

    /// What a screen reader says of it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Next => "to do",
        }
    }
}

impl Progress {
    /// Where a phase stands; none is the last line, *Receipt stored*.
    pub(crate) fn mark(&self, phase: Option<Phase>) -> Mark {
        match (self, phase) {
            (Self::Running(job), Some(phase)) if phase < job.phase => Mark::Done,
            (Self::Running(job), Some(phase)) if phase == job.phase => Mark::Now,
            (Self::Storing, Some(_)) => Mark::Done,
            (Self::Storing, None) => Mark::Now,
            _ => Mark::Next,
        }
    }
}
