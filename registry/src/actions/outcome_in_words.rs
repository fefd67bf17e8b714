//! Ends of jobs as the history of a card tells them.

use cardwright_protocol::outcome::{Condition, FailureCause};

/// What is true of the chip.
pub(super) fn condition_in_words(condition: Condition) -> &'static str {
    match condition {
        Condition::Untouched => "nothing was written",
        Condition::PartlyWritten => "the chip is partly written",
        Condition::Unknown => "the last write may or may not have been carried out",
    }
}

/// Why a job ended early.
pub(super) fn cause_in_words(cause: &FailureCause) -> String {
    match cause {
        FailureCause::Canceled => "canceled".to_owned(),
        FailureCause::CardRemoved => "the card was taken out of the reader".to_owned(),
        FailureCause::CardHung => "the chip did not answer in time".to_owned(),
        FailureCause::ServiceStopped => "the smart card service stopped".to_owned(),
        FailureCause::ReaderBusy => "another program has the chip for itself".to_owned(),
        FailureCause::OtherChip => "the reader has another chip".to_owned(),
        FailureCause::NotSupported { what } => format!("the chip cannot do this: {what}"),
        FailureCause::Foreign { what } => format!("the chip has values of somebody else: {what}"),
        FailureCause::Blocked { what } => format!("too few tries are left: {what}"),
        FailureCause::RefusedByChip { status } => format!("the chip refused with {status}"),
        FailureCause::Malformed { what } => format!("the chip answered against the rules: {what}"),
        FailureCause::ReadBackDiffers { what } => format!("it reads back otherwise: {what}"),
        FailureCause::JobRefused { why } => format!("the helper refused the job: {why}"),
        FailureCause::HelperStopped => "the helper was stopped in the middle".to_owned(),
        FailureCause::Internal => "the helper failed".to_owned(),
    }
}
