use crate::secret::Secret;
use cardwright_protocol::hex::HexBytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rand_core::UnwrapErr;
use rand::{Rng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// Crockford's alphabet: 32 characters, none of which is taken for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code: the first [`INVITATION_LENGTH`] name the invitation, the others are 60
/// random bits.
const LENGTH: usize = 16;

const INVITATION_LENGTH: usize = 4;

/// The text is no one-time code: 16 letters and digits are expected, in any grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a code of 16 letters and digits, such as ABCD-1234-EFGH-5678")]
pub struct NotACode;

/// The one-time code that an admin passes on to a helper. Debug prints `***`.
#[derive(Clone)]
pub struct EnrolmentCode(Secret);

/// Who proves that it knows a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The helper, over [`HelperKeys`](cardwright_protocol::enrolment::HelperKeys).
    Helper,
    /// The registry, over [`RegistryTerms`](cardwright_protocol::enrolment::RegistryTerms).
    Registry,
}

impl Side {
    fn context(self) -> &'static [u8] {
        match self {
            Self::Helper => b"cardwright enrolment 1 helper\0",
            Self::Registry => b"cardwright enrolment 1 registry\0",
        }
    }
}

impl EnrolmentCode {
    /// Makes one from the operating system's random source.
    ///
    /// # Panics
    /// When the operating system gives no random numbers: nothing secret can be made then.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        UnwrapErr(SysRng).fill_bytes(&mut *bytes);
        // 32 divides 256: every character is equally likely.
        bytes.iter_mut().for_each(|byte| *byte = ALPHABET[usize::from(*byte % 32)]);
        Self(Secret::from(&bytes[..]))
    }

    /// The part that is no secret: the name of the invitation, 4 characters.
    #[must_use]
    pub fn invitation(&self) -> String {
        self.text()[..INVITATION_LENGTH].to_owned()
    }

    /// The code in groups of four, for one look.
    #[must_use]
    pub fn grouped(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + 3));
        for (place, character) in self.text().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(character);
        }
        text
    }

    /// The key with which both sides prove that they know the code.
    #[must_use]
    pub fn key(&self) -> EnrolmentKey {
        let text = Zeroizing::new([b"cardwright enrolment code 1\0", self.0.expose()].concat());
        EnrolmentKey(Secret::new(Sha256::digest(&*text).to_vec()))
    }

    fn text(&self) -> &str {
        // Every character is one of the alphabet.
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }
}

/// Reads a code as people write it: case, spaces and hyphens do not count; `O` is 0, `I` and `L`
/// are 1.
impl FromStr for EnrolmentCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut code = Zeroizing::new(Vec::with_capacity(LENGTH));
        for character in text.trim().bytes().filter(|byte| !b" -".contains(byte)) {
            let character = match character.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&character) || code.len() == LENGTH {
                return Err(NotACode);
            }
            code.push(character);
        }
        match code.len() {
            LENGTH => Ok(Self(Secret::from(&code[..]))),
            _ => Err(NotACode),
        }
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(***)")
    }
}

/// What a registry keeps of a code until it is used: 32 bytes. Debug prints `***`.
#[derive(Clone)]
pub struct EnrolmentKey(Secret);

impl EnrolmentKey {
    /// Reads one from what [`to_secret`](Self::to_secret) gave.
    #[must_use]
    pub fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    /// The 32 bytes, for a place that only the registry can read.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        self.0.clone()
    }

    /// Proves over a statement that this side knows the code: HMAC-SHA-256, 32 bytes.
    #[must_use]
    pub fn prove(&self, side: Side, statement: &str) -> HexBytes {
        self.mac(side, statement).finalize().into_bytes().to_vec().into()
    }

    /// Whether the other side knows the code. Takes the same time whatever the proof is.
    #[must_use]
    pub fn is_proved(&self, side: Side, statement: &str, proof: &HexBytes) -> bool {
        self.mac(side, statement).verify_slice(&proof.0).is_ok()
    }

    fn mac(&self, side: Side, statement: &str) -> Hmac<Sha256> {
        // HMAC takes keys of every length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).expect("any key length fits");
        mac.update(side.context());
        mac.update(statement.as_bytes());
        mac
    }
}

impl fmt::Debug for EnrolmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = EnrolmentCode::generate();
        let text = code.grouped();
        assert_eq!(text.len(), 19);
        assert_eq!(&text[..4], code.invitation());
        for written in [
            text.to_string(),
            text.to_lowercase(),
            text.replace('-', ""),
            format!(" {}\n", text.replace('-', " ")),
            text.replace('0', "o").replace('1', "l"),
        ] {
            let read: EnrolmentCode = written.parse().unwrap();
            assert_eq!(*read.grouped(), *text);
        }
        assert_eq!(format!("{code:?} {:?}", code.key()), "EnrolmentCode(***) EnrolmentKey(***)");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in
            ["", "ABCD", "ABCD-1234-EFGH-567", "ABCD-1234-EFGH-56789", "ABCD-1234-EFGH-567U"]
        {
            assert_eq!(text.parse::<EnrolmentCode>().err(), Some(NotACode), "{text}");
        }
    }

    #[test]
    fn a_proof_is_by_one_side_over_one_statement_under_one_code() {
        let key = EnrolmentCode::generate().key();
        let proof = key.prove(Side::Helper, "keys");
        assert!(key.is_proved(Side::Helper, "keys", &proof));
        assert!(!key.is_proved(Side::Registry, "keys", &proof));
        assert!(!key.is_proved(Side::Helper, "other", &proof));
        assert!(!key.is_proved(Side::Helper, "keys", &HexBytes(proof.0[..31].to_vec())));
        assert!(!EnrolmentCode::generate().key().is_proved(Side::Helper, "keys", &proof));
    }
}
