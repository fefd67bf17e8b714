//! Helpers of the registry, and tickets for them.

use crate::hex::HexBytes;
use crate::ids::{WorkstationId, WorkstationName};
use crate::secret_text::SecretText;
use crate::signed::Signed;
use crate::ticket::Ticket;
use serde::{Deserialize, Serialize};

/// A workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workstation {
    /// Names it for ever.
    pub id: WorkstationId,
    /// What people call it.
    pub name: WorkstationName,
    /// Counts its changes.
    pub version: u64,
    /// How far it is.
    pub state: WorkstationState,
    /// Version of its helper, as it said when it was enrolled.
    pub helper_version: Option<String>,
    /// When it was last enrolled.
    pub enrolled_at: Option<String>,
    /// Until when its one-time code can be used, where it has one.
    pub code_until: Option<String>,
    /// When the last ticket for it was given.
    pub used_at: Option<String>,
}

/// How far a workstation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkstationState {
    /// Added; no helper has used its code yet.
    Invited,
    /// Its helper and the registry know each other.
    Enrolled,
    /// It gets no job any more.
    Revoked,
}

/// Adds a workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddWorkstation {
    /// What people call it: 1 to 64 characters, unique.
    pub name: WorkstationName,
}

/// Changes a workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWorkstation {
    /// The version that the person saw.
    pub version: u64,
    /// Its new name.
    pub name: WorkstationName,
}

/// A one-time code for a helper. Shown once, kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The workstation that it is for.
    pub workstation: Workstation,
    /// The code, in groups for reading aloud.
    pub code: SecretText,
    /// For how many minutes it is good.
    pub minutes: u32,
}

/// Asks for a ticket for a helper that the page has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskForTicket {
    /// The helper's challenge, 32 bytes.
    pub challenge: HexBytes,
}

/// A ticket, and whose helper it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedTicket {
    /// For the helper. Its origin is that of the page that asked.
    pub ticket: Signed<Ticket>,
    /// What people call the workstation.
    pub name: WorkstationName,
}
