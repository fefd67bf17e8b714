use crate::{Apdu, CardError, Channel, tlv};

const GENERATE_ASYMMETRIC_KEY_PAIR: u8 = 0x47;

/// Cipher of a key pair (SP 800-78-5, table 6-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// `11`.
    P256,
    /// `14`.
    P384,
    /// `07`.
    Rsa2048,
    /// `05`.
    Rsa3072,
}

impl KeyAlgorithm {
    /// The algorithm identifier that a chip is sent.
    #[must_use]
    pub fn identifier(self) -> u8 {
        match self {
            Self::P256 => 0x11,
            Self::P384 => 0x14,
            Self::Rsa2048 => 0x07,
            Self::Rsa3072 => 0x05,
        }
    }

    /// In words, such as `P-256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
        }
    }
}

/// A public key as the chip gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// An uncompressed point (SEC 1, 2.3.3): 65 bytes on P-256, 97 on P-384.
    Point(Vec<u8>),
    /// RSA.
    Rsa {
        /// Big endian, without leading zeros.
        modulus: Vec<u8>,
        /// Big endian, without leading zeros.
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    /// Reads the data objects of a public key: `86`, or `81` and `82` (SP 800-73-5 part 2,
    /// table 12).
    ///
    /// # Errors
    /// [`CardError::Malformed`].
    pub fn parse(algorithm: KeyAlgorithm, fields: &[u8]) -> Result<Self, CardError> {
        let malformed = CardError::Malformed { what: "a public key" };
        let field = |tag| tlv::find(fields, tag).ok().flatten().ok_or(malformed);
        let point = |length: usize| match field(0x86)? {
            point if point.len() == length && point[0] == 0x04 => Ok(Self::Point(point.to_vec())),
            _ => Err(malformed),
        };
        let rsa = |length: usize| {
            let [modulus, exponent] = [without_zeros(field(0x81)?), without_zeros(field(0x82)?)];
            match modulus.len() == length && (1..=8).contains(&exponent.len()) {
                true => Ok(Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() }),
                false => Err(malformed),
            }
        };
        match algorithm {
            KeyAlgorithm::P256 => point(65),
            KeyAlgorithm::P384 => point(97),
            KeyAlgorithm::Rsa2048 => rsa(256),
            KeyAlgorithm::Rsa3072 => rsa(384),
        }
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`CardError::Malformed`].
    pub fn from_bytes(algorithm: KeyAlgorithm, bytes: &[u8]) -> Result<Self, CardError> {
        let malformed = CardError::Malformed { what: "a public key" };
        match algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
                Self::parse(algorithm, &tlv::encode(0x86, bytes))
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 => {
                let sequence = tlv::find(bytes, 0x30).ok().flatten().ok_or(malformed)?;
                let integers = tlv::parse(sequence).map_err(|_| malformed)?;
                let [modulus, exponent] = &integers[..] else { return Err(malformed) };
                let fields = [
                    tlv::encode(0x81, modulus.value).to_vec(),
                    tlv::encode(0x82, exponent.value).to_vec(),
                ];
                Self::parse(algorithm, &fields.concat())
            }
        }
    }

    /// The point, or a DER RSAPublicKey (RFC 8017, A.1.1).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Point(point) => point.clone(),
            Self::Rsa { modulus, exponent } => {
                let mut integers = Vec::new();
                append_integer(&mut integers, modulus);
                append_integer(&mut integers, exponent);
                tlv::encode(0x30, &integers).to_vec()
            }
        }
    }
}

/// Makes a key pair on the chip, in place of the one that it had there. Needs the management key.
/// RSA takes seconds, on some chips more than a minute.
///
/// # Errors
/// [`CardError`].
pub fn generate_key_pair(
    channel: &mut Channel<'_>,
    reference: u8,
    algorithm: KeyAlgorithm,
) -> Result<PublicKey, CardError> {
    let template = tlv::encode(0xAC, &tlv::encode(0x80, &[algorithm.identifier()]));
    let command = Apdu::new(GENERATE_ASYMMETRIC_KEY_PAIR, 0x00, reference);
    let answer = channel.send_accepted(&command.with_data(template).answered())?;
    match tlv::find(&answer, 0x7F49) {
        Ok(Some(fields)) => PublicKey::parse(algorithm, fields),
        Ok(None) | Err(_) => Err(CardError::Malformed { what: "a public key" }),
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    &number[start..]
}

/// DER integers are signed: one whose first bit is set gets a zero before it.
fn append_integer(buffer: &mut Vec<u8>, number: &[u8]) {
    match number.first() {
        Some(0..=0x7F) => tlv::append(buffer, 0x02, number),
        _ => tlv::append(buffer, 0x02, &[&[0x00], number].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_keys_are_der() {
        let key = PublicKey::Rsa { modulus: vec![0x80, 0x01], exponent: vec![0x01, 0x00, 0x01] };
        assert_eq!(hex::encode(key.to_bytes()), "300a020300800102030100 01".replace(' ', ""));
    }

    #[test]
    fn a_written_key_is_read_again() {
        let modulus = [&[0x80][..], &[0x35; 255]].concat();
        let rsa = PublicKey::Rsa { modulus, exponent: vec![0x01, 0x00, 0x01] };
        let point = PublicKey::Point([&[0x04][..], &[0x77; 96]].concat());
        for (algorithm, key) in [(KeyAlgorithm::Rsa2048, rsa), (KeyAlgorithm::P384, point)] {
            assert_eq!(PublicKey::from_bytes(algorithm, &key.to_bytes()), Ok(key));
            assert!(PublicKey::from_bytes(algorithm, &[0x30, 0x00]).is_err());
        }
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        let fields = tlv::encode(0x86, &[0x04; 65]);
        assert!(PublicKey::parse(KeyAlgorithm::P256, &fields).is_ok());
        assert!(PublicKey::parse(KeyAlgorithm::P384, &fields).is_err());
        assert!(PublicKey::parse(KeyAlgorithm::Rsa2048, &fields).is_err());
        assert!(PublicKey::parse(KeyAlgorithm::P256, &[]).is_err());
    }
}
