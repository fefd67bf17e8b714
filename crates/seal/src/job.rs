use crate::contents::JobContents;
use crate::keys::{OpeningKey, SealingKey, SigningKey, VerifyingKey};
use crate::signature::sha256;
use cardwright_protocol::job::{JobHeader, SealedJob};
use hpke::{
    OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use std::io;
use zeroize::Zeroizing;

/// HPKE `info` and the domain of the signature.
const CONTEXT: &[u8] = b"cardwright job 1";

/// The job is not from this registry, not for this helper, or was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotForUs {
    /// The registry's signature does not fit.
    #[error("the job is not signed by this helper's registry")]
    Signature,
    /// Our key does not open it.
    #[error("the job is not sealed to this helper")]
    Seal,
    /// Header and contents are not those of a job, or do not belong together.
    #[error("the job is malformed")]
    Malformed,
}

/// Seals a job to the helper that has the key's private half, and signs it.
#[must_use]
pub fn seal_job(
    header: &JobHeader,
    contents: &JobContents,
    to: &SealingKey,
    by: &SigningKey,
) -> SealedJob {
    // A plain struct with text keys: writing it as JSON cannot fail.
    let header = serde_json::to_string(header).expect("a header is plain data");
    let contents = to_json(contents);
    // The only errors are a public key of low order, which is never parsed, and 256 GiB of text.
    let (encapsulated_key, ciphertext) =
        hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &to.0,
            CONTEXT,
            &contents,
            header.as_bytes(),
        )
        .expect("a parsed key can be sealed to");
    let encapsulated_key = encapsulated_key.to_bytes().to_vec();
    let signature = by.sign(&message(&header, &encapsulated_key, &ciphertext));
    SealedJob {
        header,
        encapsulated_key: encapsulated_key.into(),
        ciphertext: ciphertext.into(),
        signature: signature.into(),
    }
}

/// Opens a job: verifies who signed it before anything else is looked at.
///
/// # Errors
/// [`NotForUs`]; nothing of the contents is in the error.
pub fn open_job(
    job: &SealedJob,
    from: &VerifyingKey,
    with: &OpeningKey,
) -> Result<(JobHeader, JobContents), NotForUs> {
    let signed = message(&job.header, &job.encapsulated_key.0, &job.ciphertext.0);
    if !from.verifies(&signed, &job.signature.0) {
        return Err(NotForUs::Signature);
    }
    let encapsulated_key =
        hpke::Deserializable::from_bytes(&job.encapsulated_key.0).map_err(|_| NotForUs::Seal)?;
    let contents = Zeroizing::new(
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &with.0,
            &encapsulated_key,
            CONTEXT,
            &job.ciphertext.0,
            job.header.as_bytes(),
        )
        .map_err(|_| NotForUs::Seal)?,
    );
    let header: JobHeader = serde_json::from_str(&job.header).map_err(|_| NotForUs::Malformed)?;
    let contents: JobContents =
        serde_json::from_slice(&contents).map_err(|_| NotForUs::Malformed)?;
    if sha256(contents.profile.as_bytes()) != header.profile_hash {
        return Err(NotForUs::Malformed);
    }
    Ok((header, contents))
}

/// The contents as JSON, in a buffer that never grows: growing would leave copies of the secrets in
/// memory that nobody wipes.
fn to_json(contents: &JobContents) -> Zeroizing<Vec<u8>> {
    let mut length = Length(0);
    // Plain structs with text keys, written to memory: this cannot fail, nor below.
    serde_json::to_writer(&mut length, contents).expect("contents are plain data");
    let mut json = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *json, contents).expect("contents are plain data");
    json
}

/// Counts what is written to it and keeps nothing.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is signed: each part behind its length, so that no byte can move from one to the next.
fn message(header: &str, encapsulated_key: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let mut message = CONTEXT.to_vec();
    for part in [header.as_bytes(), encapsulated_key, ciphertext] {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Candidates, ManagementKeySecret, PukFirst, Secret, TriesAllowed};
    use cardwright_protocol::chip::{ChipIds, ManagementKeyAlgorithm};
    use cardwright_protocol::hex::HexBytes;
    use proptest::prelude::*;
    use proptest::sample::Index;

    struct Sides {
        registry: SigningKey,
        helper: OpeningKey,
    }

    fn sealed() -> (Sides, JobHeader, JobContents, SealedJob) {
        let sides = Sides { registry: SigningKey::generate(), helper: OpeningKey::generate() };
        let profile = "name = \"piv-temporary\"";
        let header = JobHeader {
            job: "0a".into(),
            process: "0b".into(),
            workstation: "desk-1".into(),
            card: "TC-2026-004118".into(),
            reader: "r1".into(),
            insertion: "i1".into(),
            helper_nonce: vec![7; 16].into(),
            chip: ChipIds::default(),
            profile: "piv-temporary".into(),
            profile_hash: sha256(profile.as_bytes()),
        };
        let contents = JobContents {
            profile: profile.to_owned(),
            card_id: vec![1; 14].into(),
            guid: vec![2; 16].into(),
            fasc_n: vec![3; 25].into(),
            expires_on: "20321121".to_owned(),
            pin: Secret::from(&b"472913"[..]),
            puk: Secret::from(&b"90210385"[..]),
            management_keys: vec![ManagementKeySecret {
                algorithm: ManagementKeyAlgorithm::Aes256,
                key: Secret::new(vec![4; 32]),
            }],
            candidates: vec![Candidates {
                card_id: None,
                pins: vec![Secret::from(&b"581604"[..])],
                puks: vec![],
                management_keys: vec![],
            }],
            puk_first: PukFirst::Wanted,
            pin_by_puk: false,
            recorded_keys: vec![],
            erase: false,
            tries_allowed: TriesAllowed { pin: 2, puk: 2 },
        };
        let job = seal_job(&header, &contents, &sides.helper.sealing_key(), &sides.registry);
        (sides, header, contents, job)
    }

    #[test]
    fn only_the_helper_that_it_is_sealed_to_opens_a_job() {
        let (sides, header, contents, job) = sealed();
        let registry = sides.registry.verifying_key();
        assert_eq!(open_job(&job, &registry, &sides.helper), Ok((header, contents)));
        assert_eq!(open_job(&job, &registry, &OpeningKey::generate()), Err(NotForUs::Seal));
    }

    #[test]
    fn the_text_of_the_contents_is_never_copied_to_a_larger_buffer() {
        let (_, _, contents, _) = sealed();
        let json = to_json(&contents);
        assert_eq!(json.len(), json.capacity());
        assert_eq!(*json, serde_json::to_vec(&contents).unwrap());
    }

    #[test]
    fn a_job_signed_by_another_registry_is_refused() {
        let (sides, _, _, job) = sealed();
        let other = SigningKey::generate().verifying_key();
        assert_eq!(open_job(&job, &other, &sides.helper), Err(NotForUs::Signature));
    }

    #[test]
    fn every_altered_part_is_refused() {
        let (sides, _, _, job) = sealed();
        type Alteration = fn(&mut SealedJob);
        let alterations: [(&str, Alteration); 5] = [
            ("header", |job| job.header = job.header.replace("desk-1", "desk-2")),
            ("encapsulated key", |job| job.encapsulated_key.0[0] ^= 1),
            ("ciphertext", |job| job.ciphertext.0[0] ^= 1),
            ("tag", |job| *job.ciphertext.0.last_mut().unwrap() ^= 1),
            ("signature", |job| job.signature.0[0] ^= 1),
        ];
        for (part, alter) in alterations {
            let mut altered = job.clone();
            alter(&mut altered);
            let opened = open_job(&altered, &sides.registry.verifying_key(), &sides.helper);
            assert_eq!(opened, Err(NotForUs::Signature), "{part}");
        }
    }

    #[test]
    fn no_secret_is_readable_in_a_sealed_job_or_its_debug_text() {
        let (_, _, contents, job) = sealed();
        let wire = serde_json::to_string(&job).unwrap();
        for secret in ["472913", "581604", "90210385", &hex::encode("472913"), &"04".repeat(32)] {
            assert!(!wire.contains(secret));
            assert!(!format!("{contents:?}").contains(secret));
        }
    }

    /// Changes some bytes of a job's parts, or cuts them off.
    fn wrong(job: &SealedJob, mistakes: &[(u8, Index, u8)]) -> SealedJob {
        let mut wrong = job.clone();
        let mut header = std::mem::take(&mut wrong.header).into_bytes();
        for (part, place, byte) in mistakes {
            let bytes = match part % 4 {
                0 => &mut header,
                1 => &mut wrong.encapsulated_key.0,
                2 => &mut wrong.ciphertext.0,
                _ => &mut wrong.signature.0,
            };
            let place = place.index(bytes.len() + 1);
            match byte {
                0 => bytes.truncate(place),
                _ if place == bytes.len() => bytes.push(*byte),
                _ => bytes[place] ^= byte,
            }
        }
        wrong.header = String::from_utf8_lossy(&header).into_owned();
        wrong
    }

    proptest! {
        #![proptest_config(fewer_cases())]

        #[test]
        fn no_altered_job_is_opened(
            mistakes in prop::collection::vec((any::<u8>(), any::<Index>(), any::<u8>()), 1..4),
        ) {
            let (sides, header, contents, job) = sealed();
            let registry = sides.registry.verifying_key();
            let mut altered = wrong(&job, &mistakes);
            prop_assume!(altered != job);
            let opened = open_job(&altered, &registry, &sides.helper);
            prop_assert_eq!(opened, Err(NotForUs::Signature));

            // A registry that signs it nevertheless signs another header or another seal.
            let signed = message(&altered.header, &altered.encapsulated_key.0, &altered.ciphertext.0);
            altered.signature = sides.registry.sign(&signed).into();
            match open_job(&altered, &registry, &sides.helper) {
                Ok(opened) => prop_assert_eq!(opened, (header, contents)),
                Err(refused) => prop_assert_eq!(refused, NotForUs::Seal),
            }
        }

        #[test]
        fn any_job_is_refused(header in ".{0,40}", parts: [Vec<u8>; 3]) {
            let (sides, ..) = sealed();
            let registry = sides.registry.verifying_key();
            let [encapsulated_key, ciphertext, signature] = parts.map(HexBytes);
            let mut job = SealedJob { header, encapsulated_key, ciphertext, signature };
            prop_assert_eq!(open_job(&job, &registry, &sides.helper), Err(NotForUs::Signature));
            let signed = message(&job.header, &job.encapsulated_key.0, &job.ciphertext.0);
            job.signature = sides.registry.sign(&signed).into();
            prop_assert_eq!(open_job(&job, &registry, &sides.helper), Err(NotForUs::Seal));
        }
    }

    /// Signing and sealing take milliseconds without optimization.
    fn fewer_cases() -> ProptestConfig {
        let config = ProptestConfig::default();
        ProptestConfig { cases: config.cases / 8, ..config }
    }
}
