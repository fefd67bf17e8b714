//! The audit log as a chain, its export and its checkpoints: made here, and verified here.
//!
//! Nothing in this folder knows the database: the store reads and writes the events.

#[cfg(test)]
mod any_export;
mod chain;
mod checkpoints;
mod disk;
mod export;
mod export_source;
mod findings;
mod keeper;
mod links;
#[cfg(test)]
mod tampering;
mod thinning;
mod verify_export;
mod verify_log;

pub(crate) use chain::{Chained, before_the_first};
pub(crate) use checkpoints::{CheckpointFile, Line};
pub(crate) use export::Export;
pub(crate) use findings::{Verified, Wrong};
pub use keeper::CheckpointPace;
pub(crate) use keeper::{CheckpointTrouble, Keeper};
pub(crate) use verify_export::verify_export;
pub(crate) use verify_log::LogVerifier;
