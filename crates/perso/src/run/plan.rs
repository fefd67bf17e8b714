use super::authenticate::{Opened, Values};
use crate::{Cause, Job, KeyReceipt, Phase, PivFacts, inspect::Examined};
use cardwright_card::Channel;
use cardwright_card::commands::{self, PublicKey};
use cardwright_card::objects::{CardCapability, CardHolder};
use cardwright_profile::{KeyAlgorithm, KeyToGenerate};

/// The difference between the chip as found and the chip as wanted: the phases that write, and
/// the public keys of the keys that stay.
pub(super) fn plan(
    job: &Job,
    found: &Examined,
    piv: &PivFacts,
    opened: &Opened,
    channel: &mut Channel<'_>,
) -> Result<(Vec<Phase>, Vec<KeyReceipt>), Cause> {
    let is_rsa = |key: &KeyToGenerate| {
        matches!(key.algorithm, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072)
    };
    if job.profile.keys.iter().any(is_rsa) && makes_weak_rsa(piv) {
        return Err(Cause::NotSupported { what: "this version makes weak RSA keys" });
    }
    let is_keyed = opened.values == Values::Wanted;
    let known_keys = match is_keyed {
        true => known_keys(job, piv, channel)?,
        // The run before was torn, or never was: nobody recorded a public key. A key is made
        // (again), which is harmless before the card is assigned to a person.
        false => Vec::new(),
    };
    // The management key is written last: where it is the wanted one, PIN and PUK are, too. With
    // the last try left the PIN cannot be proved, and is set again by the PUK.
    let is_pin_spent = piv.pin_tries.is_some_and(|tries| tries <= 1);
    let has_all_keys = known_keys.len() == job.profile.keys.len();
    let card_holder = card_holder(job)?;
    let is_wanted = |phase: &Phase| match phase {
        Phase::CardCapability => found.card_capability.as_deref() != Some(&*card_capability(job)),
        Phase::Puk | Phase::Pin => !is_keyed || is_pin_spent,
        Phase::CardHolder => found.card_holder.as_deref() != Some(&*card_holder),
        Phase::Keys => !has_all_keys,
        Phase::ManagementKey => !is_keyed,
        Phase::Identify | Phase::Erase | Phase::Authenticate | Phase::Retries | Phase::Verify => {
            false
        }
    };
    Ok((Phase::WRITING.into_iter().filter(is_wanted).collect(), known_keys))
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

/// Keys of which a receipt told, or of which the chip itself tells.
fn known_keys(
    job: &Job,
    piv: &PivFacts,
    channel: &mut Channel<'_>,
) -> Result<Vec<KeyReceipt>, Cause> {
    let mut known = Vec::new();
    for key in &job.profile.keys {
        let recorded = job.recorded_keys.iter().find(|record| record.reference == key.reference);
        let public_key = match recorded {
            Some(record) => Some(record.public_key.clone()),
            None if piv.management_key_algorithm.is_some() => told_key(key, channel)?,
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

/// Versions 4.2.0 to 4.3.4 of the YubiKey make RSA keys that can be factored (CVE-2017-15361).
fn makes_weak_rsa(piv: &PivFacts) -> bool {
    let version = piv.version.as_deref().unwrap_or_default();
    let numbers: Vec<u8> = version.split('.').filter_map(|number| number.parse().ok()).collect();
    matches!(numbers.as_slice(), [4, 2, _] | [4, 3, 0..=4])
}
