//! The connection to the helper on this workstation.

mod connection;
mod link;

pub(crate) use connection::Helper;
pub(crate) use link::{Link, Tone, outcome_names};
