//! The native helper: it owns the readers of one workstation, and nothing else.
//!
//! It listens on 127.0.0.1 alone, answers only pages behind which its registry says an operator is,
//! inspects chips, and executes jobs that its registry signed and sealed to it. It knows no users and no
//! cards, serves no files, and decides nothing about a card.
//!
//! [`run`] serves a listener until it is told to end. Beneath it:
//!
//! - [`enroll`] makes it and a registry known to each other, and [`enrolment`] keeps that;
//! - the *door* ([`door`]) lets in pages of that registry, [`places`] says who goes when too many
//!   come, and [`connection`] speaks the wire with each;
//! - [`authority`] says what a page may ask, and until when;
//! - the *desk* ([`desk`]) is the state that all connections share, behind one lock;
//! - [`requests`] has one file per request;
//! - a *worker* ([`worker`]) is a thread per reader that does one thing at a time;
//! - the [`journal`] keeps what survives a restart;
//! - [`card_service`] is the only module that knows PC/SC, and [`platform`] the only one that knows
//!   operating systems.

mod authority;
mod card_service;
pub mod config;
mod connection;
mod convert;
mod desk;
pub mod door;
pub mod enroll;
pub mod enrolment;
mod error;
mod failures;
mod frame;
mod holds;
mod jobs;
pub mod journal;
pub mod keys;
pub mod log;
mod nonces;
mod places;
pub mod platform;
mod readers;
mod requests;
mod server;
mod worker;

pub use card_service::{ListedReader, list_readers};
pub use connection::read_request;
pub use error::Error;
pub use server::{listen, run};
