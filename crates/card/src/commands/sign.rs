use super::KeyAlgorithm;
use crate::{Apdu, CardError, Channel, tlv};
use zeroize::Zeroizing;

const GENERAL_AUTHENTICATE: u8 = 0x87;

/// Signs with a private key on the chip (SP 800-73-5 part 2, appendix A.4).
///
/// The message is a digest of the curve's length, or a padded block of the RSA modulus' length.
/// Gives a DER ECDSA-Sig-Value, or an RSA signature. Needs the PIN, but for `9E`.
///
/// # Errors
/// [`CardError`].
pub fn sign(
    channel: &mut Channel<'_>,
    reference: u8,
    algorithm: KeyAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, CardError> {
    let mut fields = Zeroizing::new(Vec::with_capacity(message.len() + 8));
    tlv::append(&mut fields, 0x82, &[]);
    tlv::append(&mut fields, 0x81, message);
    let command = Apdu::new(GENERAL_AUTHENTICATE, algorithm.identifier(), reference)
        .with_data(tlv::encode(0x7C, &fields))
        .answered();
    let answer = channel.send_accepted(&command)?;
    let template = tlv::find(&answer, 0x7C).ok().flatten();
    match template.and_then(|fields| tlv::find(fields, 0x82).ok().flatten()) {
        Some(signature) => Ok(signature.to_vec()),
        None => Err(CardError::Malformed { what: "a signature" }),
    }
}
