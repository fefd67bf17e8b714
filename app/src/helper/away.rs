//! Why no helper is connected, in words.

use super::browser::Barrier;
use crate::trouble::RegistryError;
use cardwright_protocol::helper::HelperError;
use cardwright_protocol::ids::{WorkstationId, WorkstationName};

/// A helper of this registry that answers on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Names it for ever.
    pub(crate) id: WorkstationId,
    /// What people call it.
    pub(crate) name: WorkstationName,
}

/// Why no helper is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Away {
    /// No helper answers on any port.
    NoAnswer,
    /// A helper answers, and it and the page cannot work together.
    Refused(HelperError),
    /// A helper ended the connection and said why.
    Closed { reason: String },
    /// On this port somebody answers with the challenge of a helper that was called elsewhere.
    Relayed(u16),
    /// Every helper that answers belongs to another registry.
    NotOurs,
    /// The registry gave no ticket for the helper.
    NoTicket(RegistryError),
    /// Several helpers of this registry answer, or only another one than last time.
    Choose(Vec<Candidate>),
    /// The person may not use readers.
    NotPermitted,
    /// The browser keeps this page from helpers.
    Browser(Barrier),
}

impl Away {
    /// What it is, in a few words for the bar.
    pub(super) fn summary(&self) -> &'static str {
        match self {
            Self::NoAnswer => "No helper",
            Self::Refused(_) => "Helper does not fit",
            Self::Closed { .. } => "Helper refuses",
            Self::Relayed(_) => "Not the helper",
            Self::NotOurs => "No helper of this registry",
            Self::NoTicket(RegistryError::Unreachable) => "Registry does not answer",
            Self::NoTicket(_) => "No ticket for the helper",
            Self::Choose(_) => "Choose a helper",
            Self::NotPermitted => "No readers for this account",
            Self::Browser(barrier) => barrier.summary(),
        }
    }

    /// What it is: one sentence.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::NoAnswer => "No helper answers on this workstation.".into(),
            Self::Refused(error) => error.advice().0.into(),
            Self::Closed { reason } if reason.is_empty() => {
                "The helper ended the connection.".into()
            }
            Self::Closed { reason } => format!("The helper ended the connection: “{reason}”."),
            Self::Relayed(port) => {
                format!("What answers on port {port} of this computer is not its helper.")
            }
            Self::NotOurs => "The helper on this workstation is none of this registry.".into(),
            Self::NoTicket(error) => {
                format!("The registry lets nobody use this helper now. {error}")
            }
            Self::Choose(candidates) if candidates.len() == 1 => {
                "Another helper answers than the one that this browser used last.".into()
            }
            Self::Choose(_) => "Several helpers answer on this computer.".into(),
            Self::NotPermitted => "This account may not use the readers of a workstation.".into(),
            Self::Browser(barrier) => barrier.title().into(),
        }
    }

    /// Why, and what to do: one paragraph each.
    pub(crate) fn advice(&self) -> Vec<String> {
        let line = match self {
            Self::NoAnswer => {
                "Start the helper; this page notices. If it runs: was it enrolled at this \
                 registry, and are its ports free? Its log says so."
            }
            Self::Refused(error) => error.advice().1,
            Self::Closed { .. } => {
                "This page tries again by itself. If it stays, the helper's log says more."
            }
            Self::Relayed(_) => {
                "It passes on what a helper elsewhere says, and could do with it what it wants: it \
                 got no ticket. End the program that has this port, such as a port forwarding, and \
                 start the helper; this page notices. If you do not know the program, tell an admin."
            }
            Self::NotOurs => {
                "Ask an admin for a code (Home › Workstations) and run cardwright-helper enroll \
                 with the address of this registry."
            }
            Self::NoTicket(RegistryError::Unreachable) => {
                "This page goes on by itself when the registry answers."
            }
            // The registry's own words say what to do.
            Self::NoTicket(RegistryError::Problem(_)) => "",
            Self::NoTicket(error) => error.advice(),
            Self::Choose(candidates) if candidates.len() == 1 => {
                "If it is yours, use it. If yours is to be started yet, this page notices."
            }
            Self::Choose(_) => "Choose yours; this browser remembers it.",
            Self::NotPermitted => "Ask an admin for the permission.",
            Self::Browser(barrier) => return barrier.advice(),
        };
        vec![line.to_owned()].into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Whether the person has to do something here, and not only elsewhere.
    pub(crate) fn wants_click(&self) -> bool {
        match self {
            Self::Choose(_) => true,
            Self::Browser(barrier) => barrier.wants_click(),
            _ => false,
        }
    }
}
