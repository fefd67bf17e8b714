//! Card profiles and the PIN policy: read, checked, pure.
//!
//! A [`Profile`] says what a finished card looks like. It is a TOML file of `profiles/`; what is
//! not understood in it is refused, with the place.
//!
//! ```
//! use cardwright_profile::{Profile, WeakPin};
//!
//! let profile = Profile::parse(include_str!("../../../profiles/piv-temporary.toml"))?;
//! assert_eq!(profile.title, "PIV, temporary");
//! assert_eq!(profile.pin.check("493058", "TC-2026-004118"), Ok(()));
//! assert_eq!(profile.pin.check("004118", "TC-2026-004118"), Err(WeakPin::CardNumber));
//! # Ok::<(), cardwright_profile::ProfileError>(())
//! ```

mod error;
mod fasc_n;
mod file;
mod pin_policy;
mod profile;

pub use error::ProfileError;
pub use fasc_n::FASC_N_LENGTH;
pub use pin_policy::{PinPolicy, WeakPin};
pub use profile::{
    Factory, FactoryManagementKey, FascNFields, KeyAlgorithm, KeyReference, KeyToGenerate,
    ManagementKeyAlgorithm, Profile, Retries,
};
