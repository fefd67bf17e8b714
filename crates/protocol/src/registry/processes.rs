//! A run of a command on a card, from its start to its end.

use crate::chip::ManagementKeyAlgorithm;
use crate::domain::{Command, ProcessState};
use crate::hex::HexBytes;
use crate::ids::{CardNumber, JobId, ProcessId, WorkstationName};
use crate::job::SealedJob;
use crate::no_fields::no_fields;
use crate::outcome::{Acknowledgement, ChipReport, Condition, FailureCause, KeyReceipt, Phase};
use crate::registry::cards::CardRow;
use crate::signed::Signed;
use serde::{Deserialize, Serialize};

/// Starts a command on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartProcess {
    /// The command.
    pub command: Command,
    /// The version of the card that the person saw.
    pub version: u64,
    /// Why, for commands that want a reason: 1 to 500 characters.
    pub reason: Option<String>,
}

/// A process, whole: a page that reloads needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Names it.
    pub id: ProcessId,
    /// What it does.
    pub command: Command,
    /// How far it is.
    pub state: ProcessState,
    /// Who started it.
    pub operator: String,
    /// Whether this person can go on with it.
    pub mine: bool,
    /// Whether this person can make it their own.
    pub can_take_over: bool,
    /// The card as it is now.
    pub card: CardRow,
    /// Title of the profile.
    pub profile: String,
    /// The phases of a job by this profile, in their order.
    pub phases: Vec<Phase>,
    /// Whether the printed number must be confirmed, since nothing else ties chip and record.
    pub confirm_number: bool,
    /// The job whose outcome is not known.
    pub job: Option<OpenJob>,
    /// Why the last job ended, where it failed.
    pub failure: Option<LastFailure>,
    /// What was written, once completed.
    pub written: Option<Written>,
    /// The next card in state *produced*, by number, once ended.
    pub next_card: Option<CardNumber>,
}

/// A job whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenJob {
    /// The job.
    pub job: JobId,
    /// Where it runs or ran.
    pub workstation: WorkstationName,
}

/// How a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastFailure {
    /// The phase that it failed in.
    pub phase: Phase,
    /// Why.
    pub cause: FailureCause,
    /// What is true of the chip.
    pub condition: Condition,
}

/// What a chip has now; never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// GUID (RFC 9562 text form).
    pub guid: String,
    /// Card id, 14 bytes.
    pub card_id: HexBytes,
    /// FASC-N as it is in the CHUID, 25 bytes.
    pub fasc_n: HexBytes,
    /// End of the card's life, as it is in the CHUID.
    pub expires_on: String,
    /// Algorithm of the new management key.
    pub management_key: ManagementKeyAlgorithm,
    /// Keys on the chip.
    pub keys: Vec<KeyReceipt>,
    /// Commands that it took, read-back and proofs included.
    pub commands: u32,
    /// Where it was done.
    pub workstation: WorkstationName,
    /// When the registry took the receipt.
    pub at: String,
}

/// A fresh nonce for an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nonce {
    /// 16 bytes.
    pub nonce: HexBytes,
}

/// Hands a report to the registry, to learn what it means for this card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandReport {
    /// The report.
    pub report: Signed<ChipReport>,
}

/// What a chip means for a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Whether a job will be issued for it, and if not, why.
    pub verdict: Verdict,
    /// Short name of the chip, where it has one.
    pub chip: Option<String>,
    /// What it is, in words, such as *PIV 5.7.1, as from the factory*.
    pub kind: String,
    /// Why it is held to be the chip of this card, in words.
    pub matched_by: Option<String>,
    /// Whether a job that erases the chip first will be issued, once the operator says yes: the
    /// verdict is [`Verdict::Used`] or [`Verdict::Blocked`], and an admin permits it.
    pub erasable: bool,
}

/// The registry's judgement of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// Next encodes it.
    #[serde(deserialize_with = "no_fields")]
    Ready,
    /// An encoding of it was begun; Next finishes it.
    #[serde(deserialize_with = "no_fields")]
    Interrupted,
    /// Nothing that this product can initialize.
    #[serde(deserialize_with = "no_fields")]
    UnknownKind,
    /// It cannot be written through this reader.
    #[serde(deserialize_with = "no_fields")]
    Contactless,
    /// It is the chip of another card.
    BoundToOtherCard {
        /// That card.
        card: CardNumber,
    },
    /// The record names another chip for this card.
    OtherChipExpected {
        /// Short name of the expected chip, where it has one.
        expected: Option<String>,
    },
    /// Somebody else has used it: its values are neither the factory's nor ours.
    #[serde(deserialize_with = "no_fields")]
    Used,
    /// PIN or PUK is blocked, or was found to be neither the factory's nor ours.
    #[serde(deserialize_with = "no_fields")]
    Blocked,
}

/// Asks for a job for the chip of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskForJob {
    /// A report over a nonce of this process; each is good for one job.
    pub report: Signed<ChipReport>,
    /// The number that the operator read from the card, where it must be confirmed.
    pub confirmed_number: Option<String>,
    /// The operator's yes to erase a chip that has values of somebody else.
    pub erase: bool,
}

/// A job for the helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedJob {
    /// The job.
    pub job: SealedJob,
}

/// An outcome is in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeTaken {
    /// For the helper.
    pub acknowledgement: Signed<Acknowledgement>,
    /// The process as it is now; `None` for a job that this registry does not know, such as one
    /// from after the backup that it was restored from.
    pub process: Option<Process>,
}
