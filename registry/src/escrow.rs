//! PINs: made here, kept encrypted.

use cardwright_profile::PinPolicy;
use cardwright_protocol::ids::CardNumber;
use cardwright_seal::{CARD_ID_LENGTH, RootKey, Secret};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::{TryRng as _, rngs::SysRng};
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

/// Encrypts and decrypts PINs (XChaCha20-Poly1305), each bound to its card and card id.
#[derive(Clone)]
pub(crate) struct Escrow(XChaCha20Poly1305);

impl Escrow {
    /// The escrow under a root key.
    pub(crate) fn new(root_key: &RootKey) -> Self {
        let key = root_key.escrow_key();
        // An escrow key has the 32 bytes that the cipher wants.
        Self(XChaCha20Poly1305::new_from_slice(key.expose()).expect("32 bytes"))
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
        let ciphertext = self.0.encrypt(&XNonce::from(nonce), payload);
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
        let pin = self.0.decrypt(&XNonce::from(nonce), payload);
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

    const CARD_ID: [u8; CARD_ID_LENGTH] = [7; CARD_ID_LENGTH];

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
        let escrow = Escrow::new(&RootKey::generate());
        let pin = Secret::from(&b"493058"[..]);
        let sealed = escrow.seal(&pin, &"A".into(), &CARD_ID).unwrap();
        assert!(escrow.open(&sealed, &"A".into(), &CARD_ID) == Ok(pin));
        assert!(escrow.open(&sealed, &"B".into(), &CARD_ID) == Err(EscrowError::NotOurs));
        assert!(escrow.open(&sealed, &"A".into(), &[8; 14]) == Err(EscrowError::NotOurs));
        let other = Escrow::new(&RootKey::generate());
        assert!(other.open(&sealed, &"A".into(), &CARD_ID) == Err(EscrowError::NotOurs));
    }
}
