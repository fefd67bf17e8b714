//! *Initialize temporary card*, from the card on the desk to its new state: what the page knows,
//! what may be clicked, and what is to be done next. Pure: the page carries out the effects.

mod answers;
mod event;
mod following;
mod situation;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use event::{Effect, Event};
pub(crate) use situation::{Progress, Situation};
use view::plain;

use crate::helper::Link;
use crate::trouble::Trouble;
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId};
use cardwright_protocol::outcome::FailureCause;
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
}

fn is_of_helper(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Helper(_))
}
