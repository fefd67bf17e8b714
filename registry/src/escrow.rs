//! PINs: made here, kept encrypted.

use cardwright_profile::PinPolicy;
use cardwright_protocol::ids::CardNumber;
use cardwright_seal::{CARD_ID_LENGTH, RootKey, RootKeys, Secret};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::{TryRng as _, rngs::SysRng};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Why a PIN was not made or not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EscrowError {
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
    /// The ciphertext was not made with this root key for this card, or was altered.
    #[error("the escrowed PIN cannot be opened")]
    NotOurs,
    /// The card id names a version of the root key that this registry does not have.
    #[error("there is no version {0} of the root key")]
    NoRootKey(u8),
}

/// Bytes from the operating system's random source.
pub(crate) fn random_bytes<const LENGTH: usize>() -> Result<[u8; LENGTH], EscrowError> {
    let mut bytes = [0; LENGTH];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| EscrowError::NoRandomness)?;
    Ok(bytes)
}

/// Makes a PIN by the profile's policy, from the operating system's random source.
pub(crate) fn make_pin(policy: PinPolicy, card: &CardNumber) -> Result<Secret, EscrowError> {
    pin_from_words(policy, card, || random_bytes().map(u32::from_be_bytes))
}

/// Draws until a word makes a good PIN: every good PIN is equally likely.
fn pin_from_words(
    policy: PinPolicy,
    card: &CardNumber,
    mut next_word: impl FnMut() -> Result<u32, EscrowError>,
) -> Result<Secret, EscrowError> {
    // At most 8 digits, so that the number of PINs is below 2^32.
    let pins = 10_u32.pow(policy.length() as u32);
    let fair = u32::MAX / pins * pins;
    loop {
        let word = next_word()?;
        if word >= fair {
            continue;
        }
        let digits = Zeroizing::new(format!("{:0width$}", word % pins, width = policy.length()));
        if policy.check(&digits, &card.0).is_ok() {
            return Ok(Secret::from(digits.as_bytes()));
        }
    }
}

/// Encrypts and decrypts PINs (XChaCha20-Poly1305), each bound to its card and card id, under the
/// version of the root key that the card id names.
#[derive(Clone)]
pub(crate) struct Escrow(BTreeMap<u8, XChaCha20Poly1305>);

impl Escrow {
    /// The escrow under all versions of a root key.
    pub(crate) fn new(root_keys: &RootKeys) -> Self {
        let cipher = |root_key: &RootKey| {
            let key = root_key.escrow_key();
            // An escrow key has the 32 bytes that the cipher wants.
            XChaCha20Poly1305::new_from_slice(key.expose()).expect("32 bytes")
        };
        Self(root_keys.iter().map(|root_key| (root_key.version(), cipher(root_key))).collect())
    }

    fn cipher(&self, card_id: &[u8; CARD_ID_LENGTH]) -> Result<&XChaCha20Poly1305, EscrowError> {
        let version = card_id[12];
        self.0.get(&version).ok_or(EscrowError::NoRootKey(version))
    }

    /// Encrypts a PIN; returns nonce and ciphertext.
    pub(crate) fn seal(
        &self,
        pin: &Secret,
        card: &CardNumber,
        card_id: &[u8; CARD_ID_LENGTH],
    ) -> Result<(Vec<u8>, Vec<u8>), EscrowError> {
        let nonce: [u8; 24] = random_bytes()?;
        let aad = associated_data(card, card_id);
        let payload = Payload { msg: pin.expose(), aad: &aad };
        let ciphertext = self.cipher(card_id)?.encrypt(&XNonce::from(nonce), payload);
        // The only error is a text of 256 GiB.
        Ok((nonce.to_vec(), ciphertext.map_err(|_| EscrowError::NotOurs)?))
    }

    /// Decrypts a PIN.
    pub(crate) fn open(
        &self,
        (nonce, ciphertext): &(Vec<u8>, Vec<u8>),
        card: &CardNumber,
        card_id: &[u8; CARD_ID_LENGTH],
    ) -> Result<Secret, EscrowError> {
        let nonce: [u8; 24] = nonce.as_slice().try_into().map_err(|_| EscrowError::NotOurs)?;
        let aad = associated_data(card, card_id);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let pin = self.cipher(card_id)?.decrypt(&XNonce::from(nonce), payload);
        pin.map(Secret::new).map_err(|_| EscrowError::NotOurs)
    }
}

impl fmt::Debug for Escrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Escrow(***)")
    }
}

/// The card id has a fixed length, so that no byte can move between it and the number.
fn associated_data(card: &CardNumber, card_id: &[u8; CARD_ID_LENGTH]) -> Vec<u8> {
    [b"cardwright PIN 1", &card_id[..], card.0.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::Profiles;

    const CARD_ID: [u8; CARD_ID_LENGTH] = [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 7];

    fn policy() -> PinPolicy {
        Profiles::built_in().unwrap().first().profile.pin
    }

    #[test]
    fn weak_and_biased_draws_are_drawn_again() {
        // A word that would bias, then 123456, then digits of the card's number.
        let mut words = [u32::MAX, 123_456, 4_118, 493_058].into_iter();
        let pin = pin_from_words(policy(), &"TC-2026-004118".into(), || Ok(words.next().unwrap()));
        assert!(pin == Ok(Secret::from(&b"493058"[..])));
        assert_eq!(words.next(), None);
    }

    #[test]
    fn no_pin_that_is_made_is_weak() {
        for _ in 0..2_000 {
            let pin = make_pin(policy(), &"TC-2026-004118".into()).unwrap();
            let digits = std::str::from_utf8(pin.expose()).unwrap();
            assert_eq!(policy().check(digits, "TC-2026-004118"), Ok(()));
        }
    }

    #[test]
    fn a_pin_is_read_for_its_own_card_only() {
        let root_keys = RootKeys::from(RootKey::generate());
        let (one, two) = (Escrow::new(&root_keys), root_keys.with_next().unwrap());
        let two = Escrow::new(&two);
        let pin = Secret::from(&b"493058"[..]);
        let sealed = one.seal(&pin, &"A".into(), &CARD_ID).unwrap();
        for escrow in [&one, &two] {
            assert!(escrow.open(&sealed, &"A".into(), &CARD_ID) == Ok(pin.clone()));
            assert!(escrow.open(&sealed, &"B".into(), &CARD_ID) == Err(EscrowError::NotOurs));
            let mut other = CARD_ID;
            other[13] = 8;
            assert!(escrow.open(&sealed, &"A".into(), &other) == Err(EscrowError::NotOurs));
        }
        let other = Escrow::new(&RootKey::generate().into());
        assert!(other.open(&sealed, &"A".into(), &CARD_ID) == Err(EscrowError::NotOurs));

        let mut second = CARD_ID;
        second[12] = 2;
        let sealed_under_two = two.seal(&pin, &"A".into(), &second).unwrap();
        assert!(two.open(&sealed_under_two, &"A".into(), &second) == Ok(pin.clone()));
        assert!(two.open(&sealed, &"A".into(), &second) == Err(EscrowError::NotOurs));
        let unknown = Err(EscrowError::NoRootKey(2));
        assert!(one.open(&sealed_under_two, &"A".into(), &second) == unknown);
        assert!(one.seal(&pin, &"A".into(), &second) == Err(EscrowError::NoRootKey(2)));
    }
}
