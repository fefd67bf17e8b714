use crate::secret::Secret;
use ed25519_dalek::Signer as _;
use hpke::{Deserializable as _, Kem as _, Serializable as _, kem::X25519HkdfSha256};
use rand::rand_core::UnwrapErr;
use rand::{Rng as _, rngs::SysRng};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The text or bytes are not a key: 32 bytes are expected, as 64 hexadecimal digits in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of 32 bytes as 64 hexadecimal digits")]
pub struct BadKey;

/// Private key that signs statements or jobs (Ed25519, RFC 8032). Debug prints `***`.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes one from the operating system's random source.
    ///
    /// # Panics
    /// When the operating system gives no random numbers: nothing secret can be made then.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        UnwrapErr(SysRng).fill_bytes(&mut *bytes);
        Self(ed25519_dalek::SigningKey::from_bytes(&bytes))
    }

    /// Reads one from its 32 bytes.
    ///
    /// # Errors
    /// [`BadKey`] unless there are 32.
    pub fn from_secret(secret: &Secret) -> Result<Self, BadKey> {
        let bytes = secret.expose().try_into().map_err(|_| BadKey)?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(bytes)))
    }

    /// The 32 bytes, for a file that only the owner can read.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.0.to_bytes().to_vec())
    }

    /// The public key that goes with it.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// Public key that verifies statements or jobs. Its text is 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Strict verification: weak keys and malleable signatures are refused (RFC 8032, 5.1.7).
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .is_ok()
    }
}

impl VerifyingKey {
    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }
}

impl FromStr for VerifyingKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bytes = key_bytes(text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| BadKey)?;
        // For a point of low order anybody finds signatures (RFC 8032, 5.1.7).
        if key.is_weak() { Err(BadKey) } else { Ok(Self(key)) }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0.as_bytes()))
    }
}

/// Private key that opens jobs (X25519 for HPKE, RFC 9180). Debug prints `***`.
#[derive(Clone)]
pub struct OpeningKey(pub(crate) <X25519HkdfSha256 as hpke::Kem>::PrivateKey);

impl OpeningKey {
    /// Makes one from the operating system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(X25519HkdfSha256::gen_keypair().0)
    }

    /// Reads one from its 32 bytes.
    ///
    /// # Errors
    /// [`BadKey`] unless there are 32.
    pub fn from_secret(secret: &Secret) -> Result<Self, BadKey> {
        hpke::Deserializable::from_bytes(secret.expose()).map(Self).map_err(|_| BadKey)
    }

    /// The 32 bytes, for a file that only the owner can read.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        Secret::new(self.0.to_bytes().to_vec())
    }

    /// The public key that goes with it.
    #[must_use]
    pub fn sealing_key(&self) -> SealingKey {
        SealingKey(X25519HkdfSha256::sk_to_pk(&self.0))
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(***)")
    }
}

/// Public key that jobs are sealed to. Its text is 64 hexadecimal digits.
#[derive(Clone)]
pub struct SealingKey(pub(crate) <X25519HkdfSha256 as hpke::Kem>::PublicKey);

impl SealingKey {
    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

impl FromStr for SealingKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let key = <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(&key_bytes(text)?);
        let key = key.map_err(|_| BadKey)?;
        // A point of low order has the right length, but nothing can be sealed to it (RFC 7748, 6.1).
        X25519HkdfSha256::encap(&key, None).map_err(|_| BadKey)?;
        Ok(Self(key))
    }
}

impl fmt::Display for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0.to_bytes()))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({self})")
    }
}

fn key_bytes(text: &str) -> Result<[u8; 32], BadKey> {
    let bytes = hex::decode(text.trim()).map_err(|_| BadKey)?;
    bytes.try_into().map_err(|_| BadKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back_as_written() {
        let signing = SigningKey::generate();
        let again = SigningKey::from_secret(&signing.to_secret()).unwrap();
        assert_eq!(again.verifying_key(), signing.verifying_key());
        assert_eq!(signing.verifying_key().to_string().parse(), Ok(signing.verifying_key()));

        let opening = OpeningKey::generate();
        let again = OpeningKey::from_secret(&opening.to_secret()).unwrap();
        assert_eq!(again.sealing_key().to_string(), opening.sealing_key().to_string());
        let text = opening.sealing_key().to_string();
        assert_eq!(text.parse::<SealingKey>().unwrap().to_string(), text);
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in ["", "00", "zz", &"0".repeat(63), &"0".repeat(66)] {
            assert_eq!(text.parse::<VerifyingKey>(), Err(BadKey), "{text:?}");
            assert!(text.parse::<SealingKey>().is_err(), "{text:?}");
        }
        assert!("0".repeat(64).parse::<SealingKey>().is_err(), "a point of low order");
        let identity = format!("01{}", "0".repeat(62));
        for weak in ["0".repeat(64), identity] {
            assert_eq!(weak.parse::<VerifyingKey>(), Err(BadKey), "a point of low order");
        }
        assert!(SigningKey::from_secret(&Secret::new(vec![0; 31])).is_err());
        assert!(OpeningKey::from_secret(&Secret::new(vec![0; 33])).is_err());
    }

    #[test]
    fn private_keys_print_nothing_of_themselves() {
        assert_eq!(format!("{:?}", SigningKey::generate()), "SigningKey(***)");
        assert_eq!(format!("{:?}", OpeningKey::generate()), "OpeningKey(***)");
    }
}
