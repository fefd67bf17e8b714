//! Proving that the private key of a public key is on the chip.

use super::plan;
use crate::{Cause, KeyReceipt};
use cardwright_card::commands::{self, PublicKey};
use cardwright_card::{CardError, Channel};
use cardwright_profile::{KeyAlgorithm, KeyToGenerate};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U64, U2048, U3072, Uint};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rand::CryptoRng;

/// The chip signs something random that takes the place of a digest.
pub(super) fn key<R: CryptoRng + ?Sized>(
    key: &KeyReceipt,
    channel: &mut Channel<'_>,
    random: &mut R,
) -> Result<(), Cause> {
    let mut digest = vec![0; if key.algorithm == KeyAlgorithm::P384 { 48 } else { 32 }];
    random.fill_bytes(&mut digest);
    let message = message(key.algorithm, digest);
    let reference = key.reference.identifier();
    let algorithm =
        plan::key_algorithm(&KeyToGenerate { reference: key.reference, algorithm: key.algorithm });
    let signature = match commands::sign(channel, reference, algorithm, &message) {
        // The PIN is verified: a chip that does not sign has no such key there.
        Err(CardError::Refused { status }) if !status.is_internal_error() => {
            return Err(Cause::ReadBackDiffers { what: "key" });
        }
        outcome => outcome?,
    };
    match is_signature(key, &message, &signature) {
        true => Ok(()),
        false => Err(Cause::ReadBackDiffers { what: "key" }),
    }
}

/// What the chip is sent: a digest for ECDSA; for RSA a block padded by PKCS #1 v1.5, since the
/// chip only applies the private key (RFC 8017, 9.2).
fn message(algorithm: KeyAlgorithm, digest: Vec<u8>) -> Vec<u8> {
    let length = match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::P384 => return digest,
        KeyAlgorithm::Rsa2048 => 256,
        KeyAlgorithm::Rsa3072 => 384,
    };
    let padding = length - 3 - SHA_256_DIGEST_INFO.len() - digest.len();
    [&[0x00, 0x01][..], &vec![0xFF; padding], &[0x00], &SHA_256_DIGEST_INFO, &digest].concat()
}

/// DigestInfo of SHA-256 up to the digest (RFC 8017, 9.2, note 1).
const SHA_256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

fn is_signature(key: &KeyReceipt, message: &[u8], signature: &[u8]) -> bool {
    match (key.algorithm, &key.public_key) {
        (KeyAlgorithm::P256, PublicKey::Point(point)) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
            let signature = p256::ecdsa::DerSignature::from_bytes(signature);
            matches!((key, signature), (Ok(key), Ok(signature))
                if key.verify_prehash(message, &signature).is_ok())
        }
        (KeyAlgorithm::P384, PublicKey::Point(point)) => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point);
            let signature = p384::ecdsa::DerSignature::from_bytes(signature);
            matches!((key, signature), (Ok(key), Ok(signature))
                if key.verify_prehash(message, &signature).is_ok())
        }
        (KeyAlgorithm::Rsa2048, PublicKey::Rsa { modulus, exponent }) => {
            is_rsa::<{ U2048::LIMBS }>(modulus, exponent, message, signature)
        }
        (KeyAlgorithm::Rsa3072, PublicKey::Rsa { modulus, exponent }) => {
            is_rsa::<{ U3072::LIMBS }>(modulus, exponent, message, signature)
        }
        (_, PublicKey::Point(_) | PublicKey::Rsa { .. }) => false,
    }
}

/// RSAVP1 (RFC 8017, 5.2.2). All numbers are public: nothing need be done in constant time.
fn is_rsa<const LIMBS: usize>(
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    let number = |bytes: &[u8]| {
        (bytes.len() == Uint::<LIMBS>::BYTES).then(|| Uint::<LIMBS>::from_be_slice(bytes))
    };
    let (Some(modulus), Some(message), Some(signature)) =
        (number(modulus), number(message), number(signature))
    else {
        return false;
    };
    let Some(odd) = Odd::new(modulus).into_option() else { return false };
    if exponent.len() > U64::BYTES || signature >= modulus {
        return false;
    }
    let exponent = exponent.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let parameters = FixedMontyParams::new_vartime(odd);
    let signature = FixedMontyForm::new(&signature, &parameters);
    signature.pow_vartime(&U64::from_u64(exponent)).retrieve() == message
}
