//! Every error that the registry answers.

use serde::{Deserialize, Serialize};

/// An error. The HTTP status follows from the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// For programs.
    pub code: ProblemCode,
    /// What happened and what to do, for people: one or two sentences.
    pub message: String,
    /// The field of the request that is wrong, where one is.
    pub field: Option<String>,
}

/// Kind of an error, with its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// 400: not of this protocol.
    Malformed,
    /// 401: nobody is logged in.
    NotLoggedIn,
    /// 401: name or password is wrong.
    WrongPassword,
    /// 403: this person may not do it.
    NotPermitted,
    /// 403: the owner of the account must choose another password first.
    PasswordChangeNeeded,
    /// 403: the one-time code is wrong, used or too old.
    WrongCode,
    /// 403: the request comes from another page than the app.
    ForeignOrigin,
    /// 404: there is no such thing.
    NotFound,
    /// 405: the path knows no such method.
    MethodNotAllowed,
    /// 409: the card is not in the state that this needs.
    WrongState,
    /// 409: the command is not enabled for this state.
    NotEnabled,
    /// 409: somebody else changed it meanwhile.
    StaleVersion,
    /// 409: another process has the card.
    CardInUse,
    /// 409: the process has ended.
    ProcessEnded,
    /// 409: the report answers no nonce of this process, or one that was used.
    StaleReport,
    /// 409: the chip cannot become this card; the assessment says why.
    ChipRefused,
    /// 413: too large.
    TooLarge,
    /// 422: a value is wrong.
    Invalid,
    /// 429: too many tries; the message says when the next one may be made.
    TooManyTries,
    /// 422: a signature is not from a workstation of this registry.
    BadSignature,
    /// 500: the registry failed; nothing was changed.
    Internal,
    /// 507: the registry's disk is full or cannot be written; nothing was changed.
    NoSpace,
}

impl ProblemCode {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotLoggedIn | Self::WrongPassword => 401,
            Self::NotPermitted
            | Self::PasswordChangeNeeded
            | Self::WrongCode
            | Self::ForeignOrigin => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::WrongState
            | Self::NotEnabled
            | Self::StaleVersion
            | Self::CardInUse
            | Self::ProcessEnded
            | Self::StaleReport
            | Self::ChipRefused => 409,
            Self::TooLarge => 413,
            Self::Invalid | Self::BadSignature => 422,
            Self::TooManyTries => 429,
            Self::Internal => 500,
            Self::NoSpace => 507,
        }
    }
}
