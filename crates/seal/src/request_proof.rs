use crate::keys::{SigningKey, VerifyingKey};
use crate::signature::sha256;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::proof;

/// The value of `Authorization` that proves a request to be by the holder of this key: see
/// [`proof`] for what is signed.
#[must_use]
pub fn authorization(key: &SigningKey, method: &str, target: &str, body: &[u8]) -> String {
    let message = proof::message(method, target, &sha256(body).to_string());
    let signature = HexBytes(key.sign(message.as_bytes()));
    proof::authorization(&key.verifying_key().to_string(), &signature.to_string())
}

/// The key whose holder a request is by; `None` where the value of `Authorization` proves nothing
/// of this request.
#[must_use]
pub fn prover(value: &str, method: &str, target: &str, body: &[u8]) -> Option<VerifyingKey> {
    let (key, signature) = proof::parse(value)?;
    let (key, signature): (VerifyingKey, HexBytes) = (key.parse().ok()?, signature.parse().ok()?);
    let message = proof::message(method, target, &sha256(body).to_string());
    key.verifies(message.as_bytes(), &signature.0).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_of_one_request_alone() {
        let key = SigningKey::generate();
        let value = authorization(&key, "PUT", "/api/v1/templates/t?a=b", b"{}");
        let prover = |value: &str, method, target, body| prover(value, method, target, body);
        let target = "/api/v1/templates/t?a=b";
        assert_eq!(prover(&value, "PUT", target, b"{}"), Some(key.verifying_key()));
        assert_eq!(prover(&value, "POST", target, b"{}"), None);
        assert_eq!(prover(&value, "PUT", "/api/v1/templates/t", b"{}"), None);
        assert_eq!(prover(&value, "PUT", target, b"{ }"), None);
        let other = SigningKey::generate().verifying_key().to_string();
        let signature = value.split_once(':').unwrap().1;
        for wrong in [
            String::new(),
            format!("Bearer {other}"),
            format!("Cardwright {other}:{signature}"),
            format!("Cardwright {other}:"),
            value.replace("Cardwright ", "cardwright "),
            format!("{value}00"),
            format!("{value} "),
            value.replace("Cardwright ", "Cardwright  "),
            value.replace("Cardwright ", "Cardwright\t"),
            value.replace(':', ": "),
            format!("Cardwright {}", value["Cardwright ".len()..].to_lowercase()),
        ] {
            assert_eq!(prover(&wrong, "PUT", target, b"{}"), None, "{wrong}");
        }
    }
}
