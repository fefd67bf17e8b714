//! What the wizard is told, and what it wants done.

use crate::helper::Link;
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId};
use cardwright_protocol::registry::processes::{Assessment, Process};

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The helper said something, came or went.
    Helper(Link),
    /// The person chose a reader.
    ReaderChosen(ReaderId),
    /// The person typed or scanned the number printed on the card.
    NumberTyped(String),
    /// The person said that the chip may be erased, or took it back.
    EraseChosen(bool),
    /// The person clicked *Next*.
    Next,
    /// The person clicked *Cancel*, and confirmed it where that was asked for.
    Cancel,
    /// The chip was inspected and judged.
    Assessed { attempt: u64, result: Result<Assessment, Trouble> },
    /// The registry issued a job, which goes to the helper now.
    JobIssued { attempt: u64, job: JobId },
    /// No job came to run.
    JobRefused { attempt: u64, trouble: Trouble },
    /// The helper refused the job for good and signed that; the registry is being told, and then
    /// there is [`Event::Settled`].
    JobTurnedDown { attempt: u64, trouble: Trouble },
    /// There was no job to stop: it has ended, or the helper never had it.
    NothingToStop,
    /// The helper could not stop the job.
    StopRefused(Trouble),
    /// The registry took an outcome of this process.
    Settled(Process),
    /// The process was read again.
    Loaded(Result<Process, RegistryError>),
    /// The process was canceled, or not.
    Closed(Result<Process, RegistryError>),
    /// It is time to try again.
    Again { attempt: u64 },
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Inspect the chip and hand the report to the registry; then [`Event::Assessed`].
    Assess { attempt: u64, reader: ReaderId, insertion: InsertionId },
    /// Inspect the chip, ask for a job and give it to the helper; then [`Event::JobIssued`] or
    /// [`Event::JobRefused`].
    Encode {
        attempt: u64,
        reader: ReaderId,
        insertion: InsertionId,
        confirmed_number: Option<String>,
        erase: bool,
    },
    /// Ask the helper to stop the job before its next step.
    Stop(JobId),
    /// Cancel the process at the registry; then [`Event::Closed`].
    Close,
    /// Read the process again; then [`Event::Loaded`].
    Load,
    /// Wait a moment; then [`Event::Again`].
    Wait { attempt: u64 },
    /// Go to the page of the card.
    Leave,
}
