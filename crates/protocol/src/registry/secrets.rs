//! *Reveal PIN* and *Reveal PUK*: the one place where a secret of a chip is shown to a person.

use crate::secret_text::SecretText;
use serde::{Deserialize, Serialize};

/// Asks for a secret of a card's chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// Which one.
    pub secret: RevealedKind,
    /// Why: 1 to 500 characters, for the audit log.
    pub reason: String,
}

/// What can be revealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevealedKind {
    /// The PIN, as it was written at the last encoding.
    Pin,
    /// The PUK.
    Puk,
}

/// A secret, for one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revealed {
    /// Its digits.
    pub value: SecretText,
    /// Whether the chip may have another value, since an encoding of it was not finished.
    pub in_doubt: bool,
}
