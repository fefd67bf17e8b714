//! What a profile says, in the words of a job.

use crate::Candidates;
use cardwright_card::objects::FascN;
use cardwright_card::{MalformedSecret, ManagementKey, ManagementKeyAlgorithm, Pin, Puk};
use cardwright_profile::{self as profile, FascNFields, Profile};

/// The cipher of a management key, as a chip knows it.
#[must_use]
pub fn management_key_algorithm(
    algorithm: profile::ManagementKeyAlgorithm,
) -> ManagementKeyAlgorithm {
    match algorithm {
        profile::ManagementKeyAlgorithm::TripleDes => ManagementKeyAlgorithm::TripleDes,
        profile::ManagementKeyAlgorithm::Aes128 => ManagementKeyAlgorithm::Aes128,
        profile::ManagementKeyAlgorithm::Aes192 => ManagementKeyAlgorithm::Aes192,
        profile::ManagementKeyAlgorithm::Aes256 => ManagementKeyAlgorithm::Aes256,
    }
}

/// The FASC-N of one card. The card's credential number (at most 6 digits) is used where the
/// profile has none.
#[must_use]
pub fn fasc_n(fields: &FascNFields, credential: u32) -> FascN {
    FascN {
        agency: fields.agency,
        system: fields.system,
        credential: fields.credential.unwrap_or(credential),
        credential_series: fields.credential_series,
        individual_issue: fields.individual_issue,
        person: fields.person,
        organization_category: fields.organization_category,
        organization: fields.organization,
        association: fields.association,
    }
}

impl Candidates {
    /// The values that the profile's chips come with.
    ///
    /// # Errors
    /// [`MalformedSecret`] for a profile that was put together otherwise than by
    /// [`Profile::parse`], which refuses such values.
    pub fn factory(profile: &Profile) -> Result<Self, MalformedSecret> {
        let factory = &profile.factory;
        let keys = factory.management_keys.iter();
        let key = |key: &profile::FactoryManagementKey| {
            ManagementKey::new(management_key_algorithm(key.algorithm), key.key.clone())
        };
        Ok(Self {
            card_id: None,
            management_keys: keys.map(key).collect::<Result<_, _>>()?,
            puks: vec![Puk::parse(&factory.puk)?],
            pins: vec![Pin::parse(&factory.pin)?],
        })
    }
}
