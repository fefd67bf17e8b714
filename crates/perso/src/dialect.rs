//! How the chips of each maker differ, as data: nothing else knows a maker.
//!
//! What is the same everywhere is not here. No chip is ever sent a malformed PIN or PUK (PivApplet
//! and the YubiKey count it as a try, Nitrokey's firmware does not), and a PUK is always 8 digits
//! (newer YubiKeys refuse bytes from `80`, PivApplet wants digits).

mod recognize;
#[cfg(test)]
mod tests;

pub(crate) use recognize::{Said, Version, has_weak_rsa, recognize};

use crate::Candidates;
use cardwright_card::ManagementKeyAlgorithm::{self, Aes128, Aes192, Aes256, TripleDes};
use cardwright_card::commands::KeyRefusals;
use cardwright_card::{ManagementKey, Pin, Puk, StatusWord};
use std::fmt;
use std::ops::RangeInclusive;

/// What is known of the chips of one maker.
pub(crate) struct Dialect {
    /// Its name, for people who read what a test prints.
    pub(crate) name: &'static str,
    /// GET METADATA (`F7`).
    pub(crate) tells_metadata: Knows,
    /// SET MANAGEMENT KEY (`FF`).
    pub(crate) sets_management_key: Knows,
    /// Ciphers that its management key can have.
    pub(crate) management_key_algorithms: &'static [ManagementKeyAlgorithm],
    /// How it refuses a management key.
    pub(crate) key_refusals: KeyRefusals,
    /// SET PIN RETRIES (`FA`), which sets PIN and PUK back to the maker's.
    pub(crate) sets_tries: Knows,
    /// RESET (`FB`), where it has it.
    pub(crate) reset: Option<Reset>,
    /// What the management key is after a reset: [`MAKERS_KEY`] in one of these ciphers.
    pub(crate) makers_key_algorithms: &'static [ManagementKeyAlgorithm],
    /// Lengths of a PIN that it takes.
    pub(crate) pin_lengths: RangeInclusive<usize>,
    /// It may go on to call a PIN the maker's when RESET RETRY COUNTER has set it. Changing the
    /// PIN to itself ends that.
    pub(crate) default_flag_outlives_reset: bool,
    /// A chip that loses power in PUT DATA has the old object or the new one, and no other.
    pub(crate) writes_whole_objects: bool,
    /// The discovery object can be written.
    pub(crate) takes_discovery: Knows,
    /// CHANGE REFERENCE DATA of the PUK, which the standard leaves open (SP 800-73-5 part 2,
    /// 3.2.2).
    pub(crate) changes_puk: Knows,
    /// CHANGE REFERENCE DATA with a wrong PUK says how many tries are left, as RESET RETRY COUNTER
    /// does everywhere.
    pub(crate) counts_in_change: bool,
}

/// Whether a chip has something that the standard leaves to its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knows {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// It has to be asked, before anything is written.
    Ask,
}

/// How RESET (`FB`) goes.
pub(crate) struct Reset {
    /// A chip of which only the standard is known may have none.
    pub(crate) has: Knows,
    /// What it says when PIN and PUK are not blocked.
    pub(crate) refusals: &'static [StatusWord],
    /// It wants the PUK blocked, too.
    pub(crate) wants_puk_blocked: bool,
    /// The management key has to be a 3DES one, or the application is left half wiped.
    pub(crate) wants_triple_des: bool,
}

/// The management key that every maker starts with, whatever its cipher.
const MAKERS_KEY: [u8; 24] =
    [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

impl Dialect {
    /// The PIN that the maker starts with.
    pub(crate) fn makers_pin() -> Pin {
        Pin::parse("123456").expect("6 digits are a PIN")
    }

    /// The PUK that the maker starts with.
    pub(crate) fn makers_puk() -> Puk {
        Puk::parse("12345678").expect("8 digits are a PUK")
    }

    /// The maker's management key in one cipher of 24 bytes.
    pub(crate) fn makers_key(algorithm: ManagementKeyAlgorithm) -> ManagementKey {
        ManagementKey::new(algorithm, MAKERS_KEY.to_vec()).expect("3DES and AES-192 have 24 bytes")
    }

    /// Everything that a chip has after a reset. A bureau's transport values are others.
    pub(crate) fn makers_values(&self) -> Candidates {
        let keys = self.makers_key_algorithms.iter().copied();
        Candidates {
            card_id: None,
            management_keys: keys.map(Self::makers_key).collect(),
            puks: vec![Self::makers_puk()],
            pins: vec![Self::makers_pin()],
        }
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const YUBIKEY_RESET: Reset = Reset {
    has: Knows::Yes,
    refusals: &[StatusWord::CONDITIONS_OF_USE],
    wants_puk_blocked: true,
    wants_triple_des: false,
};

/// Before version 5.3.
pub(crate) const YUBIKEY: Dialect = Dialect {
    name: "YubiKey before 5.3",
    tells_metadata: Knows::No,
    sets_management_key: Knows::Yes,
    management_key_algorithms: &[TripleDes],
    key_refusals: KeyRefusals {
        other_algorithm: &[StatusWord::WRONG_DATA],
        other_key: &[StatusWord::SECURITY_STATUS],
    },
    sets_tries: Knows::Yes,
    reset: Some(YUBIKEY_RESET),
    makers_key_algorithms: &[TripleDes],
    pin_lengths: 6..=8,
    default_flag_outlives_reset: false,
    writes_whole_objects: true,
    takes_discovery: Knows::No,
    changes_puk: Knows::Yes,
    counts_in_change: true,
};

/// Version 5.3.
pub(crate) const YUBIKEY_5_3: Dialect =
    Dialect { name: "YubiKey 5.3", tells_metadata: Knows::Yes, ..YUBIKEY };

/// Versions 5.4 to 5.6: AES management keys.
pub(crate) const YUBIKEY_5_4: Dialect = Dialect {
    name: "YubiKey 5.4 to 5.6",
    management_key_algorithms: &[TripleDes, Aes128, Aes192, Aes256],
    ..YUBIKEY_5_3
};

/// From version 5.7 on: it comes with an AES-192 management key.
pub(crate) const YUBIKEY_5_7: Dialect =
    Dialect { name: "YubiKey 5.7 on", makers_key_algorithms: &[Aes192], ..YUBIKEY_5_4 };

/// Version 4.4.
pub(crate) const YUBIKEY_4_FIPS: Dialect =
    Dialect { name: "YubiKey 4 FIPS", pin_lengths: 8..=8, ..YUBIKEY };

/// Versions 5.4 to 5.6 of the FIPS series.
pub(crate) const YUBIKEY_5_4_FIPS: Dialect =
    Dialect { name: "YubiKey 5.4 to 5.6 FIPS", pin_lengths: 8..=8, ..YUBIKEY_5_4 };

/// From version 5.7 on, of the FIPS series.
pub(crate) const YUBIKEY_5_7_FIPS: Dialect =
    Dialect { name: "YubiKey 5.7 on, FIPS", pin_lengths: 8..=8, ..YUBIKEY_5_7 };

/// PivApplet 0.9.0 and later.
pub(crate) const PIV_APPLET: Dialect = Dialect {
    name: "PivApplet 0.9.0 and later",
    tells_metadata: Knows::Yes,
    sets_management_key: Knows::Yes,
    management_key_algorithms: &[TripleDes, Aes128, Aes192, Aes256],
    key_refusals: KeyRefusals {
        other_algorithm: &[StatusWord::WRONG_PARAMETERS],
        other_key: &[StatusWord::WRONG_DATA],
    },
    sets_tries: Knows::Yes,
    reset: Some(Reset {
        has: Knows::Yes,
        // `processReset` of its source says so, and nothing else.
        refusals: &[StatusWord::SECURITY_STATUS],
        wants_puk_blocked: true,
        wants_triple_des: true,
    }),
    makers_key_algorithms: &[TripleDes],
    pin_lengths: 6..=8,
    default_flag_outlives_reset: true,
    writes_whole_objects: false,
    takes_discovery: Knows::No,
    changes_puk: Knows::Yes,
    counts_in_change: true,
};

/// Nitrokey's firmware.
pub(crate) const NITROKEY: Dialect = Dialect {
    name: "Nitrokey",
    // It answers `F7`, with nothing.
    tells_metadata: Knows::No,
    sets_management_key: Knows::Yes,
    management_key_algorithms: &[TripleDes, Aes256],
    key_refusals: KeyRefusals {
        other_algorithm: &[StatusWord::WRONG_PARAMETERS],
        other_key: &[StatusWord::WRONG_DATA],
    },
    sets_tries: Knows::No,
    reset: Some(Reset {
        has: Knows::Yes,
        refusals: &[StatusWord::CONDITIONS_OF_USE],
        wants_puk_blocked: false,
        wants_triple_des: false,
    }),
    makers_key_algorithms: &[TripleDes],
    pin_lengths: 6..=8,
    default_flag_outlives_reset: false,
    writes_whole_objects: true,
    takes_discovery: Knows::Yes,
    changes_puk: Knows::Yes,
    counts_in_change: false,
};

/// A chip of which nothing is known but the standard: everything else it is asked.
pub(crate) const STANDARD: Dialect = Dialect {
    name: "the standard",
    tells_metadata: Knows::Ask,
    sets_management_key: Knows::Ask,
    management_key_algorithms: &ManagementKeyAlgorithm::ALL,
    key_refusals: KeyRefusals::ANY,
    sets_tries: Knows::Ask,
    reset: Some(Reset {
        has: Knows::Ask,
        // `6982` need not mean that there is a reset: a chip may ask for the management key before
        // it looks whether it knows the command.
        refusals: &[StatusWord::CONDITIONS_OF_USE],
        wants_puk_blocked: true,
        wants_triple_des: false,
    }),
    makers_key_algorithms: &[TripleDes, Aes192],
    pin_lengths: 6..=8,
    default_flag_outlives_reset: true,
    writes_whole_objects: false,
    takes_discovery: Knows::Ask,
    changes_puk: Knows::Ask,
    counts_in_change: false,
};
