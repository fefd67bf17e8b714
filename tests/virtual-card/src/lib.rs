//! Real PIV cards without hardware, for tests and for trying Cardwright out.
//!
//! The card is Nitrokey's PIV firmware, run in place, with an issuer security domain in front of
//! it so that every card has a chip identity of its own. It can be used in two ways:
//!
//! - in process: [`VirtualCard`] is a [`Transport`](cardwright_card::Transport);
//! - behind the real PC/SC service: [`vpcd::Connection`] connects one to the virtual reader driver,
//!   and [`office::Office`] starts a private PC/SC service with any number of readers and cards.
//!
//! A card can lose its power at or inside any command, hold there until it is told to go on, answer
//! late, and tell every command that it got. This is a test tool: its traces hold whatever was sent, secrets too.

mod card;
mod chip;
mod dialect;
mod domain;
mod firmware;
mod gate;
pub mod office;
mod options;
mod pause;
mod trace;
pub mod vpcd;
mod worker;

pub use card::{Tries, VirtualCard, VirtualCardError};
pub use chip::{cplc, lasting_cplc, serial};
pub use gate::{Gate, GateAt, GateSide, Hand};
pub use options::{CardOptions, Dialect, Fault, FaultAt, FaultKind, Interface, Trace};
pub use trace::TraceEntry;
