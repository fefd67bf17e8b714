//! The wire between app and helper: JSON text frames over a WebSocket on 127.0.0.1.
//!
//! The app opens with [`Request::Hello`]; until then the helper answers nothing else. After
//! [`Message::Ready`] the helper sends all readers once and then every change of one.

use crate::hex::HexBytes;
use crate::ids::{CardNumber, InsertionId, JobId, ProcessId, ReaderId, WorkstationName};
use crate::job::SealedJob;
use crate::no_fields::no_fields;
use crate::outcome::{Acknowledgement, ChipReport, JobFailure, Outcome, Phase};
use crate::signed::Signed;
use serde::{Deserialize, Serialize};

/// Version of this wire. Both sides refuse another one, and say which side is older.
pub const PROTOCOL_VERSION: u32 = 1;

/// Longest frame that either side accepts, in bytes.
pub const MAX_FRAME_LENGTH: usize = 64 * 1024;

/// A request and the number that its answer repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFrame {
    /// Chosen by the app, unique on its connection.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}

/// What the app can ask of the helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// First of all. Answered by [`Message::Ready`].
    Hello {
        /// [`PROTOCOL_VERSION`] of the app.
        protocol: u32,
    },
    /// Inspects the chip; spends no try, writes nothing. Answered by [`Message::Report`].
    Inspect {
        /// The reader.
        reader: ReaderId,
        /// The stay of the chip that is meant.
        insertion: InsertionId,
        /// The registry's nonce, 16 bytes.
        registry_nonce: HexBytes,
    },
    /// Executes a job. Answered by [`Message::Accepted`], then progress, then the outcome.
    Execute {
        /// The job.
        job: SealedJob,
    },
    /// Stops a job before its next step. Answered by [`Message::Canceling`]; the outcome follows.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Asks for all outcomes that no registry acknowledged. Answered by [`Message::Outcomes`].
    // With braces: serde lets unknown fields of a unit variant pass.
    Outcomes {},
    /// Hands over the registry's acknowledgement. Answered by [`Message::Acknowledged`].
    Acknowledge {
        /// The acknowledgement.
        acknowledgement: Signed<Acknowledgement>,
    },
}

/// What the helper says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Message {
    /// Answer to `hello`.
    Ready {
        /// The request.
        id: u64,
        /// [`PROTOCOL_VERSION`] of the helper.
        protocol: u32,
        /// The helper's own version, for people.
        version: String,
        /// The name under which the registry knows this helper.
        workstation: WorkstationName,
        /// Jobs that run now.
        running: Vec<RunningJob>,
        /// Outcomes that no registry acknowledged.
        outcomes: Vec<Outcome>,
    },
    /// All readers; after `ready`, and whenever the PC/SC service comes or goes.
    Readers {
        /// Counts snapshots and changes; a change that is not newer is to be ignored.
        revision: u64,
        /// The PC/SC service.
        service: Service,
        /// The readers in the service's order.
        readers: Vec<Reader>,
    },
    /// One reader changed or came.
    ReaderChanged {
        /// As in `readers`.
        revision: u64,
        /// The reader as it is now.
        reader: Reader,
    },
    /// One reader was unplugged.
    ReaderGone {
        /// As in `readers`.
        revision: u64,
        /// The reader that was.
        reader: ReaderId,
    },
    /// Answer to `inspect`.
    Report {
        /// The request.
        id: u64,
        /// The report.
        report: Signed<ChipReport>,
    },
    /// Answer to `execute`: the job runs, whatever becomes of this connection.
    Accepted {
        /// The request.
        id: u64,
        /// The job.
        job: JobId,
    },
    /// A step of a job begins. Sent to every connection.
    Progress {
        /// The job as it stands.
        job: RunningJob,
    },
    /// A job ended. Sent to every connection.
    Ended {
        /// The job.
        job: JobId,
        /// How.
        outcome: Outcome,
    },
    /// Answer to `cancel`: it is known to the job, which ends at the next step's start.
    Canceling {
        /// The request.
        id: u64,
        /// The job.
        job: JobId,
    },
    /// Answer to `outcomes`.
    Outcomes {
        /// The request.
        id: u64,
        /// Outcomes that no registry acknowledged.
        outcomes: Vec<Outcome>,
    },
    /// Answer to `acknowledge`: the outcome is forgotten.
    Acknowledged {
        /// The request.
        id: u64,
        /// The job.
        job: JobId,
    },
    /// A request that was not carried out; nothing was changed.
    Refused {
        /// The request, where one could be read.
        id: Option<u64>,
        /// Why.
        error: HelperError,
    },
}

/// A job that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningJob {
    /// The job.
    pub job: JobId,
    /// Its process.
    pub process: ProcessId,
    /// Its card.
    pub card: CardNumber,
    /// Where it runs.
    pub reader: ReaderId,
    /// Number of the phase among those that this job has, from 1.
    pub step: u32,
    /// How many phases this job has.
    pub of: u32,
    /// The phase that it is in.
    pub phase: Phase,
    /// Whether something was written already: from then on a cancel leaves a chip half done.
    pub written: bool,
}

/// The PC/SC service as the helper sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// It answers.
    Running,
    /// It is not there; the helper keeps trying.
    Stopped,
    /// It is there, and a rule (polkit) denies it to this user.
    Denied,
}

/// A reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Opaque.
    pub id: ReaderId,
    /// The service's name for it, for people.
    pub name: String,
    /// What is in it.
    pub slot: Slot,
}

/// What is in a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "slot", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Slot {
    /// Nothing.
    #[serde(deserialize_with = "no_fields")]
    Empty,
    /// Something that does not answer a reset: put in wrongly, or broken.
    #[serde(deserialize_with = "no_fields")]
    Mute,
    /// A chip.
    Chip {
        /// This stay of it.
        insertion: InsertionId,
        /// Whether another program has it for itself.
        in_use: bool,
    },
}

/// Why a request was not carried out. Each says what happened and what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "kebab-case", deny_unknown_fields)]
pub enum HelperError {
    /// The frame is not of this protocol.
    #[serde(deserialize_with = "no_fields")]
    Malformed,
    /// `hello` was not the first request, or came twice.
    #[serde(deserialize_with = "no_fields")]
    OutOfOrder,
    /// The versions of the two sides do not fit.
    Version {
        /// [`PROTOCOL_VERSION`] of the helper.
        helper: u32,
    },
    /// There is no such reader now.
    #[serde(deserialize_with = "no_fields")]
    NoSuchReader,
    /// The chip that was meant is not in the reader now.
    #[serde(deserialize_with = "no_fields")]
    NotInserted,
    /// A job runs in this reader.
    #[serde(deserialize_with = "no_fields")]
    JobRunning,
    /// There is no such job, or it ended.
    #[serde(deserialize_with = "no_fields")]
    NoSuchJob,
    /// Another program has the chip for itself.
    #[serde(deserialize_with = "no_fields")]
    ReaderBusy,
    /// The PC/SC service does not answer.
    #[serde(deserialize_with = "no_fields")]
    ServiceStopped,
    /// The chip does not answer.
    #[serde(deserialize_with = "no_fields")]
    CardHung,
    /// The chip answered what no standard allows.
    #[serde(deserialize_with = "no_fields")]
    CardMalformed,
    /// The job is not from this helper's registry, not for this helper, altered, or too late; or
    /// it is from it and cannot begin now. Answers `execute` alone.
    JobRefused {
        /// In words, for the log of the registry.
        why: String,
        /// What a person can mend, where it is that which hinders the job.
        because: Option<Hindrance>,
        /// For the registry, where the job is from it: the job ended with the chip untouched.
        failure: Option<Box<Signed<JobFailure>>>,
    },
    /// The disk of this computer is full: what becomes of a job could not be kept.
    #[serde(deserialize_with = "no_fields")]
    NoSpace,
    /// The acknowledgement does not fit the outcome.
    #[serde(deserialize_with = "no_fields")]
    AcknowledgementRefused,
    /// Too many jobs wait for their acknowledgement.
    #[serde(deserialize_with = "no_fields")]
    Full,
    /// The helper failed in itself.
    #[serde(deserialize_with = "no_fields")]
    Internal,
}

/// What hinders a job of the registry from beginning, and can be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hindrance {
    /// [`HelperError::NoSuchReader`].
    NoSuchReader,
    /// [`HelperError::NotInserted`].
    NotInserted,
    /// [`HelperError::JobRunning`].
    JobRunning,
    /// [`HelperError::ReaderBusy`].
    ReaderBusy,
    /// [`HelperError::ServiceStopped`].
    ServiceStopped,
    /// [`HelperError::NoSpace`].
    NoSpace,
    /// [`HelperError::Full`].
    Full,
    /// [`HelperError::Internal`].
    Internal,
}

impl Hindrance {
    /// The same as an error.
    #[must_use]
    pub fn error(self) -> HelperError {
        match self {
            Self::NoSuchReader => HelperError::NoSuchReader,
            Self::NotInserted => HelperError::NotInserted,
            Self::JobRunning => HelperError::JobRunning,
            Self::ReaderBusy => HelperError::ReaderBusy,
            Self::ServiceStopped => HelperError::ServiceStopped,
            Self::NoSpace => HelperError::NoSpace,
            Self::Full => HelperError::Full,
            Self::Internal => HelperError::Internal,
        }
    }
}

impl HelperError {
    /// What hinders: of a refused job what a person can mend, where that is it.
    #[must_use]
    pub fn cause(&self) -> Self {
        match self {
            Self::JobRefused { because: Some(hindrance), .. } => hindrance.error(),
            error => error.clone(),
        }
    }

    /// What happened, and what to do about it: two sentences.
    #[must_use]
    pub fn advice(&self) -> (&'static str, &'static str) {
        match self {
            Self::JobRefused { because: Some(hindrance), .. } => hindrance.error().advice(),
            Self::Malformed | Self::OutOfOrder => {
                ("The helper did not understand the page.", "Reload the page.")
            }
            Self::Version { helper } if *helper < PROTOCOL_VERSION => {
                ("The helper on this workstation is too old.", "Update the helper.")
            }
            Self::Version { .. } => ("This page is older than the helper.", "Reload the page."),
            Self::NoSuchReader => {
                ("The reader is gone.", "Plug the reader in again, or choose another one.")
            }
            Self::NotInserted => {
                ("The card was taken out of the reader.", "Put the card into the reader.")
            }
            Self::JobRunning => {
                ("This reader is at work on another card.", "Wait until it is done.")
            }
            Self::NoSuchJob => ("The work has ended already.", "Reload the page."),
            Self::ReaderBusy => (
                "Another program is using the chip.",
                "Close other smart card programs, or take the card out and put it in again.",
            ),
            Self::ServiceStopped => (
                "The smart card service of this computer is stopped.",
                "Start it (pcscd on Linux, “Smart Card” in Windows services).",
            ),
            Self::CardHung => {
                ("The chip does not answer.", "Take the card out and put it in again.")
            }
            Self::CardMalformed => (
                "The chip answers in a way that no standard allows.",
                "Try another reader; if it stays, mark the card as defective.",
            ),
            Self::JobRefused { .. } => {
                ("The helper refused the job. The chip was not touched.", "Click Next again.")
            }
            Self::AcknowledgementRefused => (
                "The helper did not accept the registry's acknowledgement.",
                "Reload the page; nothing is lost.",
            ),
            Self::Full => (
                "The helper has too many results that the registry has not taken.",
                "Check the connection to the registry, then reload the page.",
            ),
            Self::NoSpace => (
                "The disk of this computer is full. The chip was not touched.",
                "Make space on it, then click Next again.",
            ),
            Self::Internal => ("The helper failed.", "Start the helper again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_job_advises_what_mends_its_cause() {
        let refused =
            |because| HelperError::JobRefused { why: String::new(), because, failure: None };
        let full = refused(Some(Hindrance::NoSpace));
        assert_eq!(full.cause(), HelperError::NoSpace);
        assert_eq!(full.advice(), HelperError::NoSpace.advice());
        assert_eq!(refused(None).cause(), refused(None));
        assert_ne!(refused(None).advice(), full.advice());
    }
}
