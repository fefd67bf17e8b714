//! PUK and PIN. Which value the chip has is found out by presenting one, each at most once, and
//! never with the last try.

use super::Ledger;
use super::authenticate::{Opened, Values};
use crate::{Cause, Job};
use cardwright_card::commands::{change_pin, change_puk, reset_pin, verify_pin};
use cardwright_card::{Channel, Pin, Puk};

/// Sets the PUK, or proves that it is set: changing it to itself proves it.
pub(super) fn set_puk(
    job: &Job,
    opened: &Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let wanted = &job.wanted.puk;
    for puk in puks(job, opened) {
        if !ledger.may_try_puk() {
            return Err(Cause::Blocked { what: "PUK" });
        }
        let outcome = change_puk(channel, puk, wanted);
        if puk != wanted || outcome.is_err() {
            ledger.may_have_written(&outcome);
        }
        if ledger.presented_puk(outcome)? {
            return Ok(());
        }
    }
    Err(Cause::Foreign { what: "PUK" })
}

/// Sets the PIN, or proves that it is set. The PUK is the wanted one by now: it sets the PIN where
/// no candidate does, or where no try is to be spent.
pub(super) fn set_pin(
    job: &Job,
    opened: &Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let wanted = &job.wanted.pin;
    for pin in pins(job, opened) {
        if !ledger.may_try_pin() {
            break;
        }
        let outcome = match pin == wanted {
            true => verify_pin(channel, pin),
            false => {
                let outcome = change_pin(channel, pin, wanted);
                ledger.may_have_written(&outcome);
                outcome
            }
        };
        if ledger.presented_pin(outcome)? {
            return Ok(());
        }
    }
    let outcome = reset_pin(channel, &job.wanted.puk, wanted);
    ledger.may_have_written(&outcome);
    if !ledger.presented_puk(outcome)? {
        return Err(Cause::Foreign { what: "PUK" });
    }
    // One maker's chip takes the PIN for the factory's until it is changed by itself.
    let outcome = change_pin(channel, wanted, wanted);
    ledger.may_have_written(&outcome);
    match ledger.presented_pin(outcome) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Cause::ReadBackDiffers { what: "PIN" }),
        Err(cause) => Err(cause),
    }
}

/// The PUKs that the chip may have, the likeliest first.
fn puks<'j>(job: &'j Job, opened: &Opened) -> Vec<&'j Puk> {
    let candidates: Vec<_> = job.candidates.iter().map(|values| values.puks.as_slice()).collect();
    in_order(&job.wanted.puk, &candidates, opened)
}

/// The PINs that the chip may have, the likeliest first.
fn pins<'j>(job: &'j Job, opened: &Opened) -> Vec<&'j Pin> {
    let candidates: Vec<_> = job.candidates.iter().map(|values| values.pins.as_slice()).collect();
    in_order(&job.wanted.pin, &candidates, opened)
}

/// A chip opened by the wanted management key has the wanted values, and no others. One with our
/// card id may have them, or those that belong to its management key. One without our card id
/// cannot have them: the card id is written before them.
fn in_order<'j, T: PartialEq>(
    wanted: &'j T,
    candidates: &[&'j [T]],
    opened: &Opened,
) -> Vec<&'j T> {
    let mut values: Vec<&T> = Vec::new();
    let mut add = |value: &'j T| {
        if !values.contains(&value) {
            values.push(value);
        }
    };
    match opened.values {
        Values::Wanted => add(wanted),
        Values::Candidate(first) => {
            if opened.is_ours {
                add(wanted);
            }
            candidates[first].iter().for_each(&mut add);
            candidates.iter().copied().flatten().for_each(&mut add);
        }
    }
    values
}
