//! Why something could not be done, and what a person can do about it.

use crate::session_key::NoKey;
use cardwright_protocol::helper::HelperError;
use cardwright_protocol::ids::WorkstationName;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use thiserror::Error;

/// Why the registry did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RegistryError {
    /// It answered, and says why.
    #[error("{}", .0.message)]
    Problem(Problem),
    /// No answer came.
    #[error("The registry cannot be reached.")]
    Unreachable,
    /// An answer came that is not of the protocol.
    #[error("The registry gave an answer that this page does not understand.")]
    NotUnderstood,
    /// Nobody can be logged in in this browser.
    #[error(transparent)]
    NoKey(#[from] NoKey),
}

impl RegistryError {
    /// Whether the registry answered with this code.
    pub(crate) fn is(&self, code: ProblemCode) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == code)
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Problem(problem) => match problem.code {
                ProblemCode::NotLoggedIn => "Log in again.",
                ProblemCode::PasswordChangeNeeded => "Choose another password first.",
                ProblemCode::NotPermitted => "Ask an admin for the permission.",
                ProblemCode::StaleVersion | ProblemCode::CardInUse | ProblemCode::WrongState => {
                    "Reload the page to see what it is now."
                }
                ProblemCode::Internal => "Nothing was changed. Try again in a moment.",
                ProblemCode::NoSpace => {
                    "Nothing was changed. An admin makes space on the registry's disk; then it \
                     goes on."
                }
                _ => "",
            },
            Self::Unreachable => "Check the network; nothing is lost.",
            Self::NotUnderstood => "Reload the page, so that both are of the same version.",
            Self::NoKey(missing) => missing.advice(),
        }
    }
}

/// Why a step of the work on a chip could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Trouble {
    /// The registry did not do its part.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The helper did not do its part.
    #[error("{}", .0.advice().0)]
    Helper(HelperError),
    /// The connection to the helper is gone.
    #[error("The helper is not there.")]
    HelperGone,
    /// The registry waits for a job that this helper knows nothing of.
    #[error("The encoding was begun on {}, and the helper here knows nothing of it.", .0)]
    JobUnknown(WorkstationName),
}

impl Trouble {
    /// What to do about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Registry(error) => error.advice(),
            Self::Helper(error) => error.advice().1,
            Self::HelperGone => "Start the helper on this workstation; the page goes on by itself.",
            Self::JobUnknown(_) => {
                "The helper was started anew, or it was another workstation. Put the card into \
                 the reader and click Next: what is done already is not done twice."
            }
        }
    }

    /// Whether it can be over without anything that the page would notice, so that trying again
    /// after a while is right.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Registry(RegistryError::Unreachable) => true,
            Self::Registry(error) => {
                error.is(ProblemCode::StaleReport)
                    || error.is(ProblemCode::Internal)
                    || error.is(ProblemCode::NoSpace)
            }
            Self::Helper(error) => matches!(
                error,
                HelperError::ReaderBusy
                    | HelperError::JobRunning
                    | HelperError::ServiceStopped
                    | HelperError::Internal
            ),
            Self::HelperGone | Self::JobUnknown(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_a_verdict_is_not() {
        let problem = |code| {
            let problem = Problem { code, message: "No.".into(), field: None };
            Trouble::Registry(RegistryError::Problem(problem))
        };
        assert!(Trouble::Registry(RegistryError::Unreachable).may_pass());
        assert!(problem(ProblemCode::StaleReport).may_pass());
        assert!(problem(ProblemCode::NoSpace).may_pass());
        assert!(!problem(ProblemCode::ProcessEnded).may_pass());
        assert!(Trouble::Helper(HelperError::ReaderBusy).may_pass());
        assert!(!Trouble::Helper(HelperError::CardHung).may_pass());
    }

    #[test]
    fn every_trouble_says_what_happened() {
        let trouble = Trouble::JobUnknown("desk-1".into());
        assert!(trouble.to_string().contains("desk-1"));
        assert_eq!(
            Trouble::Helper(HelperError::NotInserted).to_string(),
            "The card was taken out of the reader."
        );
    }
}
