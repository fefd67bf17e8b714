//! Why the helper did not do what was asked.

use super::PROTOCOL_VERSION;
use crate::no_fields::no_fields;
use crate::outcome::{JobFailure, Refusal};
use crate::signed::Signed;
use serde::{Deserialize, Serialize};

/// Why a request was not carried out. Each says what happened and what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "kebab-case", deny_unknown_fields)]
pub enum HelperError {
    /// The frame is not of this protocol.
    #[serde(deserialize_with = "no_fields")]
    Malformed,
    /// `hello` was not the first request, or came twice, or something else than a ticket came
    /// behind it.
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
    /// The ticket is not over this connection's last challenge, not for its origin, not for this
    /// helper, or not from its registry.
    #[serde(deserialize_with = "no_fields")]
    TicketRefused,
    /// The job is not from this helper's registry, not for this helper, or was altered. Answers
    /// `execute` alone.
    JobNotForUs {
        /// For the registry's audit log.
        refusal: Box<Signed<Refusal>>,
    },
    /// The job is from this helper's registry and cannot begin: it is too late, was there before,
    /// or something hinders it. Answers `execute` alone.
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
            Self::Version { .. } => (
                "This page is older than the helper.",
                "Reload the page; if it stays, ask an admin to update the registry.",
            ),
            Self::TicketRefused => (
                "The helper does not believe that somebody of its registry is at this page.",
                "Reload the page; if it stays, ask an admin to add this workstation anew.",
            ),
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
            Self::JobNotForUs { .. } => (
                "The helper refused the job: it is not from its registry, not for it, or was \
                 altered on its way. The chip was not touched.",
                "Click Next again; if it stays, tell an admin: it is in the audit log.",
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
