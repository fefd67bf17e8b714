use crate::{KeyReceipt, Phase, Tries};
use cardwright_card::{CardError, StatusWord, TransportError};

/// A run that did not reach its end, and in what condition it left the chip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{phase:?}: {cause}")]
pub struct Failure {
    /// The phase that it failed in.
    pub phase: Phase,
    /// Why.
    pub cause: Cause,
    /// What is true of the chip now.
    pub condition: Condition,
    /// Tries of PIN and PUK that were spent, at most; since the last right value was presented,
    /// where one was.
    pub tries_spent: Tries,
    /// Which right values were presented.
    pub proved: Proved,
    /// Keys that this run made, and that are on the chip now.
    pub keys: Vec<KeyReceipt>,
}

/// Whether a right value of PIN and PUK was presented: that sets a counter back to its maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proved {
    /// Of the PIN.
    pub pin: bool,
    /// Of the PUK.
    pub puk: bool,
}

/// What is true of a chip after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing was written.
    Untouched,
    /// Something was written, and it is known what.
    PartlyWritten,
    /// The link was lost inside a write, or the chip failed in one: it may or may not have been
    /// carried out.
    Unknown,
}

/// Why a run did not reach its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The caller canceled between two phases.
    #[error("canceled")]
    Canceled,
    /// The link to the chip was lost.
    #[error(transparent)]
    Link(TransportError),
    /// The reader has another chip than the job is for.
    #[error("another chip")]
    OtherChip,
    /// The chip cannot do what is wanted.
    #[error("not supported: {what}")]
    NotSupported {
        /// What it cannot do, in words.
        what: &'static str,
    },
    /// The chip has a value that is among no candidates.
    #[error("foreign: {what}")]
    Foreign {
        /// Which value, in words.
        what: &'static str,
    },
    /// Too few tries are left to present another value.
    #[error("blocked: {what}")]
    Blocked {
        /// `PIN`, `PUK` or `management key`.
        what: &'static str,
    },
    /// The chip refused a command.
    #[error("the chip answered {status}")]
    RefusedByChip {
        /// Its status word.
        status: StatusWord,
    },
    /// The chip answered what the standard does not allow.
    #[error("malformed: {what}")]
    Malformed {
        /// What was read, in words.
        what: &'static str,
    },
    /// What was read back is not what was written.
    #[error("read back differs: {what}")]
    ReadBackDiffers {
        /// What differs, in words.
        what: &'static str,
    },
}

impl From<CardError> for Cause {
    fn from(error: CardError) -> Self {
        match error {
            CardError::Link(error) => Self::Link(error),
            CardError::Refused { status } => Self::RefusedByChip { status },
            CardError::Malformed { what } => Self::Malformed { what },
        }
    }
}
