use crate::keys::{SigningKey, VerifyingKey};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::signed::{Signed, Statement};
use sha2::{Digest as _, Sha256};

/// The statement is not by the holder of this key, not of this kind, or was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the statement")]
pub struct BadSignature;

/// Signs a statement.
#[must_use]
pub fn sign<T: Statement>(key: &SigningKey, statement: &T) -> Signed<T> {
    // Statements are plain structs with text keys: writing them as JSON cannot fail.
    let text = serde_json::to_string(statement).expect("a statement is plain data");
    let signature = key.sign(&message(T::CONTEXT, &text));
    Signed::from_parts(text, signature.into())
}

/// Verifies a statement's signature and only then reads the statement.
///
/// # Errors
/// [`BadSignature`] when the signature does not fit or the text is not of this kind.
pub fn verify<T: Statement>(key: &VerifyingKey, signed: &Signed<T>) -> Result<T, BadSignature> {
    if !key.verifies(&message(T::CONTEXT, &signed.statement), &signed.signature.0) {
        return Err(BadSignature);
    }
    serde_json::from_str(&signed.statement).map_err(|_| BadSignature)
}

/// SHA-256 (FIPS 180-4), 32 bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> HexBytes {
    Sha256::digest(bytes).to_vec().into()
}

fn message(context: &str, text: &str) -> Vec<u8> {
    [context.as_bytes(), &[0], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::outcome::{Acknowledgement, ChipReport};
    use proptest::prelude::*;

    fn acknowledgement() -> Acknowledgement {
        Acknowledgement { job: "7f".into(), outcome_hash: vec![1, 2].into() }
    }

    #[test]
    fn every_changed_byte_is_found() {
        let key = SigningKey::generate();
        let signed = sign(&key, &acknowledgement());
        assert_eq!(verify(&key.verifying_key(), &signed), Ok(acknowledgement()));
        for index in 0..signed.signature.0.len() {
            let mut other = signed.clone();
            other.signature.0[index] ^= 1;
            assert_eq!(verify(&key.verifying_key(), &other), Err(BadSignature));
        }
        for index in 0..signed.statement.len() {
            let mut text = signed.statement.clone().into_bytes();
            text[index] ^= 1;
            let other = Signed::<Acknowledgement>::from_parts(
                String::from_utf8(text).unwrap(),
                signed.signature.clone(),
            );
            assert_eq!(verify(&key.verifying_key(), &other), Err(BadSignature));
        }
    }

    #[test]
    fn a_statement_of_one_kind_is_not_taken_for_another() {
        let key = SigningKey::generate();
        let signed = sign(&key, &acknowledgement());
        let other = Signed::<ChipReport>::from_parts(signed.statement, signed.signature);
        assert_eq!(verify(&key.verifying_key(), &other), Err(BadSignature));
    }

    #[test]
    fn another_key_does_not_verify() {
        let signed = sign(&SigningKey::generate(), &acknowledgement());
        let other = SigningKey::generate().verifying_key();
        assert_eq!(verify(&other, &signed), Err(BadSignature));
    }

    proptest! {
        #![proptest_config(fewer_cases())]

        #[test]
        fn any_statement_is_refused(text in ".{0,60}", signature: Vec<u8>) {
            let key = SigningKey::generate();
            let signed = Signed::<ChipReport>::from_parts(text.clone(), signature.into());
            prop_assert_eq!(verify(&key.verifying_key(), &signed), Err(BadSignature));
            // By the right key, but no statement.
            let signature = key.sign(&message(ChipReport::CONTEXT, &text)).into();
            let signed = Signed::<ChipReport>::from_parts(text, signature);
            prop_assert_eq!(verify(&key.verifying_key(), &signed), Err(BadSignature));
        }
    }

    /// Signing takes milliseconds without optimization.
    fn fewer_cases() -> ProptestConfig {
        let config = ProptestConfig::default();
        ProptestConfig { cases: config.cases / 8, ..config }
    }
}
