//! The audit log.
//!
//! Its events are a chain: each has a hash over the hash of the one before and all of itself, so
//! that none can be altered, removed or inserted without all later ones changing too. The hash is
//! SHA-256 (FIPS 180-4) over, one after the other:
//!
//! 1. `cardwright audit event 1` and one zero byte;
//! 2. the hash of the event before, 32 bytes; zeros for event 1;
//! 3. `seq` in decimal digits, `at`, `by`, `kind`, `card`, `process`, `what` and `state`, in this
//!    order, each as the number of its UTF-8 bytes in decimal digits, a colon, the bytes and a
//!    comma, such as `8:operator,`. One that is not there is a minus sign and a comma: `-,`.
//!
//! The registry signs the end of the chain soon after each event and appends it to a file outside the
//! database, one [`Checkpoint`] a line: who rewrites the whole chain does not find it there.

use crate::hex::HexBytes;
use crate::ids::{CardNumber, ProcessId};
use crate::signed::{Signed, Statement};
use serde::{Deserialize, Serialize};

/// A search in the audit log. In URLs each field is a parameter of the same name; absent ones have
/// their default. Its export has the same parameters but page and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditQuery {
    /// Only events of this day and later, UTC.
    pub from: Option<String>,
    /// Only events of this day and earlier, UTC.
    pub to: Option<String>,
    /// Only events by this account, exactly.
    pub by: String,
    /// Only events whose kind begins with this, such as `session.`.
    pub kind: String,
    /// Only events of this card, exactly.
    pub card: String,
    /// Only events whose words contain this; case does not count. At most 100 characters.
    pub text: String,
    /// Page, from 1; newest first.
    pub page: u32,
    /// Rows of a page, 1 to 100.
    pub size: u32,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            by: String::new(),
            kind: String::new(),
            card: String::new(),
            text: String::new(),
            page: 1,
            size: 25,
        }
    }
}

impl AuditQuery {
    /// Whether every event fits it; page and size do not count.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        let Self { page, size, .. } = *self;
        *self == Self { page, size, ..Self::default() }
    }
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// All events that fit the query, over all pages.
    pub total: u64,
    /// The events of this page, newest first.
    pub events: Vec<AuditEvent>,
    /// Every kind of event that there is, for choosing.
    pub kinds: Vec<String>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Its place in the chain, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Who: an account, a workstation, `registry` or `nobody`.
    pub by: String,
    /// What kind, such as `session.logged-in`.
    pub kind: String,
    /// The card that it happened to.
    pub card: Option<CardNumber>,
    /// The process that it is part of.
    pub process: Option<ProcessId>,
    /// What, in words; never a secret.
    pub what: String,
    /// The state that the card came to by it.
    pub state: Option<String>,
    /// SHA-256 over the hash of the event before and all of the above, 32 bytes; see the module.
    pub hash: HexBytes,
}

/// The end of the chain, signed by the registry: a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    /// The last event.
    pub seq: u64,
    /// Its hash.
    pub hash: HexBytes,
    /// When this was signed.
    pub at: String,
}

impl Statement for AuditHead {
    const CONTEXT: &'static str = "cardwright audit head 1";
}

/// That a copy was put in the place of the database, signed by the registry before it was. It
/// counts if the restoration's own event is in the chain: the program may have been killed between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRestoration {
    /// The last event of the copy; 0 when it has none.
    pub seq: u64,
    /// Its hash; zeros when there is none.
    pub hash: HexBytes,
    /// Hash of the event after it, which says that the database was restored.
    pub event: HexBytes,
    /// The last event that a checkpoint knew of before; 0 when there was none. Those between are
    /// known from checkpoints only.
    pub known: u64,
    /// When this was signed.
    pub at: String,
}

impl Statement for AuditRestoration {
    const CONTEXT: &'static str = "cardwright audit restoration 1";
}

/// A line of the file of checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checkpoint {
    /// The chain ended so.
    Head(Signed<AuditHead>),
    /// A copy was put in the place of the database.
    Restored(Signed<AuditRestoration>),
}

/// What an export holds, signed by the registry: its last record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditExport {
    /// The end of the chain when it was made.
    pub head: AuditHead,
    /// How many events are in the export.
    pub events: u64,
    /// What was searched.
    pub query: AuditQuery,
    /// SHA-256 of all bytes before the last record, 32 bytes.
    pub hash: HexBytes,
}

impl Statement for AuditExport {
    const CONTEXT: &'static str = "cardwright audit export 1";
}
