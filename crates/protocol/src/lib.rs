//! Every type that crosses a wire of Cardwright, and nothing else.
//!
//! Two wires exist. The app speaks to the [`registry`] in JSON over HTTP, and to the [`helper`]
//! in JSON text frames over a WebSocket on the loopback interface. Statements that one program
//! signs for another ([`signed`]) and sealed jobs ([`job`]) pass through the app unread.
//!
//! Every type refuses unknown fields, so that a message is either wholly understood or refused.
//! The crate depends on serde and zeroize alone and compiles for Wasm and native.

pub mod chip;
pub mod domain;
pub mod enrolment;
pub mod helper;
pub mod hex;
pub mod ids;
pub mod job;
mod no_fields;
pub mod outcome;
pub mod registry;
pub mod secret_text;
pub mod signed;
pub mod ticket;
