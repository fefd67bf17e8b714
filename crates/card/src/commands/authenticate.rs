use super::MANAGEMENT_KEY;
use crate::{
    Apdu, CardError, Channel, ManagementKey, ManagementKeyAlgorithm, Response, StatusWord, tlv,
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const GENERAL_AUTHENTICATE: u8 = 0x87;
const TEMPLATE: u32 = 0x7C;
const WITNESS: u32 = 0x80;
const CHALLENGE: u32 = 0x81;
const RESPONSE: u32 = 0x82;

/// What became of a management key that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Chip and caller proved the key to each other.
    Accepted,
    /// The chip's key has another cipher. No try was spent: the key was not used yet.
    OtherAlgorithm,
    /// The chip's key is another one.
    OtherKey {
        /// How many tries are left, where the chip counts them. Most chips do not.
        tries_left: Option<u8>,
    },
}

/// The status words by which a chip refuses a management key: its maker's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRefusals {
    /// To the first command: the key has another cipher.
    pub other_algorithm: &'static [StatusWord],
    /// To the second command: it is another key.
    pub other_key: &'static [StatusWord],
}

impl KeyRefusals {
    /// All that is in use, for a chip whose maker is not known. `63Cx` is understood of every
    /// chip.
    pub const ANY: Self = Self {
        other_algorithm: &[StatusWord::WRONG_DATA, StatusWord::WRONG_PARAMETERS],
        other_key: &[
            StatusWord::WRONG_DATA,
            StatusWord::SECURITY_STATUS,
            StatusWord::VERIFICATION_FAILED,
        ],
    };
}

/// Mutual authentication with the management key of a chip whose maker is not known.
///
/// # Errors
/// As [`authenticate_as`].
pub fn authenticate(
    channel: &mut Channel<'_>,
    key: &ManagementKey,
    challenge: &[u8; 16],
) -> Result<Authentication, CardError> {
    authenticate_as(channel, key, challenge, &KeyRefusals::ANY)
}

/// Mutual authentication with the management key (SP 800-73-5 part 2, 3.2.4 and appendix A.1).
///
/// The challenge is random and used once; its first 8 bytes are used with 3DES.
///
/// # Errors
/// [`CardError`]; malformed also when the chip cannot prove that it knows the key.
pub fn authenticate_as(
    channel: &mut Channel<'_>,
    key: &ManagementKey,
    challenge: &[u8; 16],
    refusals: &KeyRefusals,
) -> Result<Authentication, CardError> {
    let witness_request = request(key.algorithm(), tlv::encode(WITNESS, &[]));
    let Response { data, status } = channel.send(&witness_request)?;
    match status {
        StatusWord::OK => {}
        _ if refusals.other_algorithm.contains(&status) => {
            return Ok(Authentication::OtherAlgorithm);
        }
        _ => return Err(CardError::Refused { status }),
    }
    let no_witness = CardError::Malformed { what: "a witness that is not one block" };
    let witness = field(&data, WITNESS).ok_or(no_witness)?;
    let witness = key.decrypt(witness).ok_or(no_witness)?;

    let challenge = &challenge[..key.algorithm().block_length()];
    let expected = key.encrypt(challenge).ok_or(no_witness)?;
    // Witness and challenge: at most 2 * 18 bytes. An empty `82`, which would ask for the response,
    // is left away: some chips refuse it, and all give the response without.
    let mut fields = Zeroizing::new(Vec::with_capacity(36));
    tlv::append(&mut fields, WITNESS, &witness);
    tlv::append(&mut fields, CHALLENGE, challenge);
    let Response { data, status } = channel.send(&request(key.algorithm(), fields))?;
    match status {
        StatusWord::OK => {}
        StatusWord(0x63C0..=0x63CF) => {
            return Ok(Authentication::OtherKey { tries_left: status.tries_left() });
        }
        _ if refusals.other_key.contains(&status) => {
            return Ok(Authentication::OtherKey { tries_left: None });
        }
        _ => return Err(CardError::Refused { status }),
    }
    match field(&data, RESPONSE) {
        Some(response) if bool::from(response.ct_eq(&expected)) => Ok(Authentication::Accepted),
        _ => Err(CardError::Malformed { what: "a proof of the management key that is wrong" }),
    }
}

/// Whether the management key has this cipher: the chip gives a witness for it. The key is not
/// used, and no try is spent.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn has_management_key_algorithm(
    channel: &mut Channel<'_>,
    algorithm: ManagementKeyAlgorithm,
) -> Result<bool, CardError> {
    Ok(channel.send(&request(algorithm, tlv::encode(WITNESS, &[])))?.status.is_ok())
}

fn request(algorithm: ManagementKeyAlgorithm, fields: Zeroizing<Vec<u8>>) -> Apdu {
    Apdu::new(GENERAL_AUTHENTICATE, algorithm.identifier(), MANAGEMENT_KEY)
        .with_data(tlv::encode(TEMPLATE, &fields))
        .answered()
}

fn field(answer: &[u8], tag: u32) -> Option<&[u8]> {
    let template = tlv::find(answer, TEMPLATE).ok().flatten()?;
    tlv::find(template, tag).ok().flatten()
}
