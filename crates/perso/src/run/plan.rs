use super::{Opened, tries};
use crate::dialect::{Knows, has_weak_rsa};
use crate::inspect::Examined;
use crate::{Cause, Job, KeyReceipt, Phase};
use cardwright_card::Channel;
use cardwright_card::commands::{self, PublicKey};
use cardwright_card::objects::{CardCapability, CardHolder, discovery_object};
use cardwright_profile::{KeyAlgorithm, KeyToGenerate};

/// The difference between the chip as found and the chip as wanted.
#[derive(Debug)]
pub(super) struct Plan {
    /// The phases that write.
    pub(super) phases: Vec<Phase>,
    /// The public keys of the keys that stay.
    pub(super) known_keys: Vec<KeyReceipt>,
    /// What the phase of the objects writes.
    pub(super) objects: Objects,
    /// The discovery object is as wanted already.
    pub(super) has_discovery: bool,
}

/// Objects that are to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objects {
    pub(super) discovery: bool,
    pub(super) card_holder: bool,
}

/// What the chip cannot do of that which the job wants, in words; found out before anything is
/// written.
pub(super) fn lacks(job: &Job, found: &Examined) -> Result<(), &'static str> {
    let dialect = found.dialect?;
    let profile = &job.profile;
    let is_rsa = |key: &KeyToGenerate| {
        matches!(key.algorithm, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072)
    };
    if profile.keys.iter().any(is_rsa) && has_weak_rsa(found.version) {
        return Err("this version makes weak RSA keys");
    }
    if !dialect.pin_lengths.contains(&job.wanted.pin.length()) {
        return Err("a PIN of such a length");
    }
    let mut ciphers = job.wanted.management_keys.iter().map(|key| key.algorithm());
    if !ciphers.any(|cipher| dialect.management_key_algorithms.contains(&cipher)) {
        return Err("no cipher of the profile's for the management key");
    }
    if dialect.changes_puk == Knows::No {
        return Err("the PUK cannot be changed");
    }
    tries::are_to_be_set(job, found).map(|_| ())
}

/// The difference between the chip as found and the chip as wanted.
pub(super) fn plan(
    job: &Job,
    found: &Examined,
    opened: &Opened,
    channel: &mut Channel<'_>,
) -> Result<Plan, Cause> {
    let known_keys = known_keys(job, found, opened, channel)?;
    let sets_tries =
        tries::are_to_be_set(job, found).map_err(|what| Cause::NotSupported { what })?;
    let says_makers = |said: &Option<commands::Metadata>| {
        said.as_ref().is_some_and(|said| said.is_default == Some(true))
    };
    // The management key is written last: where it is the wanted one, PIN and PUK are, too, unless
    // the chip says otherwise. With the last try left the PIN cannot be proved, and is set again.
    let sets_puk = !opened.is_keyed || sets_tries || says_makers(&found.puk);
    let pin_tries = found.facts.piv.as_ref().and_then(|piv| piv.pin_tries);
    let is_pin_spent = pin_tries.is_some_and(|tries| tries <= 1);
    let sets_pin =
        !opened.is_keyed || sets_tries || is_pin_spent || job.pin_by_puk || says_makers(&found.pin);
    let has_discovery = found.discovery.as_ref() == Some(&discovery_object());
    let objects = Objects {
        discovery: opened.dialect.takes_discovery != Knows::No && !has_discovery,
        card_holder: found.card_holder.as_deref() != Some(&*card_holder(job)?),
    };
    let is_wanted = |phase: &Phase| match phase {
        Phase::Retries => sets_tries,
        Phase::CardCapability => found.card_capability.as_deref() != Some(&*card_capability(job)),
        Phase::Puk => sets_puk,
        Phase::Pin => sets_pin,
        Phase::CardHolder => objects.discovery || objects.card_holder,
        Phase::Keys => known_keys.len() != job.profile.keys.len(),
        Phase::ManagementKey => !opened.is_keyed,
        Phase::Identify | Phase::Erase | Phase::Authenticate | Phase::Verify => false,
    };
    let phases = Phase::WRITING.into_iter().filter(is_wanted).collect();
    Ok(Plan { phases, known_keys, objects, has_discovery })
}

/// The CCC that the chip is to have.
pub(super) fn card_capability(job: &Job) -> Vec<u8> {
    CardCapability { card_id: job.wanted.card_id }.build()
}

/// The CHUID that the chip is to have.
pub(super) fn card_holder(job: &Job) -> Result<Vec<u8>, Cause> {
    let wanted = &job.wanted;
    let card_holder =
        CardHolder { fasc_n: wanted.fasc_n, guid: wanted.guid, expiry: wanted.expiry };
    card_holder.build().map_err(|_| Cause::NotSupported { what: "a FASC-N with such numbers" })
}

/// The cipher as a chip names it.
pub(super) fn key_algorithm(key: &KeyToGenerate) -> commands::KeyAlgorithm {
    match key.algorithm {
        KeyAlgorithm::P256 => commands::KeyAlgorithm::P256,
        KeyAlgorithm::P384 => commands::KeyAlgorithm::P384,
        KeyAlgorithm::Rsa2048 => commands::KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072 => commands::KeyAlgorithm::Rsa3072,
    }
}

/// Keys of which an earlier run of this generation told: it is told by the card id. Where the
/// management key is the wanted one all keys were made, and the chip itself may tell of them.
///
/// Any other key is made (again), which is harmless before the card is assigned to a person.
fn known_keys(
    job: &Job,
    found: &Examined,
    opened: &Opened,
    channel: &mut Channel<'_>,
) -> Result<Vec<KeyReceipt>, Cause> {
    let mut known = Vec::new();
    for key in job.profile.keys.iter().filter(|_| opened.is_ours || opened.is_keyed) {
        let recorded = job.recorded_keys.iter().find(|record| record.reference == key.reference);
        let public_key = match recorded {
            Some(record) => Some(record.public_key.clone()),
            None if opened.is_keyed && found.pin.is_some() => told_key(key, channel)?,
            None => None,
        };
        known.extend(public_key.map(|public_key| KeyReceipt {
            reference: key.reference,
            algorithm: key.algorithm,
            public_key,
        }));
    }
    Ok(known)
}

fn told_key(key: &KeyToGenerate, channel: &mut Channel<'_>) -> Result<Option<PublicKey>, Cause> {
    let algorithm = key_algorithm(key);
    let told = commands::metadata(channel, key.reference.identifier())?
        .filter(|metadata| metadata.algorithm == Some(algorithm.identifier()))
        .and_then(|metadata| metadata.public_key);
    Ok(told.and_then(|fields| PublicKey::parse(algorithm, &fields).ok()))
}
