//! The native helper: it owns the readers of one workstation, and nothing else.
//!
//! It listens on 127.0.0.1 alone, lets in only pages that its configuration names, inspects
//! chips, and executes jobs that its registry signed and sealed to it. It knows no users and no
//! cards, serves no files, and decides nothing about a card.
//!
//! [`run`] serves a listener until it is told to end. Beneath it:
//!
//! - the *door* ([`door`]) admits a connection, and [`connection`] speaks the wire with it;
//! - the *desk* ([`desk`]) is the state that all connections share, behind one lock;
//! - [`requests`] has one file per request;
//! - a *worker* ([`worker`]) is a thread per reader that does one thing at a time;
//! - the [`journal`] keeps what survives a restart;
//! - [`card_service`] is the only module that knows PC/SC.

mod card_service;
pub mod config;
mod connection;
mod convert;
mod desk;
mod door;
mod error;
mod failures;
mod frame;
mod holds;
mod jobs;
pub mod journal;
pub mod keys;
pub mod log;
mod nonces;
mod readers;
mod requests;
mod server;
mod worker;

pub use card_service::{ListedReader, list_readers};
pub use error::Error;
pub use server::run;
