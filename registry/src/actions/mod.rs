//! What people and helpers do to the registry: one file per use case, each one transaction.

pub(crate) mod accounts;
pub(crate) mod accounts_at_command_line;
pub(crate) mod assess;
pub(crate) mod audit;
mod bind;
mod binding;
pub(crate) mod cancel;
pub(crate) mod cards;
mod doubt;
pub(crate) mod enrol;
pub(crate) mod first_start;
mod give_up;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod issue_job;
mod keying;
mod may_issue;
mod never_began;
mod outcome_in_words;
pub(crate) mod passwords;
pub(crate) mod past_jobs;
mod person;
mod reason;
pub(crate) mod refusals;
pub(crate) mod reveal;
pub(crate) mod sessions;
mod standing;
pub(crate) mod start;
mod stray_outcome;
mod take_failure;
pub(crate) mod take_outcome;
pub(crate) mod take_over;
mod take_receipt;
pub(crate) mod templates;
pub(crate) mod throttle;
pub(crate) mod tickets;
mod tries;
mod verified;
pub(crate) mod view;
mod waits;
pub(crate) mod workstations;

pub(crate) use person::Person;

use crate::escrow::EscrowError;
use crate::passwords::PasswordError;
use crate::store::StoreError;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};

/// Why something was not done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActionError {
    /// It may not be done, or not so, or not now: the answer says why.
    #[error("refused: {}", .0.message)]
    Refused(Problem),
    /// The database failed.
    #[error("the database failed")]
    Store(#[source] StoreError),
    /// A PIN was not made or not read.
    #[error("the escrow failed")]
    Escrow(#[from] EscrowError),
    /// A password was not hashed or not compared.
    #[error("hashing a password failed")]
    Password(#[source] PasswordError),
    /// What the registry itself keeps does not fit together.
    #[error("{0}")]
    Inconsistent(&'static str),
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => stale_version(),
            error => Self::Store(error),
        }
    }
}

impl From<PasswordError> for ActionError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => refused(
                ProblemCode::TooManyTries,
                "Many people log in at this moment. Try again in a few seconds.",
            ),
            error => Self::Password(error),
        }
    }
}

/// A refusal; `message` says what happened and what to do.
pub(crate) fn refused(code: ProblemCode, message: impl Into<String>) -> ActionError {
    ActionError::Refused(Problem { code, message: message.into(), field: None })
}

/// A refusal because of one field of the request.
pub(crate) fn invalid(field: &str, message: impl Into<String>) -> ActionError {
    ActionError::Refused(Problem {
        code: ProblemCode::Invalid,
        message: message.into(),
        field: Some(field.to_owned()),
    })
}

/// There is no such thing.
pub(crate) fn not_found(what: &str) -> ActionError {
    refused(ProblemCode::NotFound, format!("There is no such {what}."))
}

/// Somebody else changed it meanwhile.
pub(crate) fn stale_version() -> ActionError {
    refused(
        ProblemCode::StaleVersion,
        "Somebody else changed this meanwhile. Reload the page and try again.",
    )
}

/// A random name of 32 hexadecimal digits.
pub(crate) fn random_name() -> Result<String, EscrowError> {
    crate::escrow::random_bytes::<16>().map(hex::encode)
}
