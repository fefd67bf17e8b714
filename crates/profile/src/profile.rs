use crate::{PinPolicy, ProfileError, file};
use std::fmt;
use zeroize::Zeroizing;

/// What a finished card looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without its ending: lower case letters, digits and hyphens.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Length of the card's life, which its CHUID ends with: 1 to 6 years (FIPS 201-3, 2.8.1).
    pub card_life_years: u8,
    /// What a good PIN is.
    pub pin: PinPolicy,
    /// How many tries PIN and PUK have; `None` leaves the chip's own numbers.
    pub retries: Option<Retries>,
    /// Ciphers for the management key, the preferred one first; at least one, none twice.
    pub management_key_algorithms: Vec<ManagementKeyAlgorithm>,
    /// The numbers of the FASC-N.
    pub fasc_n: FascNFields,
    /// Keys that the chip makes, at most one per reference.
    pub keys: Vec<KeyToGenerate>,
    /// What the chips come with.
    pub factory: Factory,
}

impl Profile {
    /// Reads a profile. The GUID of its cards is of version 4: it has no other choice.
    ///
    /// # Errors
    /// [`ProfileError`], which names the place.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        file::parse(text)
    }
}

/// Numbers of tries of PIN and PUK, each from [`Self::FEWEST`] to [`Self::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}

impl Retries {
    /// With fewer a chip that was torn could not be mended: a PUK may have to be found out by
    /// presenting a wrong one, and the last try is never spent.
    pub const FEWEST: u8 = 3;
    /// A chip tells the tries that are left by `63Cx`, which counts to 15 (SP 800-73-5 part 2,
    /// 3.2.1).
    pub const MOST: u8 = 15;
}

/// Cipher of the management key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagementKeyAlgorithm {
    /// 24 bytes.
    #[serde(rename = "3des")]
    TripleDes,
    /// 16 bytes.
    #[serde(rename = "aes-128")]
    Aes128,
    /// 24 bytes.
    #[serde(rename = "aes-192")]
    Aes192,
    /// 32 bytes.
    #[serde(rename = "aes-256")]
    Aes256,
}

impl ManagementKeyAlgorithm {
    /// Length of a key in bytes.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
}

/// The decimal numbers of the FASC-N (SP 800-73-5 part 1, 3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FascNFields {
    /// 4 digits; 9999 for an issuer outside the federal government.
    pub agency: u16,
    /// 4 digits.
    pub system: u16,
    /// 6 digits; `None` when it comes from the card.
    pub credential: Option<u32>,
    /// 1 digit.
    pub credential_series: u8,
    /// 1 digit.
    pub individual_issue: u8,
    /// 10 digits.
    pub person: u64,
    /// 1 digit.
    pub organization_category: u8,
    /// 4 digits.
    pub organization: u16,
    /// 1 digit.
    pub association: u8,
}

/// A key that the chip makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyToGenerate {
    /// Where.
    pub reference: KeyReference,
    /// Of which kind.
    pub algorithm: KeyAlgorithm,
}

/// Reference of a key (SP 800-73-5 part 1, table 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum KeyReference {
    /// `9A`, PIV authentication.
    #[serde(rename = "9A")]
    Authentication,
    /// `9C`, digital signature.
    #[serde(rename = "9C")]
    Signature,
    /// `9D`, key management.
    #[serde(rename = "9D")]
    KeyManagement,
    /// `9E`, card authentication.
    #[serde(rename = "9E")]
    CardAuthentication,
}

impl KeyReference {
    /// All of them, in the order of their identifiers.
    pub const ALL: [Self; 4] =
        [Self::Authentication, Self::Signature, Self::KeyManagement, Self::CardAuthentication];

    /// The reference as a chip is sent it.
    #[must_use]
    pub fn identifier(self) -> u8 {
        match self {
            Self::Authentication => 0x9A,
            Self::Signature => 0x9C,
            Self::KeyManagement => 0x9D,
            Self::CardAuthentication => 0x9E,
        }
    }
}

/// Kind of a key (SP 800-78-5, table 3-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
}

/// The values that a chip comes with: its maker's, or the bureau's transport values.
#[derive(Clone, PartialEq, Eq)]
pub struct Factory {
    /// 6 to 8 digits.
    pub pin: Zeroizing<String>,
    /// 8 digits.
    pub puk: Zeroizing<String>,
    /// Management keys to try, in their order.
    pub management_keys: Vec<FactoryManagementKey>,
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factory(***)")
    }
}

/// A management key that a chip may come with.
#[derive(Clone, PartialEq, Eq)]
pub struct FactoryManagementKey {
    /// Its cipher.
    pub algorithm: ManagementKeyAlgorithm,
    /// As long as its cipher wants.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for FactoryManagementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactoryManagementKey({:?}, ***)", self.algorithm)
    }
}
