//! The registry's instruction to one helper. Only that helper can read what is inside.

use crate::chip::ChipIds;
use crate::hex::HexBytes;
use crate::ids::{CardNumber, InsertionId, JobId, ProcessId, ProfileName, ReaderId, WorkstationId};
use serde::{Deserialize, Serialize};

/// A job, sealed to one helper (HPKE, RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305, base mode)
/// and signed by the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedJob {
    /// The [`JobHeader`] as JSON, exactly as it was signed; also the associated data of the seal.
    pub header: String,
    /// HPKE encapsulated key, 32 bytes.
    pub encapsulated_key: HexBytes,
    /// HPKE ciphertext with its tag of 16 bytes.
    pub ciphertext: HexBytes,
    /// Ed25519 by the registry over header, encapsulated key and ciphertext: 64 bytes.
    pub signature: HexBytes,
}

/// What a job is for, in clear: whoever carries it may read it, nobody can change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobHeader {
    /// Names this job.
    pub job: JobId,
    /// The process that it belongs to.
    pub process: ProcessId,
    /// The only helper that may execute it.
    pub workstation: WorkstationId,
    /// The card whose chip this is to become.
    pub card: CardNumber,
    /// The reader of the report that this job answers.
    pub reader: ReaderId,
    /// The insertion of the report that this job answers.
    pub insertion: InsertionId,
    /// The helper's nonce of the report that this job answers, 16 bytes: good for one job.
    pub helper_nonce: HexBytes,
    /// The chip as the report named it.
    pub chip: ChipIds,
    /// The profile that the chip is to follow.
    pub profile: ProfileName,
    /// SHA-256 of the profile's text, which is inside the seal.
    pub profile_hash: HexBytes,
}
