//! Speaking to a smart card: transport, APDU, TLV, secrets, PIV commands and objects.
//!
//! No input or output of its own: the caller brings a [`Transport`].

mod transport;

pub use transport::{Transport, TransportError};
