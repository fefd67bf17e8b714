//! The card profiles that this registry knows, and what it reads from them.

use cardwright_profile::{FactoryManagementKey, ManagementKeyAlgorithm as Algorithm, Profile};
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::outcome::{KeyReceipt, Phase};
use cardwright_seal::{Candidates, ManagementKeySecret, Secret, sha256};

/// The texts of all profiles; the first is the one of a new registry's template.
const TEXTS: [&str; 1] = [include_str!("../../profiles/piv-temporary.toml")];

/// A profile and its text, which jobs carry.
pub(crate) struct LoadedProfile {
    pub(crate) profile: Profile,
    pub(crate) text: &'static str,
    /// SHA-256 of the text.
    pub(crate) hash: HexBytes,
}

/// All profiles of this registry.
pub(crate) struct Profiles(Vec<LoadedProfile>);

impl Profiles {
    /// Reads the profiles that the program brings.
    pub(crate) fn built_in() -> Result<Self, cardwright_profile::ProfileError> {
        let load = |text: &'static str| {
            let profile = Profile::parse(text)?;
            Ok(LoadedProfile { profile, text, hash: sha256(text.as_bytes()) })
        };
        TEXTS.into_iter().map(load).collect::<Result<_, _>>().map(Self)
    }

    /// The profile of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&LoadedProfile> {
        self.0.iter().find(|loaded| loaded.profile.name == name)
    }

    /// The profile whose text has this SHA-256.
    pub(crate) fn with_hash(&self, hash: &[u8]) -> Option<&LoadedProfile> {
        self.0.iter().find(|loaded| loaded.hash.0 == hash)
    }

    /// The profile of a new registry's template.
    pub(crate) fn first(&self) -> &LoadedProfile {
        // The list of texts above is not empty.
        &self.0[0]
    }
}

impl LoadedProfile {
    /// The phases of a job by this profile, in their order, without erasing.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        let has = |phase: &Phase| match phase {
            Phase::Keys => !self.profile.keys.is_empty(),
            // Only for a chip that somebody else used.
            Phase::Erase => false,
            Phase::Retries => self.profile.retries.is_some(),
            _ => true,
        };
        Phase::ALL.into_iter().filter(has).collect()
    }

    /// The ciphers for the management key, the preferred one first.
    pub(crate) fn management_key_algorithms(&self) -> impl Iterator<Item = ManagementKeyAlgorithm> {
        self.profile.management_key_algorithms.iter().copied().map(wire_algorithm)
    }

    /// Whether the profile's management key can be of this cipher.
    pub(crate) fn may_have(&self, algorithm: ManagementKeyAlgorithm) -> bool {
        self.management_key_algorithms().any(|of| of == algorithm)
    }

    /// Whether these are the keys of the profile, each once, in any order.
    pub(crate) fn has_exactly(&self, keys: &[KeyReceipt]) -> bool {
        let mut wanted: Vec<_> =
            self.profile.keys.iter().map(|key| vec![key.reference.identifier()]).collect();
        let mut found: Vec<_> = keys.iter().map(|key| key.reference.0.clone()).collect();
        wanted.sort_unstable();
        found.sort_unstable();
        wanted == found
    }

    /// What a chip comes with from its maker or the bureau.
    pub(crate) fn factory_candidates(&self) -> Candidates {
        let factory = &self.profile.factory;
        let key = |key: &FactoryManagementKey| ManagementKeySecret {
            algorithm: wire_algorithm(key.algorithm),
            key: Secret::from(&key.key[..]),
        };
        Candidates {
            card_id: None,
            pins: vec![Secret::from(factory.pin.as_bytes())],
            puks: vec![Secret::from(factory.puk.as_bytes())],
            management_keys: factory.management_keys.iter().map(key).collect(),
        }
    }

    /// Whether PIN and PUK come as makers set them, and not as transport values of a bureau.
    pub(crate) fn comes_with_makers_values(&self) -> bool {
        let factory = &self.profile.factory;
        factory.pin.as_str() == "123456" && factory.puk.as_str() == "12345678"
    }

    /// The FASC-N of a card; its credential number is the last 6 digits of the card's number
    /// unless the profile says otherwise.
    pub(crate) fn fasc_n(&self, card: &CardNumber) -> Vec<u8> {
        let digits = card.0.bytes().filter(u8::is_ascii_digit);
        let credential = digits.fold(0, |n, digit| (n * 10 + u32::from(digit - b'0')) % 1_000_000);
        self.profile.fasc_n.encode(credential).to_vec()
    }
}

fn wire_algorithm(algorithm: Algorithm) -> ManagementKeyAlgorithm {
    match algorithm {
        Algorithm::TripleDes => ManagementKeyAlgorithm::TripleDes,
        Algorithm::Aes128 => ManagementKeyAlgorithm::Aes128,
        Algorithm::Aes192 => ManagementKeyAlgorithm::Aes192,
        Algorithm::Aes256 => ManagementKeyAlgorithm::Aes256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_are_profiles() {
        let profiles = Profiles::built_in().unwrap();
        assert!(profiles.find("piv-temporary").is_some());
        let seldom = [Phase::Erase, Phase::Retries];
        let usual = Phase::ALL.into_iter().filter(|phase| !seldom.contains(phase));
        assert_eq!(profiles.first().phases(), usual.collect::<Vec<_>>());
    }

    #[test]
    fn a_profile_that_wants_numbers_of_tries_has_a_phase_for_them() {
        let text = TEXTS[0].replacen("[factory]", "[retries]\npin = 5\npuk = 5\n\n[factory]", 1);
        let profile = Profile::parse(&text).unwrap();
        let loaded = LoadedProfile { profile, text: TEXTS[0], hash: HexBytes(vec![]) };
        assert!(loaded.phases().contains(&Phase::Retries));
    }

    #[test]
    fn two_cards_have_two_fasc_ns() {
        let profiles = Profiles::built_in().unwrap();
        let fasc_n = |number: &str| profiles.first().fasc_n(&number.into());
        assert_ne!(fasc_n("TC-2026-004118"), fasc_n("TC-2026-004119"));
        assert_eq!(fasc_n("TC-2026-004118"), fasc_n("TC-1999-004118"));
    }
}
