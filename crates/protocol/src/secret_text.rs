//! Text that nobody may see: a password, a one-time code, the digits of a PIN or a PUK.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use zeroize::Zeroizing;

/// A secret text: wiped when dropped, printed as `***`. On the wire it is a JSON string, as without
/// this type.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over; the caller's copy is moved, not left behind.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Lends the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of serde quotes the value that is no text: a password of digits alone, without
        // its quotes, would stand in it.
        let text = String::deserialize(deserializer);
        text.map(Self::new).map_err(|_| de::Error::custom("expected a text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_text_prints_nothing_of_itself_and_is_a_string_on_the_wire() {
        let secret = SecretText::from("a \"horse\" battery");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        let wire = serde_json::to_string(&secret).unwrap();
        assert_eq!(wire, r#""a \"horse\" battery""#);
        assert_eq!(serde_json::from_str::<SecretText>(&wire).unwrap(), secret);
    }

    #[test]
    fn an_error_does_not_quote_a_secret_text() {
        for wire in ["48190263", "[\"48190263\"]", "{\"48190263\":1}", "\"48190263"] {
            let error = serde_json::from_str::<SecretText>(wire).unwrap_err();
            assert!(!error.to_string().contains("4819"), "{error}");
        }
    }
}
