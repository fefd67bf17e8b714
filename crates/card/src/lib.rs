//! Speaking to a smart card: transport, APDU, TLV, secrets, PIV commands and objects.
//!
//! No input or output of its own: the caller brings a [`Transport`], which has one method. A
//! [`Channel`] over it does what every command needs (command chaining, `61xx`, `6Cxx`, counting),
//! [`commands`] are the instructions of SP 800-73-5 part 2 and their neighbors, one file each, and
//! [`objects`] are what is stored on a chip, built and parsed.
//!
//! ```
//! use cardwright_card::{CardError, Channel, Transport, commands, objects::Guid};
//!
//! /// Reads the GUID of the card in a reader, where there is one.
//! fn guid(transport: &mut dyn Transport) -> Result<Option<[u8; 16]>, CardError> {
//!     let mut channel = Channel::new(transport);
//!     if !commands::select_piv(&mut channel)? {
//!         return Ok(None);
//!     }
//!     let chuid = commands::object(&mut channel, commands::CARD_HOLDER)?;
//!     Ok(chuid.and_then(|bytes| Guid::find(&bytes)).map(|guid| guid.0))
//! }
//! ```

mod apdu;
mod channel;
mod error;
mod management_key;
mod secrets;
mod transport;

pub mod commands;
pub mod objects;
pub mod tlv;

pub use apdu::{Apdu, Response, StatusWord};
pub use channel::Channel;
pub use error::CardError;
pub use management_key::{ManagementKey, ManagementKeyAlgorithm};
pub use secrets::{MalformedSecret, Pin, Puk};
pub use transport::{Transport, TransportError};
