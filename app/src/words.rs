//! Dates, phases and failures in the words that people read.

use cardwright_protocol::chip::ManagementKeyAlgorithm;
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

/// An amount of data, such as *1.4 MB*.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
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

/// Why a job failed: one sentence.
pub(crate) fn cause(cause: &FailureCause) -> String {
    match cause {
        FailureCause::Canceled => "The encoding was canceled.".into(),
        FailureCause::CardRemoved => "The card came out of the reader.".into(),
        FailureCause::CardHung => "The chip stopped answering.".into(),
        FailureCause::ServiceStopped => "The smart card service of this computer stopped.".into(),
        FailureCause::ReaderBusy => "Another program took the chip.".into(),
        FailureCause::OtherChip => "There was another chip in the reader than before.".into(),
        FailureCause::NotSupported { what } => {
            format!("The chip cannot do what the profile wants: {what}.")
        }
        FailureCause::Foreign { what } => format!("The chip has values of somebody else: {what}."),
        FailureCause::Blocked { what } => {
            format!("The {what} has too few tries left to go on safely.")
        }
        FailureCause::RefusedByChip { status } => {
            format!("The chip refused a command (status {status}).")
        }
        FailureCause::Malformed { what } => {
            format!("The chip answered what no standard allows: {what}.")
        }
        FailureCause::ReadBackDiffers { what } => {
            format!("What was read back is not what was written: {what}.")
        }
        FailureCause::JobRefused { why } => format!("The helper refused the job: {why}."),
        FailureCause::HelperStopped => "The helper was stopped in the middle of the work.".into(),
        FailureCause::Internal => "The helper failed.".into(),
    }
}

/// What to do about a failure in a process that is open.
pub(crate) fn mend(cause: &FailureCause) -> &'static str {
    match cause {
        FailureCause::Canceled => "Click Next to do it after all.",
        FailureCause::CardRemoved => {
            "Put it back, then click Next: the work goes on where it stopped."
        }
        FailureCause::CardHung => "Take the card out, put it in again, then click Next.",
        FailureCause::ServiceStopped => "Start it again; this page notices. Then click Next.",
        FailureCause::ReaderBusy => "Close other smart card programs, then click Next.",
        FailureCause::OtherChip => "Put the right card into the reader, then click Next.",
        FailureCause::RefusedByChip { .. } => {
            "Click Next to try once more. If it stays, mark the card as defective."
        }
        FailureCause::ReadBackDiffers { .. } => {
            "Click Next to write it again. If it stays, mark the card as defective."
        }
        FailureCause::JobRefused { .. } => "Click Next: the registry makes a new job.",
        FailureCause::HelperStopped => "Click Next: the work goes on where it stopped.",
        FailureCause::Internal => "Start the helper again, then click Next.",
        FailureCause::NotSupported { .. }
        | FailureCause::Foreign { .. }
        | FailureCause::Blocked { .. }
        | FailureCause::Malformed { .. } => begin_again(cause, Condition::Untouched),
    }
}

/// What to do about a failure in a process that is over.
pub(crate) fn begin_again(cause: &FailureCause, condition: Condition) -> &'static str {
    match (cause, condition) {
        (FailureCause::NotSupported { .. }, _) => {
            "This card cannot be initialized. Mark it as defective, or give it to an admin."
        }
        (FailureCause::Foreign { .. } | FailureCause::Blocked { .. }, _) => {
            "If it is the right card, start the process again: it says whether this chip may be \
             erased. Otherwise mark the card as defective."
        }
        (FailureCause::Malformed { .. }, _) => {
            "Start the process again with another reader. If it stays, mark the card as defective."
        }
        (_, Condition::Untouched) => "To initialize the card after all, start the process again.",
        (_, Condition::PartlyWritten | Condition::Unknown) => {
            "To finish the chip, start the process again with the same chip, at any workstation."
        }
    }
}

/// What is true of a chip after a failure: in a word, and what that means.
pub(crate) fn condition(condition: Condition) -> (&'static str, &'static str) {
    match condition {
        Condition::Untouched => ("Untouched", "Nothing was written to it."),
        Condition::PartlyWritten => (
            "Partly written",
            "It cannot be used as it is. Nothing is lost: the registry can set every value right.",
        ),
        Condition::Unknown => (
            "Unknown",
            "The last write may or may not have reached it. Nothing is lost: the registry knows \
             both values.",
        ),
    }
}

/// What a canceled process leaves behind.
pub(crate) fn left_behind(condition: Condition) -> &'static str {
    match condition {
        Condition::Untouched => "Nothing was written to the chip; the card stays as it was.",
        Condition::PartlyWritten => {
            "The chip is partly written and cannot be used as it is: its card is then interrupted."
        }
        Condition::Unknown => {
            "The chip may be partly written, and cannot be used until that is known: its card is \
             then interrupted."
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

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::hex::HexBytes;

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
    fn amounts_of_data_are_said_in_words() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1 kB"),
            (999_999, "999 kB"),
            (1_449_999, "1.4 MB"),
            (12_000_000, "12.0 MB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }

    fn causes() -> Vec<FailureCause> {
        use FailureCause as C;
        let what = || "x".to_owned();
        vec![
            C::Canceled,
            C::CardRemoved,
            C::CardHung,
            C::ServiceStopped,
            C::ReaderBusy,
            C::OtherChip,
            C::NotSupported { what: what() },
            C::Foreign { what: what() },
            C::Blocked { what: what() },
            C::RefusedByChip { status: HexBytes(vec![0x6A, 0x80]) },
            C::Malformed { what: what() },
            C::ReadBackDiffers { what: what() },
            C::JobRefused { why: what() },
            C::HelperStopped,
            C::Internal,
        ]
    }

    #[test]
    fn next_is_asked_for_exactly_where_somebody_at_the_desk_can_mend_it() {
        for cause in causes() {
            assert_eq!(mend(&cause).contains("Next"), cause.is_mendable(), "{cause:?}");
        }
    }

    #[test]
    fn a_process_that_is_over_never_asks_for_next() {
        use Condition::{PartlyWritten, Unknown, Untouched};
        for (cause, condition) in
            causes().iter().flat_map(|it| [Untouched, PartlyWritten, Unknown].map(|c| (it, c)))
        {
            assert!(!begin_again(cause, condition).contains("Next"), "{cause:?}");
        }
    }
}
