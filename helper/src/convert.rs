//! Between the wire's types and those of `card`, `profile` and `perso`, by hand.

use crate::journal::Ahead;
use cardwright_card::commands::{KeyAlgorithm as CardKey, PublicKey};
use cardwright_card::objects::{CardId, ExpiryDate, FascN, Guid};
use cardwright_card::{CardError, ManagementKey, ManagementKeyAlgorithm, Pin, Puk, TransportError};
use cardwright_perso as perso;
use cardwright_profile::{KeyAlgorithm, KeyReference, Profile};
use cardwright_protocol::chip;
use cardwright_protocol::helper::{HelperError, RunningJob};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, KeyReceipt, Phase, Proved, Receipt, TriesSpent,
};
use cardwright_seal::{Candidates, JobContents, ManagementKeySecret, PukFirst, Secret};
use zeroize::Zeroizing;

/// What an inspection found, with what only the reader knows.
pub(crate) fn chip_facts(facts: &perso::ChipFacts, answer_to_reset: &[u8]) -> chip::ChipFacts {
    chip::ChipFacts {
        ids: chip::ChipIds {
            atr: (!answer_to_reset.is_empty()).then(|| answer_to_reset.into()),
            ..chip_ids(&facts.ids)
        },
        contactless: is_contactless(answer_to_reset),
        piv: facts.piv.as_ref().map(|piv| chip::PivFacts {
            version: piv.version.clone(),
            pin_tries: piv.pin_tries,
            puk_tries: piv.puk_tries,
            management_key_algorithm: piv.management_key_algorithm.map(algorithm),
            factory_secrets: piv.factory_secrets,
        }),
    }
}

/// Readers make up an answer to reset for a chip over the air: no interface bytes but `80 01`, then
/// the historical bytes of its answer to select (PC/SC part 3, 3.1.3.2.3.1).
fn is_contactless(answer_to_reset: &[u8]) -> bool {
    matches!(answer_to_reset, [0x3B, 0x80..=0x8F, 0x80, 0x01, ..])
}

fn chip_ids(ids: &perso::ChipIds) -> chip::ChipIds {
    chip::ChipIds {
        cplc: ids.cplc.map(|bytes| bytes.to_vec().into()),
        iin: ids.iin.clone().map(HexBytes),
        cin: ids.cin.clone().map(HexBytes),
        card_id: ids.card_id.map(|id| id.0.to_vec().into()),
        guid: ids.guid.map(|guid| guid.0.to_vec().into()),
        serial: ids.serial.map(|bytes| bytes.to_vec().into()),
        atr: None,
    }
}

/// What an opened job wants of the chip. The error says what is wrong with it, never what is in it.
pub(crate) fn job(header: &JobHeader, contents: &JobContents) -> Result<perso::Job, &'static str> {
    let profile = Profile::parse(&contents.profile).map_err(|error| {
        tracing::warn!(%error, "the profile of a job");
        "the profile cannot be read"
    })?;
    let JobContents { tries_allowed, .. } = contents;
    Ok(perso::Job {
        expected: expected(&header.chip)?,
        profile,
        wanted: perso::Wanted {
            card_id: CardId(array(&contents.card_id, "the card id is not 14 bytes")?),
            guid: Guid(array(&contents.guid, "the GUID is not 16 bytes")?),
            fasc_n: FascN::parse(&contents.fasc_n.0).map_err(|_| "the FASC-N is malformed")?,
            expiry: ExpiryDate::parse(contents.expires_on.as_bytes())
                .map_err(|_| "the expiry date is malformed")?,
            pin: pin(&contents.pin)?,
            puk: puk(&contents.puk)?,
            management_keys: all(&contents.management_keys, management_key)?,
        },
        candidates: all(&contents.candidates, candidates)?,
        puk_first: match contents.puk_first {
            PukFirst::Wanted => perso::PukFirst::Wanted,
            PukFirst::Before => perso::PukFirst::Before,
        },
        pin_by_puk: contents.pin_by_puk,
        recorded_keys: all(&contents.recorded_keys, recorded_key)?,
        erase: contents.erase,
        tries_allowed: perso::Tries { pin: tries_allowed.pin, puk: tries_allowed.puk },
    })
}

fn recorded_key(key: &KeyReceipt) -> Result<perso::RecordedKey, &'static str> {
    const MALFORMED: &str = "a recorded key is malformed";
    let is_named = |reference: &KeyReference| key.reference.0 == [reference.identifier()];
    let algorithms = [CardKey::P256, CardKey::P384, CardKey::Rsa2048, CardKey::Rsa3072].into_iter();
    let algorithm = algorithms.into_iter().find(|algorithm| algorithm.name() == key.algorithm);
    Ok(perso::RecordedKey {
        reference: KeyReference::ALL.into_iter().find(is_named).ok_or(MALFORMED)?,
        public_key: PublicKey::from_bytes(algorithm.ok_or(MALFORMED)?, &key.public_key.0)
            .map_err(|_| MALFORMED)?,
    })
}

fn candidates(values: &Candidates) -> Result<perso::Candidates, &'static str> {
    let card_id = |id| array(id, "a card id is not 14 bytes").map(CardId);
    Ok(perso::Candidates {
        card_id: values.card_id.as_ref().map(card_id).transpose()?,
        management_keys: all(&values.management_keys, management_key)?,
        puks: all(&values.puks, puk)?,
        pins: all(&values.pins, pin)?,
    })
}

fn expected(ids: &chip::ChipIds) -> Result<perso::ChipIds, &'static str> {
    fn fixed<const N: usize>(bytes: &Option<HexBytes>) -> Result<Option<[u8; N]>, &'static str> {
        bytes
            .as_ref()
            .map(|bytes| array(bytes, "an id of the chip has the wrong length"))
            .transpose()
    }
    Ok(perso::ChipIds {
        cplc: fixed(&ids.cplc)?,
        iin: ids.iin.clone().map(|bytes| bytes.0),
        cin: ids.cin.clone().map(|bytes| bytes.0),
        card_id: fixed(&ids.card_id)?.map(CardId),
        guid: fixed(&ids.guid)?.map(Guid),
        serial: fixed(&ids.serial)?,
    })
}

fn array<const N: usize>(bytes: &HexBytes, why: &'static str) -> Result<[u8; N], &'static str> {
    bytes.0.as_slice().try_into().map_err(|_| why)
}

fn all<S, T>(
    values: &[S],
    convert: impl Fn(&S) -> Result<T, &'static str>,
) -> Result<Vec<T>, &'static str> {
    values.iter().map(convert).collect()
}

fn pin(secret: &Secret) -> Result<Pin, &'static str> {
    let digits = std::str::from_utf8(secret.expose()).map_err(|_| "a PIN is malformed")?;
    Pin::parse(digits).map_err(|_| "a PIN is malformed")
}

fn puk(secret: &Secret) -> Result<Puk, &'static str> {
    let digits = std::str::from_utf8(secret.expose()).map_err(|_| "a PUK is malformed")?;
    Puk::parse(digits).map_err(|_| "a PUK is malformed")
}

fn management_key(key: &ManagementKeySecret) -> Result<ManagementKey, &'static str> {
    let algorithm = match key.algorithm {
        chip::ManagementKeyAlgorithm::TripleDes => ManagementKeyAlgorithm::TripleDes,
        chip::ManagementKeyAlgorithm::Aes128 => ManagementKeyAlgorithm::Aes128,
        chip::ManagementKeyAlgorithm::Aes192 => ManagementKeyAlgorithm::Aes192,
        chip::ManagementKeyAlgorithm::Aes256 => ManagementKeyAlgorithm::Aes256,
    };
    ManagementKey::new(algorithm, Zeroizing::new(key.key.expose().to_vec()))
        .map_err(|_| "a management key has the wrong length")
}

fn algorithm(algorithm: ManagementKeyAlgorithm) -> chip::ManagementKeyAlgorithm {
    match algorithm {
        ManagementKeyAlgorithm::TripleDes => chip::ManagementKeyAlgorithm::TripleDes,
        ManagementKeyAlgorithm::Aes128 => chip::ManagementKeyAlgorithm::Aes128,
        ManagementKeyAlgorithm::Aes192 => chip::ManagementKeyAlgorithm::Aes192,
        ManagementKeyAlgorithm::Aes256 => chip::ManagementKeyAlgorithm::Aes256,
    }
}

/// A run's place as pages see it.
pub(crate) fn progress(job: &RunningJob, progress: perso::Progress) -> RunningJob {
    RunningJob {
        step: progress.step,
        of: progress.of,
        phase: phase(progress.phase),
        written: progress.written,
        ..job.clone()
    }
}

/// What a run is about to do, as the journal keeps it.
pub(crate) fn ahead(progress: perso::Progress) -> Ahead {
    Ahead {
        phase: phase(progress.phase),
        may_spend: tries(progress.may_spend),
        proved: proved(progress.proved),
    }
}

/// What is signed when the chip is as wanted.
pub(crate) fn receipt(
    header: &JobHeader,
    workstation: &WorkstationId,
    receipt: &perso::Receipt,
) -> Receipt {
    Receipt {
        job: header.job.clone(),
        process: header.process.clone(),
        workstation: workstation.clone(),
        card: header.card.clone(),
        chip: chip_ids(&receipt.chip),
        profile_hash: header.profile_hash.clone(),
        card_capability_container: receipt.card_capability_container.clone().into(),
        card_holder_unique_identifier: receipt.card_holder_unique_identifier.clone().into(),
        management_key: algorithm(receipt.management_key),
        keys: receipt.keys.iter().map(key_receipt).collect(),
        written: receipt.written.iter().copied().map(phase).collect(),
        commands: receipt.commands,
        tries_spent: tries(receipt.tries_spent),
    }
}

fn key_receipt(key: &perso::KeyReceipt) -> KeyReceipt {
    KeyReceipt {
        reference: vec![key.reference.identifier()].into(),
        algorithm: key_algorithm(key.algorithm).to_owned(),
        public_key: key.public_key.to_bytes().into(),
    }
}

fn key_algorithm(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::P256 => "P-256",
        KeyAlgorithm::P384 => "P-384",
        KeyAlgorithm::Rsa2048 => "RSA-2048",
        KeyAlgorithm::Rsa3072 => "RSA-3072",
    }
}

/// What is signed when it is not.
pub(crate) fn failure(
    header: &JobHeader,
    workstation: &WorkstationId,
    failure: &perso::Failure,
) -> JobFailure {
    JobFailure {
        job: header.job.clone(),
        process: header.process.clone(),
        workstation: workstation.clone(),
        card: header.card.clone(),
        phase: phase(failure.phase),
        cause: cause(&failure.cause),
        condition: match failure.condition {
            perso::Condition::Untouched => Condition::Untouched,
            perso::Condition::PartlyWritten => Condition::PartlyWritten,
            perso::Condition::Unknown => Condition::Unknown,
        },
        tries_spent: tries(failure.tries_spent),
        proved: proved(failure.proved),
        keys: failure.keys.iter().map(key_receipt).collect(),
    }
}

/// Tries as they are on the wire.
fn proved(proved: perso::Proved) -> Proved {
    Proved { pin: proved.pin, puk: proved.puk }
}

pub(crate) fn tries(tries: perso::Tries) -> TriesSpent {
    TriesSpent { pin: tries.pin, puk: tries.puk }
}

fn phase(phase: perso::Phase) -> Phase {
    match phase {
        perso::Phase::Identify => Phase::Identify,
        perso::Phase::Erase => Phase::Erase,
        perso::Phase::Retries => Phase::Retries,
        perso::Phase::Authenticate => Phase::Authenticate,
        perso::Phase::CardCapability => Phase::CardCapability,
        perso::Phase::Puk => Phase::Puk,
        perso::Phase::Pin => Phase::Pin,
        perso::Phase::CardHolder => Phase::CardHolder,
        perso::Phase::Keys => Phase::Keys,
        perso::Phase::ManagementKey => Phase::ManagementKey,
        perso::Phase::Verify => Phase::Verify,
    }
}

fn cause(cause: &perso::Cause) -> FailureCause {
    let words = |what: &'static str| what.to_owned();
    match *cause {
        perso::Cause::Canceled => FailureCause::Canceled,
        perso::Cause::Link(error) => match error {
            TransportError::Removed => FailureCause::CardRemoved,
            TransportError::Reset | TransportError::Busy => FailureCause::ReaderBusy,
            TransportError::ServiceStopped => FailureCause::ServiceStopped,
            TransportError::Hung => FailureCause::CardHung,
            TransportError::Other => FailureCause::Internal,
        },
        perso::Cause::OtherChip => FailureCause::OtherChip,
        perso::Cause::NotSupported { what } => FailureCause::NotSupported { what: words(what) },
        perso::Cause::Foreign { what } => FailureCause::Foreign { what: words(what) },
        perso::Cause::Blocked { what } => FailureCause::Blocked { what: words(what) },
        perso::Cause::RefusedByChip { status } => {
            FailureCause::RefusedByChip { status: status.0.to_be_bytes().to_vec().into() }
        }
        perso::Cause::Malformed { what } => FailureCause::Malformed { what: words(what) },
        perso::Cause::ReadBackDiffers { what } => {
            FailureCause::ReadBackDiffers { what: words(what) }
        }
    }
}

/// Whether another program reset the chip meanwhile: then it is inspected from the start.
pub(crate) fn is_reset_by_another(error: &CardError) -> bool {
    matches!(error, CardError::Link(TransportError::Reset))
}

/// Why a chip was not inspected.
pub(crate) fn inspection_error(error: &CardError) -> HelperError {
    match error {
        CardError::Link(error) => link_error(*error),
        CardError::Refused { .. } | CardError::Malformed { .. } => HelperError::CardMalformed,
    }
}

/// Why no answer came from a chip.
pub(crate) fn link_error(error: TransportError) -> HelperError {
    match error {
        TransportError::Removed => HelperError::NotInserted,
        TransportError::Reset | TransportError::Busy => HelperError::ReaderBusy,
        TransportError::ServiceStopped => HelperError::ServiceStopped,
        TransportError::Hung => HelperError::CardHung,
        TransportError::Other => HelperError::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_seal::TriesAllowed;

    const PROFILE: &str = include_str!("../../profiles/piv-temporary.toml");

    fn header() -> JobHeader {
        JobHeader {
            job: "0a".into(),
            process: "0b".into(),
            workstation: "desk-1".into(),
            card: "TC-2026-004118".into(),
            reader: "r1".into(),
            insertion: "i1".into(),
            helper_nonce: vec![7; 16].into(),
            chip: chip::ChipIds::default(),
            profile: "piv-temporary".into(),
            profile_hash: vec![0; 32].into(),
        }
    }

    fn values(card_id: Option<Vec<u8>>, pin: &[u8]) -> Candidates {
        Candidates {
            card_id: card_id.map(HexBytes),
            pins: vec![Secret::from(pin)],
            puks: vec![Secret::from(&b"12345678"[..])],
            management_keys: vec![],
        }
    }

    fn contents(candidates: Vec<Candidates>) -> JobContents {
        let fasc_n = "D4E739DA739CED39CE739D836858210842108421C84210C3EB";
        JobContents {
            profile: PROFILE.to_owned(),
            card_id: vec![1; 14].into(),
            guid: "6F1A2C3D4E5F4A6B8C7D8E9FA0B1C2D3".parse().unwrap(),
            fasc_n: fasc_n.parse().unwrap(),
            expires_on: "20321121".to_owned(),
            pin: Secret::from(&b"472913"[..]),
            puk: Secret::from(&b"90210385"[..]),
            management_keys: vec![],
            candidates,
            puk_first: PukFirst::Wanted,
            pin_by_puk: false,
            recorded_keys: vec![],
            erase: false,
            tries_allowed: TriesAllowed { pin: 2, puk: 1 },
        }
    }

    #[test]
    fn the_values_of_each_generation_stay_together() {
        let sets = vec![values(Some(vec![9; 14]), b"581604"), values(None, b"123456")];
        let job = job(&header(), &contents(sets)).unwrap();
        assert_eq!(job.tries_allowed, perso::Tries { pin: 2, puk: 1 });
        let [before, factory] = &job.candidates[..] else { panic!("two sets") };
        assert_eq!(before.card_id, Some(CardId([9; 14])));
        assert!(before.pins == [Pin::parse("581604").unwrap()]);
        assert_eq!(factory.card_id, None);
        assert!(factory.pins == [Pin::parse("123456").unwrap()]);
    }

    #[test]
    fn a_card_id_of_a_wrong_length_is_refused() {
        let sets = vec![values(Some(vec![9; 13]), b"581604")];
        let refused = job(&header(), &contents(sets)).err();
        assert_eq!(refused, Some("a card id is not 14 bytes"));
    }
}
