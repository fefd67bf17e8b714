//! PUK and PIN. Which value the chip has is found out by presenting one, each at most once, and
//! never with the last try.
//!
//! Of two PUKs the first is presented by a command whose refusal tells how many tries are left: a
//! chip that was torn twice has none left to guess by the registry's count, though none was spent.

use super::{Ledger, Opened};
use crate::dialect::Knows;
use crate::{Cause, Job};
use cardwright_card::commands::{change_pin, change_puk, reset_pin};
use cardwright_card::{CardError, Channel, Puk, StatusWord};

/// Sets the PUK, or proves that it is set: changing it to itself proves it.
pub(super) fn set_puk(
    job: &Job,
    opened: &mut Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    if let [first, _] = opened.puks(job).as_slice()
        && !opened.dialect.counts_in_change
        && ledger.may_try_puk()
    {
        match ledger.set_pin_by_puk(reset_pin(channel, first, &job.wanted.pin))? {
            true => opened.known_puk = Some(first.clone()),
            false => opened.wrong_puk = Some(first.clone()),
        }
    }
    present_puk(job, opened, ledger, channel, |_| job.wanted.puk.clone())?;
    opened.known_puk = Some(job.wanted.puk.clone());
    Ok(())
}

/// Finds out which PUK the chip has, and changes nothing.
pub(super) fn prove_puk(
    job: &Job,
    opened: &mut Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let puk = present_puk(job, opened, ledger, channel, Puk::clone)?;
    opened.known_puk = Some(puk);
    Ok(())
}

/// What a chip says that does not know a command for a key reference.
const UNKNOWN_COMMAND: [StatusWord; 5] = [
    StatusWord::NOT_SUPPORTED,
    StatusWord::NOT_FOUND,
    StatusWord::WRONG_PARAMETERS,
    StatusWord::REFERENCE_NOT_FOUND,
    StatusWord::UNKNOWN_INSTRUCTION,
];

/// Presents the PUKs that the chip may have, and changes the right one to another.
fn present_puk(
    job: &Job,
    opened: &Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
    new: impl Fn(&Puk) -> Puk,
) -> Result<Puk, Cause> {
    let puks = opened.puks(job);
    for (index, puk) in puks.iter().enumerate() {
        let is_remaining = index + 1 == puks.len();
        if !(ledger.may_try_puk() || is_remaining && ledger.may_try_remaining_puk()) {
            return Err(Cause::Blocked { what: "PUK" });
        }
        let new = new(puk);
        let outcome = change_puk(channel, puk, &new);
        if *puk != new {
            ledger.may_have_written(&outcome);
        }
        if let Err(CardError::Refused { status }) = outcome
            && opened.dialect.changes_puk == Knows::Ask
            && UNKNOWN_COMMAND.contains(&status)
        {
            return Err(Cause::NotSupported { what: "the PUK cannot be changed" });
        }
        if ledger.presented_puk(outcome)? {
            return Ok(puk.clone());
        }
    }
    Err(Cause::Foreign { what: "PUK" })
}

/// Sets the PIN. A try of it is risked where there is no doubt about the one that is there; the
/// PUK, which is the wanted one by now, sets it everywhere else.
pub(super) fn set_pin(
    job: &Job,
    opened: &Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let wanted = &job.wanted.pin;
    if let Some(pin) = opened.certain_pin(job).filter(|_| ledger.may_try_pin()) {
        let outcome = change_pin(channel, &pin, wanted);
        ledger.may_have_written(&outcome);
        if ledger.presented_pin(outcome)? {
            return Ok(());
        }
    }
    if !ledger.may_try_puk() {
        return Err(Cause::Blocked { what: "PUK" });
    }
    if !ledger.set_pin_by_puk(reset_pin(channel, &job.wanted.puk, wanted))? {
        return Err(Cause::Foreign { what: "PUK" });
    }
    if !opened.dialect.default_flag_outlives_reset {
        return Ok(());
    }
    let outcome = change_pin(channel, wanted, wanted);
    ledger.may_have_written(&outcome);
    match ledger.presented_pin(outcome)? {
        true => Ok(()),
        false => Err(Cause::ReadBackDiffers { what: "PIN" }),
    }
}
