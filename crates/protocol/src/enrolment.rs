//! How a helper and a registry come to know each other, by a code that an admin passes on.
//!
//! The code never crosses the wire. Each side proves with an HMAC under it that it knows it, over
//! its own public keys: so neither a listener nor a false registry learns it or can exchange keys.

use crate::hex::HexBytes;
use crate::ids::{WorkstationId, WorkstationName};
use serde::{Deserialize, Serialize};

/// A helper asks its registry to take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// The part of the code that is no secret: which invitation it is.
    pub invitation: String,
    /// [`HelperKeys`] as JSON, exactly as it was proved.
    pub statement: String,
    /// HMAC-SHA-256 by the helper under the code, 32 bytes.
    pub proof: HexBytes,
}

/// The public half of a helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelperKeys {
    /// Verifies what it signs: Ed25519, 32 bytes.
    pub signing_key: HexBytes,
    /// Jobs are sealed to it: X25519, 32 bytes.
    pub sealing_key: HexBytes,
    /// [`PROTOCOL_VERSION`](crate::helper::PROTOCOL_VERSION) of the helper.
    pub protocol: u32,
    /// The helper's own version, for people.
    pub version: String,
}

/// The registry took the helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// [`RegistryTerms`] as JSON, exactly as it was proved.
    pub statement: String,
    /// HMAC-SHA-256 by the registry under the code, 32 bytes.
    pub proof: HexBytes,
}

/// What a helper knows of its registry from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryTerms {
    /// The name under which the registry knows the helper.
    pub workstation: WorkstationId,
    /// What people call the workstation now.
    pub name: WorkstationName,
    /// Verifies jobs, tickets and acknowledgements: Ed25519, 32 bytes.
    pub registry_key: HexBytes,
    /// Origins of the registry's pages, as browsers send them.
    pub origins: Vec<String>,
    /// SHA-256 of the `statement` that this answers, 32 bytes.
    pub answers: HexBytes,
}
