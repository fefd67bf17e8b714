use crate::secret::Secret;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::KeyReceipt;
use serde::{Deserialize, Serialize};

/// What is inside the seal of a job: everything that the chip is to keep, and what it may have now.
///
/// It comes with the job, all of it, so that doing the job again writes the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobContents {
    /// The profile's text (TOML); its SHA-256 is in the job's header.
    pub profile: String,
    /// Card identifier for the CCC, 14 bytes: 12 random, root key version, generation.
    pub card_id: HexBytes,
    /// GUID for the CHUID, 16 bytes, version 4.
    pub guid: HexBytes,
    /// FASC-N for the CHUID, 25 bytes.
    pub fasc_n: HexBytes,
    /// Expiry for the CHUID, `YYYYMMDD`.
    pub expires_on: String,
    /// The new PIN, ASCII digits without padding.
    pub pin: Secret,
    /// The new PUK, 8 ASCII digits.
    pub puk: Secret,
    /// The new management key, once per algorithm of the profile, in its order of preference.
    pub management_keys: Vec<ManagementKeySecret>,
    /// What the chip may have now, beside the new values: the generation before, factory or
    /// transport values; the likeliest first.
    pub candidates: Vec<Candidates>,
    /// Which of two PUKs is presented first, where the chip may have either.
    pub puk_first: PukFirst,
    /// The chip may have a PIN that nobody knows any more: no PIN is presented before the PUK has
    /// set the new one.
    pub pin_by_puk: bool,
    /// Public keys that earlier jobs of this generation told of: they are proved, not made again.
    pub recorded_keys: Vec<KeyReceipt>,
    /// The chip may be erased where it has values of somebody else: an admin permits it, and the
    /// operator said yes.
    pub erase: bool,
    /// Wrong values of PIN and PUK that may be presented, at most.
    pub tries_allowed: TriesAllowed,
}

/// Values that belong together: what a chip has after one generation was written, or when it
/// comes from its maker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidates {
    /// The card id that the chip has with these values, 14 bytes; `None` for its maker's.
    pub card_id: Option<HexBytes>,
    /// ASCII digits without padding.
    pub pins: Vec<Secret>,
    /// 8 bytes each.
    pub puks: Vec<Secret>,
    /// Management keys with their algorithm.
    pub management_keys: Vec<ManagementKeySecret>,
}

/// Which of two PUKs is presented first to a chip that may have either.
///
/// A job that was cut off may have presented its first one, wrongly; its successor begins with the
/// other, so that no two jobs spend the same try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PukFirst {
    /// The new one.
    Wanted,
    /// The one that belongs to the management key that opened the chip.
    Before,
}

/// Tries that a job may spend by presenting values that the chip does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriesAllowed {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}

/// A management key and the algorithm that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementKeySecret {
    /// The algorithm.
    pub algorithm: ManagementKeyAlgorithm,
    /// 16, 24 or 32 bytes, as the algorithm wants.
    pub key: Secret,
}
