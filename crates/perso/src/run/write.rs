use super::plan::Objects;
use super::{Ledger, Opened, State, Transition, Verify, plan, reference_data, tries};
use crate::dialect::{Dialect, Knows};
use crate::{Cause, Job, KeyReceipt, Phase};
use cardwright_card::commands::{self, CARD_CAPABILITY, CARD_HOLDER};
use cardwright_card::objects::discovery_object;
use cardwright_card::{CardError, Channel, ManagementKey};
use std::collections::VecDeque;

/// The chip is open; some phases that write are to come.
#[derive(Debug)]
pub(super) struct Write {
    /// At least one.
    pub(super) phases: VecDeque<Phase>,
    pub(super) objects: Objects,
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
        let dialect = self.opened.dialect;
        match self.phases.pop_front() {
            Some(Phase::Retries) => tries::set_tries(job, &mut self.opened, ledger, channel)?,
            Some(Phase::CardCapability) => write_card_capability(job, dialect, ledger, channel)?,
            Some(Phase::Puk) => reference_data::set_puk(job, &mut self.opened, ledger, channel)?,
            Some(Phase::Pin) => reference_data::set_pin(job, &self.opened, ledger, channel)?,
            Some(Phase::CardHolder) => self.write_objects(job, ledger, channel)?,
            Some(Phase::Keys) => {
                self.verify.keys = generate(job, self.verify.keys, ledger, channel)?
            }
            Some(Phase::ManagementKey) => {
                self.verify.management_key = set_management_key(job, dialect, ledger, channel)?;
            }
            // The plan has phases that write, and no others.
            Some(Phase::Identify | Phase::Erase | Phase::Authenticate | Phase::Verify) | None => {}
        }
        Ok(match self.phases.is_empty() {
            true => Transition::AfterReset(State::Verify(self.verify)),
            false => Transition::To(State::Write(self)),
        })
    }

    /// The CHUID comes last: where it is ours, the objects are complete. A chip of which only the
    /// standard is known may refuse the discovery object, and then does without.
    fn write_objects(
        &mut self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<(), Cause> {
        if self.objects.discovery {
            match commands::put_discovery(channel, &discovery_object()) {
                Err(CardError::Refused { status })
                    if self.opened.dialect.takes_discovery == Knows::Ask
                        && !status.is_internal_error() => {}
                outcome => {
                    ledger.wrote(outcome)?;
                    self.verify.has_discovery = true;
                }
            }
        }
        if self.objects.card_holder {
            let value = plan::card_holder(job)?;
            ledger.wrote(commands::put_object(channel, CARD_HOLDER, &value))?;
        }
        Ok(())
    }
}

/// A chip that does not write whole objects is asked whether it has the card id before the first
/// secret is written: a chip that is torn then has to name its secrets.
fn write_card_capability(
    job: &Job,
    dialect: &Dialect,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<(), Cause> {
    let value = plan::card_capability(job);
    ledger.wrote(commands::put_object(channel, CARD_CAPABILITY, &value))?;
    if dialect.writes_whole_objects {
        return Ok(());
    }
    match commands::object(channel, CARD_CAPABILITY)? {
        Some(found) if *found == value => Ok(()),
        Some(_) | None => Err(Cause::ReadBackDiffers { what: "CCC" }),
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
        let key = KeyReceipt { reference: key.reference, algorithm: key.algorithm, public_key };
        ledger.made(key.clone());
        keys.push(key);
    }
    Ok(keys)
}

/// Sets the first management key whose cipher the chip takes. Where that is not known of its
/// maker, setting it finds it out: a refusal changes nothing.
fn set_management_key(
    job: &Job,
    dialect: &Dialect,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<ManagementKey, Cause> {
    let is_known =
        |key: &&ManagementKey| dialect.management_key_algorithms.contains(&key.algorithm());
    for key in job.wanted.management_keys.iter().filter(is_known) {
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
