//! The instructions that a chip knows, one file each: SP 800-73-5 part 2, section 3; the
//! extensions of the YubiKey family, which others follow; GlobalPlatform for the chip's own name.

mod authenticate;
mod change_reference_data;
mod device_information;
mod discovery;
mod generate_key_pair;
mod get_data;
mod life_cycle;
mod metadata;
mod put_data;
mod reset_application;
mod reset_retry_counter;
mod select;
mod serial;
mod set_management_key;
mod set_tries;
mod sign;
mod verify;
mod version;

pub use authenticate::{
    Authentication, KeyRefusals, authenticate, authenticate_as, has_management_key_algorithm,
};
pub use change_reference_data::{change_pin, change_puk};
pub use device_information::is_fips_yubikey;
pub use discovery::{discovery, put_discovery};
pub use generate_key_pair::{KeyAlgorithm, PublicKey, generate_key_pair};
pub use get_data::object;
pub use life_cycle::{card_image_number, issuer_identification_number, life_cycle_data};
pub use metadata::{Metadata, metadata};
pub use put_data::put_object;
pub use reset_application::reset_application;
pub use reset_retry_counter::reset_pin;
pub use select::{PropertyTemplate, piv_properties, select_issuer_security_domain, select_piv};
pub use serial::serial;
pub use set_management_key::set_management_key;
pub use set_tries::set_tries;
pub use sign::sign;
pub use verify::{PinStatus, Presented, log_out, pin_status, verify_pin};
pub use version::version;

/// Tag of the card capability container, CCC (SP 800-73-5 part 1, table 3).
pub const CARD_CAPABILITY: u32 = 0x5F_C107;
/// Tag of the card holder unique identifier, CHUID (SP 800-73-5 part 1, table 3).
pub const CARD_HOLDER: u32 = 0x5F_C102;

/// Key reference of the application PIN (SP 800-73-5 part 1, table 4).
pub const PIN: u8 = 0x80;
/// Key reference of the PIN unblocking key.
pub const PUK: u8 = 0x81;
/// Key reference of the card management key.
pub const MANAGEMENT_KEY: u8 = 0x9B;
