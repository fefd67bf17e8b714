use super::authenticate::{Opened, Values};
use super::{Ledger, State, Transition, Verify, plan, reference_data};
use crate::{Cause, Job, KeyReceipt, Phase};
use cardwright_card::commands::{self, CARD_CAPABILITY, CARD_HOLDER};
use cardwright_card::{Channel, ManagementKey};
use std::collections::VecDeque;

/// The chip is open; some phases that write are to come.
#[derive(Debug)]
pub(super) struct Write {
    /// At least one.
    pub(super) phases: VecDeque<Phase>,
    pub(super) opened: Opened,
    /// What is to be proved in the end, growing with what is written.
    pub(super) verify: Verify,
}

impl Write {
    pub(super) fn step(
        mut self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        match self.phases.pop_front() {
            Some(Phase::CardCapability) => {
                let value = plan::card_capability(job);
                ledger.wrote(commands::put_object(channel, CARD_CAPABILITY, &value))?;
            }
            Some(Phase::Puk) => reference_data::set_puk(job, &self.opened, ledger, channel)?,
            Some(Phase::Pin) => reference_data::set_pin(job, &self.opened, ledger, channel)?,
            Some(Phase::CardHolder) => {
                let value = plan::card_holder(job)?;
                ledger.wrote(commands::put_object(channel, CARD_HOLDER, &value))?;
            }
            Some(Phase::Keys) => {
                self.verify.keys = generate(job, self.verify.keys, ledger, channel)?
            }
            Some(Phase::ManagementKey) => {
                self.verify.management_key = set_management_key(job, ledger, channel)?;
                self.opened.values = Values::Wanted;
            }
            // The plan has phases that write, and no others.
            Some(
                Phase::Identify
                | Phase::Erase
                | Phase::Authenticate
                | Phase::Retries
                | Phase::Verify,
            )
            | None => {}
        }
        Ok(match self.phases.is_empty() {
            true => Transition::AfterReset(State::Verify(self.verify)),
            false => Transition::To(State::Write(self)),
        })
    }
}

/// Makes every key that is not known yet.
fn generate(
    job: &Job,
    mut keys: Vec<KeyReceipt>,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<Vec<KeyReceipt>, Cause> {
    for key in &job.profile.keys {
        if keys.iter().any(|known| known.reference == key.reference) {
            continue;
        }
        let algorithm = plan::key_algorithm(key);
        let reference = key.reference.identifier();
        let public_key =
            ledger.wrote(commands::generate_key_pair(channel, reference, algorithm))?;
        keys.push(KeyReceipt { reference: key.reference, algorithm: key.algorithm, public_key });
    }
    Ok(keys)
}

/// Sets the first management key whose cipher the chip takes: that can only be found out by
/// setting it, and a refusal changes nothing.
fn set_management_key(
    job: &Job,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<ManagementKey, Cause> {
    for key in &job.wanted.management_keys {
        match commands::set_management_key(channel, key) {
            Ok(false) => {}
            outcome => {
                ledger.wrote(outcome)?;
                return Ok(key.clone());
            }
        }
    }
    Err(Cause::NotSupported { what: "no cipher of the profile's for the management key" })
}
