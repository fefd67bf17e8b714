use crate::{StatusWord, TransportError};

/// Why a command did not do what it was sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// No answer came: whether the chip carried the command out is not known.
    #[error(transparent)]
    Link(#[from] TransportError),
    /// The chip said no.
    #[error("the chip answered {status}")]
    Refused {
        /// The status word of its answer.
        status: StatusWord,
    },
    /// The chip answered what the standard does not allow.
    #[error("the chip's answer is malformed: {what}")]
    Malformed {
        /// What was read.
        what: &'static str,
    },
}
