//! The registry's word to a helper that one of its operators is behind a page.

use crate::hex::HexBytes;
use crate::ids::WorkstationId;
use crate::signed::Statement;
use serde::{Deserialize, Serialize};

/// Length of a challenge, in bytes.
pub const CHALLENGE_LENGTH: usize = 32;

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
