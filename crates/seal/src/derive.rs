use crate::contents::ManagementKeySecret;
use crate::secret::Secret;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rand_core::UnwrapErr;
use rand::{Rng as _, rngs::SysRng};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Length of a card id in bytes: 12 random, one of root key version, one of generation.
pub const CARD_ID_LENGTH: usize = 14;

/// The key from which management keys and PUKs of all chips follow: 32 bytes, and the version
/// that card ids name it by. Debug prints `***`.
#[derive(Clone)]
pub struct RootKey {
    version: u8,
    key: Zeroizing<[u8; 32]>,
}

impl RootKey {
    /// Makes the first version from the operating system's random source.
    ///
    /// # Panics
    /// When the operating system gives no random numbers: nothing secret can be made then.
    #[must_use]
    pub fn generate() -> Self {
        Self::generate_version(1)
    }

    /// Makes a version from the operating system's random source.
    ///
    /// # Panics
    /// As [`RootKey::generate`].
    #[must_use]
    pub fn generate_version(version: u8) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        UnwrapErr(SysRng).fill_bytes(&mut *key);
        Self { version, key }
    }

    /// Reads a key from its 32 bytes; `None` unless there are 32.
    #[must_use]
    pub fn from_secret(version: u8, secret: &Secret) -> Option<Self> {
        let key: [u8; 32] = secret.expose().try_into().ok()?;
        Some(Self { version, key: Zeroizing::new(key) })
    }

    /// The 32 bytes, for a file that only the owner can read.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.key.to_vec())
    }

    /// The version that card ids name this key by.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The management key of the chip with this card id.
    #[must_use]
    pub fn management_key(
        &self,
        card_id: &[u8; CARD_ID_LENGTH],
        algorithm: ManagementKeyAlgorithm,
    ) -> ManagementKeySecret {
        let (length, tag) = match algorithm {
            ManagementKeyAlgorithm::TripleDes => (24, 0x03),
            ManagementKeyAlgorithm::Aes128 => (16, 0x08),
            ManagementKeyAlgorithm::Aes192 => (24, 0x0A),
            ManagementKeyAlgorithm::Aes256 => (32, 0x0C),
        };
        let context = [&card_id[..], &[tag]].concat();
        let mut key = self.derive(b"cardwright management key", &context, length);
        if algorithm == ManagementKeyAlgorithm::TripleDes {
            key.iter_mut().for_each(set_odd_parity);
        }
        ManagementKeySecret { algorithm, key: Secret::new(std::mem::take(&mut *key)) }
    }

    /// The PUK of the chip with this card id: 8 ASCII digits, uniform over all but those that
    /// somebody would try first.
    #[must_use]
    pub fn puk(&self, card_id: &[u8; CARD_ID_LENGTH]) -> Secret {
        // Rejection sampling: the largest multiple of 10^8 below 2^32 is 42 * 10^8, so that a
        // word is refused 1 time in 45; 256 rounds of 8 words do not all fail.
        (0..=u8::MAX)
            .find_map(|round| {
                let context = [&card_id[..], &[round]].concat();
                let words = self.derive(b"cardwright PUK", &context, 32);
                words.chunks_exact(4).find_map(puk_from_word)
            })
            .expect("2048 words hold one below 42 * 10^8 that is not weak")
    }

    /// The key that the registry encrypts its escrow with: 32 bytes.
    #[must_use]
    pub fn escrow_key(&self) -> Secret {
        Secret::new(std::mem::take(&mut *self.derive(b"cardwright escrow", &[], 32)))
    }

    /// SP 800-108r1, section 4.1: counter mode with HMAC-SHA-256; 32-bit counter before the fixed
    /// data, which is label, zero byte, context and the length in bits.
    fn derive(&self, label: &[u8], context: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
        let bits = (length as u32) * 8;
        let mut output = Zeroizing::new(Vec::with_capacity(length + 32));
        let mut counter = 1_u32;
        while output.len() < length {
            // HMAC takes keys of every length.
            let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("any key length fits");
            mac.update(&counter.to_be_bytes());
            mac.update(label);
            mac.update(&[0]);
            mac.update(context);
            mac.update(&bits.to_be_bytes());
            output.extend_from_slice(&mac.finalize().into_bytes());
            counter += 1;
        }
        output.truncate(length);
        output
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey(version {}, ***)", self.version)
    }
}

/// DES keys carry odd parity in the lowest bit of each byte (FIPS 46-3); some cards check it.
fn set_odd_parity(byte: &mut u8) {
    *byte = (*byte & 0xFE) | u8::from((*byte >> 1).count_ones().is_multiple_of(2));
}

fn puk_from_word(word: &[u8]) -> Option<Secret> {
    let word = u32::from_be_bytes(word.try_into().ok()?);
    if word >= 4_200_000_000 {
        return None;
    }
    let digits = Zeroizing::new(format!("{:08}", word % 100_000_000));
    let weak = is_run(digits.as_bytes(), 0)
        || is_run(digits.as_bytes(), 1)
        || is_run(digits.as_bytes(), -1);
    (!weak).then(|| Secret::from(digits.as_bytes()))
}

/// Whether each digit is the one before plus `step`, as in 11111111 or 12345678.
fn is_run(digits: &[u8], step: i16) -> bool {
    digits.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const CARD_ID: [u8; CARD_ID_LENGTH] = [0x5A; CARD_ID_LENGTH];

    fn root() -> RootKey {
        RootKey::from_secret(1, &Secret::new((0..32).collect())).unwrap()
    }

    /// Frozen: a registry must open every chip that an older version of it keyed.
    #[test]
    fn derivation_never_changes() {
        expect!["d0b8139d73083178ace3bf6bac37362d133513c1c6d0d26765e025e807b300fc"].assert_eq(
            &hex::encode(
                root().management_key(&CARD_ID, ManagementKeyAlgorithm::Aes256).key.expose(),
            ),
        );
        expect!["3131e0ce1afe23f13701bf57b9523da1c8fe15d043684a31"].assert_eq(&hex::encode(
            root().management_key(&CARD_ID, ManagementKeyAlgorithm::TripleDes).key.expose(),
        ));
        expect!["04749394"].assert_eq(std::str::from_utf8(root().puk(&CARD_ID).expose()).unwrap());
    }

    #[test]
    fn every_generation_and_algorithm_has_a_key_of_its_own() {
        let mut next = CARD_ID;
        next[13] += 1;
        let key = |id, algorithm| root().management_key(id, algorithm).key;
        let one = key(&CARD_ID, ManagementKeyAlgorithm::Aes192);
        assert_ne!(one, key(&next, ManagementKeyAlgorithm::Aes192));
        assert_ne!(one, key(&CARD_ID, ManagementKeyAlgorithm::TripleDes));
        assert_ne!(root().puk(&CARD_ID), root().puk(&next));
    }

    #[test]
    fn triple_des_keys_have_odd_parity() {
        let key = root().management_key(&CARD_ID, ManagementKeyAlgorithm::TripleDes).key;
        assert!(key.expose().iter().all(|byte| byte.count_ones() % 2 == 1));
    }

    #[test]
    fn words_that_would_bias_or_weaken_a_puk_are_refused() {
        let cases: [(u32, Option<&[u8]>); 6] = [
            (0, None),
            (12_345_678, None),
            (87_654_321, None),
            (4_200_000_000, None),
            (4_199_999_998, Some(b"99999998")),
            (100_000_042, Some(b"00000042")),
        ];
        for (word, puk) in cases {
            assert_eq!(puk_from_word(&word.to_be_bytes()), puk.map(Secret::from), "{word}");
        }
    }
}
