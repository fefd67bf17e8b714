//! The wire between app and helper: JSON text frames over a WebSocket on 127.0.0.1.
//!
//! The app opens with [`Request::Hello`], which the helper answers with a challenge. With the
//! registry's [`Ticket`] over it the app says [`Request::Authenticate`]; until then the helper
//! answers nothing else. After [`Message::Ready`] the helper sends all readers once and then every
//! change of one, and a fresh [`Message::Challenge`] at least once a minute: a page that does not
//! answer it with a fresh ticket in time is closed.

mod error;

pub use error::{HelperError, Hindrance};

use crate::hex::HexBytes;
use crate::ids::{CardNumber, InsertionId, JobId, ProcessId, ReaderId, WorkstationId};
use crate::job::SealedJob;
use crate::no_fields::no_fields;
use crate::outcome::{Acknowledgement, ChipReport, Outcome, Phase};
use crate::signed::Signed;
use crate::ticket::Ticket;
use serde::{Deserialize, Serialize};

/// Version of this wire. Both sides refuse another one, and say which side is older.
pub const PROTOCOL_VERSION: u32 = 2;

/// Ports of 127.0.0.1 on which helpers listen: each takes the first that is free, and the page
/// looks at all of them.
pub const HELPER_PORTS: [u16; 5] = [8421, 8422, 8423, 8424, 8425];

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
    /// First of all. Answered by [`Message::Hello`].
    Hello {
        /// [`PROTOCOL_VERSION`] of the app.
        protocol: u32,
    },
    /// Proves that an operator of the helper's registry is behind the page. Answered by
    /// [`Message::Ready`] the first time, by [`Message::Renewed`] from then on.
    Authenticate {
        /// Over the last challenge of this connection.
        ticket: Signed<Ticket>,
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
    /// Answer to `hello`: all that a page without a ticket is told.
    Hello {
        /// The request.
        id: u64,
        /// [`PROTOCOL_VERSION`] of the helper.
        protocol: u32,
        /// The helper's own version, for people.
        version: String,
        /// The name under which the registry knows this helper.
        workstation: WorkstationId,
        /// 32 random bytes for a ticket, good for 60 seconds and one use.
        challenge: HexBytes,
    },
    /// A fresh challenge: the page is to answer with a fresh ticket before the one that it has is
    /// 60 seconds old.
    Challenge {
        /// 32 random bytes, which take the place of those before.
        challenge: HexBytes,
    },
    /// Answer to a later `authenticate`.
    Renewed {
        /// The request.
        id: u64,
    },
    /// Answer to the first `authenticate`.
    Ready {
        /// The request.
        id: u64,
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
