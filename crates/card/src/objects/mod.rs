//! What is stored on a chip (SP 800-73-5 part 1, section 3 and appendix A), built and parsed.
//!
//! Everything here is the value inside the outer tag `53`, but for the discovery object, which has
//! none.

mod card_capability;
mod card_holder;
mod discovery;
mod expiry_date;
mod fasc_n;

pub use card_capability::{CardCapability, CardId};
pub use card_holder::{CardHolder, Guid};
pub(crate) use discovery::DISCOVERY_TAG;
pub use discovery::discovery_object;
pub use expiry_date::ExpiryDate;
pub use fasc_n::FascN;

/// Bytes or numbers that are not the object that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct MalformedObject(pub &'static str);
