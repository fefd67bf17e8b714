use super::reference_data::prove_puk;
use super::{Ledger, Opened};
use crate::dialect::Knows;
use crate::inspect::Examined;
use crate::{Cause, Job};
use cardwright_card::commands::{Metadata, reset_pin, set_tries as set_tries_of, verify_pin};
use cardwright_card::{CardError, Channel};

const NOT_SUPPORTED: &str = "the numbers of tries cannot be set";

/// Whether the numbers of tries are to be set: the chip says others; or it says none, and is not
/// ours yet. They are set before the card id is written.
///
/// # Errors
/// Why the chip cannot do it, in words.
pub(super) fn are_to_be_set(job: &Job, found: &Examined) -> Result<bool, &'static str> {
    let Some(wanted) = job.profile.retries else { return Ok(false) };
    let said = |metadata: &Option<Metadata>| metadata.as_ref().and_then(|said| said.tries);
    let is_needed = match (said(&found.pin), said(&found.puk)) {
        (Some(pin), Some(puk)) => (pin, puk) != (wanted.pin, wanted.puk),
        _ => found.facts.ids.card_id != Some(job.wanted.card_id),
    };
    match found.dialect?.sets_tries {
        Knows::No if is_needed => Err(NOT_SUPPORTED),
        Knows::Yes | Knows::No | Knows::Ask => Ok(is_needed),
    }
}

/// Sets the numbers of tries, which sets PIN and PUK back to the maker's.
pub(super) fn set_tries(
    job: &Job,
    opened: &mut Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let Some(wanted) = job.profile.retries else { return Ok(()) };
    verify_a_pin(job, opened, ledger, channel)?;
    match set_tries_of(channel, wanted.pin, wanted.puk) {
        Err(CardError::Refused { status }) if !status.is_internal_error() => {
            return Err(Cause::NotSupported { what: NOT_SUPPORTED });
        }
        outcome => ledger.wrote(outcome)?,
    }
    ledger.has_makers_secrets();
    opened.has_makers_secrets();
    Ok(())
}

/// The chip wants its PIN verified. Where it is in doubt, or no try of it can be spent, the PUK
/// sets the wanted one, whose length the chip takes: the maker's may be too short to be set.
fn verify_a_pin(
    job: &Job,
    opened: &mut Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    for pin in opened.pins(job) {
        if ledger.may_try_pin() && ledger.presented_pin(verify_pin(channel, &pin))? {
            return Ok(());
        }
    }
    prove_puk(job, opened, ledger, channel)?;
    let Some(puk) = &opened.known_puk else { return Err(Cause::Foreign { what: "PUK" }) };
    let wanted = &job.wanted.pin;
    if !ledger.set_pin_by_puk(reset_pin(channel, puk, wanted))? {
        return Err(Cause::Foreign { what: "PUK" });
    }
    match ledger.presented_pin(verify_pin(channel, wanted))? {
        true => Ok(()),
        false => Err(Cause::ReadBackDiffers { what: "PIN" }),
    }
}
