use crate::secret::Secret;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_protocol::hex::HexBytes;
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
    /// What the chip may have now, beside the new values.
    pub candidates: Candidates,
}

/// Values that a chip may have before a job: the generation before, factory or transport values;
/// the likeliest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidates {
    /// ASCII digits without padding.
    pub pins: Vec<Secret>,
    /// 8 bytes each.
    pub puks: Vec<Secret>,
    /// Management keys with their algorithm.
    pub management_keys: Vec<ManagementKeySecret>,
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
