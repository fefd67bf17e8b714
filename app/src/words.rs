//! Dates, phases and failures in the words that people read.

use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::outcome::{Condition, FailureCause, Phase};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day such as `2026-11-20` as *20 Nov 2026*. What is no date is shown as it is.
pub(crate) fn day(date: &str) -> String {
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return date.to_owned() };
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (month, day.parse::<u8>()) {
        (Some(month), Ok(day)) => format!("{day} {month} {year}"),
        _ => date.to_owned(),
    }
}

/// A number of things, such as *2 cards*.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

/// A phase while it goes on.
pub(crate) fn phase_going_on(phase: Phase) -> &'static str {
    match phase {
        Phase::Identify => "Identifying the chip",
        Phase::Erase => "Erasing what somebody else left",
        Phase::Authenticate => "Getting administrator access",
        Phase::Retries => "Setting the numbers of tries",
        Phase::CardCapability => "Writing the card capability container",
        Phase::Puk => "Setting the PUK",
        Phase::Pin => "Setting the PIN",
        Phase::CardHolder => "Writing the card holder identifier",
        Phase::Keys => "Generating keys on the chip",
        Phase::ManagementKey => "Changing the administrator key",
        Phase::Verify => "Reading everything back",
    }
}

/// A phase as a line of the list of work.
pub(crate) fn phase_title(phase: Phase) -> &'static str {
    match phase {
        Phase::Identify => "Chip identified",
        Phase::Erase => "Chip erased",
        Phase::Authenticate => "Administrator access",
        Phase::Retries => "Numbers of tries set",
        Phase::CardCapability => "Card capability container (CCC)",
        Phase::Puk => "PUK set",
        Phase::Pin => "PIN set",
        Phase::CardHolder => "Card holder identifier (CHUID)",
        Phase::Keys => "Keys generated",
        Phase::ManagementKey => "Administrator key changed",
        Phase::Verify => "Everything read back",
    }
}

/// Why a job failed, and what to do: two sentences.
pub(crate) fn failure(cause: &FailureCause) -> (String, &'static str) {
    const OUT_AND_IN: &str = "Take the card out, put it in again, then click Next.";
    const GIVE_UP: &str =
        "This card cannot be initialized. Mark it as defective, or give it to an admin.";
    match cause {
        FailureCause::Canceled => ("The encoding was canceled.".into(), "Click Next to finish it."),
        FailureCause::CardRemoved => (
            "The card came out of the reader.".into(),
            "Put it back, then click Next: the work goes on where it stopped.",
        ),
        FailureCause::CardHung => ("The chip stopped answering.".into(), OUT_AND_IN),
        FailureCause::ServiceStopped => (
            "The smart card service of this computer stopped.".into(),
            "Start it again; this page notices. Then click Next.",
        ),
        FailureCause::ReaderBusy => (
            "Another program took the chip.".into(),
            "Close other smart card programs, then click Next.",
        ),
        FailureCause::OtherChip => (
            "There was another chip in the reader than before.".into(),
            "Put the right card into the reader, then click Next.",
        ),
        FailureCause::NotSupported { what } => {
            (format!("The chip cannot do what the profile wants: {what}."), GIVE_UP)
        }
        FailureCause::Foreign { what } => {
            (format!("The chip has values of somebody else: {what}."), GIVE_UP)
        }
        FailureCause::Blocked { what } => {
            (format!("The {what} has too few tries left to go on safely."), GIVE_UP)
        }
        FailureCause::RefusedByChip { status } => (
            format!("The chip refused a command (status {status})."),
            "Click Next to try once more. If it stays, mark the card as defective.",
        ),
        FailureCause::Malformed { what } => {
            (format!("The chip answered what no standard allows: {what}."), GIVE_UP)
        }
        FailureCause::ReadBackDiffers { what } => (
            format!("What was read back is not what was written: {what}."),
            "Click Next to write it again. If it stays, mark the card as defective.",
        ),
        FailureCause::JobRefused { why } => {
            (format!("The helper refused the job: {why}."), "Click Next again.")
        }
        FailureCause::HelperStopped => (
            "The helper was stopped in the middle of the work.".into(),
            "Click Next: the work goes on where it stopped.",
        ),
        FailureCause::Internal => {
            ("The helper failed.".into(), "Start the helper again, then click Next.")
        }
    }
}

/// What is true of a chip after a failure.
pub(crate) fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Untouched => "Nothing was written to the chip.",
        Condition::PartlyWritten => {
            "The chip is partly written. It can be finished at any time, here or elsewhere."
        }
        Condition::Unknown => {
            "Whether the last write reached the chip is not known; Next finds out and finishes it."
        }
    }
}

/// What a canceled process leaves behind.
pub(crate) fn left_behind(condition: Condition) -> &'static str {
    match condition {
        Condition::Untouched => "Nothing was written to the chip.",
        Condition::PartlyWritten => {
            "The chip is partly written: it cannot be used as it is, and it can be finished later."
        }
        Condition::Unknown => {
            "The chip may be partly written: it cannot be used as it is, and it can be finished \
             later."
        }
    }
}

/// The name of a cipher.
pub(crate) fn algorithm(algorithm: ManagementKeyAlgorithm) -> &'static str {
    match algorithm {
        ManagementKeyAlgorithm::TripleDes => "3DES",
        ManagementKeyAlgorithm::Aes128 => "AES-128",
        ManagementKeyAlgorithm::Aes192 => "AES-192",
        ManagementKeyAlgorithm::Aes256 => "AES-256",
    }
}

/// A state with what else is to be known of it, such as *Produced · interrupted*.
pub(crate) fn state(state: CardState, interrupted: bool) -> String {
    match interrupted {
        true => format!("{} · interrupted", state.title()),
        false => state.title().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_in_words() {
        for (date, words) in [
            ("2026-11-20", "20 Nov 2026"),
            ("2030-01-02", "2 Jan 2030"),
            ("2026-13-01", "2026-13-01"),
            ("2026-00-01", "2026-00-01"),
            ("soon", "soon"),
        ] {
            assert_eq!(day(date), words);
        }
        assert_eq!((count(1, "card"), count(0, "reader")), ("1 card".into(), "0 readers".into()));
    }

    #[test]
    fn a_failure_that_nobody_at_the_desk_can_mend_never_asks_for_next() {
        let what = || "x".to_owned();
        for cause in [
            FailureCause::NotSupported { what: what() },
            FailureCause::Foreign { what: what() },
            FailureCause::Blocked { what: what() },
            FailureCause::Malformed { what: what() },
        ] {
            assert!(!cause.is_mendable());
            assert!(!failure(&cause).1.contains("Next"), "{cause:?}");
        }
        for cause in [FailureCause::CardRemoved, FailureCause::CardHung, FailureCause::Internal] {
            assert!(failure(&cause).1.contains("Next"), "{cause:?}");
        }
    }
}
