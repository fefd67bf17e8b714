//! The connection to the helper on this workstation.

mod authority;
mod away;
mod browser;
mod connection;
mod conversation;
mod link;
mod probe;
mod remembered;
mod round;

pub(crate) use away::{Away, Candidate};
pub(crate) use browser::Way;
pub(crate) use connection::Helper;
pub(crate) use link::{Link, Tone, outcome_names};
