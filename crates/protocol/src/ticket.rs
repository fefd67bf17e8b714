//! The registry's word to a helper that one of its operators is behind a page.

use crate::hex::HexBytes;
use crate::ids::WorkstationId;
use crate::signed::Statement;
use serde::{Deserialize, Serialize};

/// Length of a challenge, in bytes.
pub const CHALLENGE_LENGTH: usize = 32;

/// How many bytes of a challenge, the first, are the port by which the page called the helper; the
/// others are random.
pub const CHALLENGE_PORT_LENGTH: usize = 2;

/// Whether a challenge is by a helper that was called by this port.
///
/// A page answers no other: a program on another port could have it from the helper, whose ticket
/// it then would get.
#[must_use]
pub fn is_challenge_at(challenge: &HexBytes, port: u16) -> bool {
    challenge.0.len() == CHALLENGE_LENGTH && challenge.0.starts_with(&port.to_be_bytes())
}

/// Answers one challenge of one helper, for one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The helper's challenge, [`CHALLENGE_LENGTH`] bytes.
    pub challenge: HexBytes,
    /// The page's origin, as the registry saw it.
    pub origin: String,
    /// Name of the account.
    pub operator: String,
    /// The only helper that it is good for.
    pub workstation: WorkstationId,
}

impl Statement for Ticket {
    const CONTEXT: &'static str = "cardwright ticket 1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_at_one_port() {
        let challenge = |first: [u8; CHALLENGE_PORT_LENGTH], others| {
            HexBytes([&first[..], &vec![7; others][..]].concat())
        };
        assert!(is_challenge_at(&challenge([0x20, 0xE5], 30), 8421));
        assert!(!is_challenge_at(&challenge([0x20, 0xE6], 30), 8421), "of 8422");
        assert!(!is_challenge_at(&challenge([0xE5, 0x20], 30), 8421));
        assert!(!is_challenge_at(&challenge([0x20, 0xE5], 29), 8421));
        assert!(!is_challenge_at(&HexBytes(Vec::new()), 8421));
    }
}
