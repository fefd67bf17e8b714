//! What is known of a chip without knowing a secret of it.

use crate::hex::HexBytes;
use serde::{Deserialize, Serialize};

/// What tells one chip from another. What the chip does not give is `None`.
///
/// *Immutable* ids and *ours* must agree wherever both sides know them; *hints* only inform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipIds {
    /// Immutable. The 12 lasting bytes of the card production life cycle data (GlobalPlatform
    /// Card Specification 2.3.1, H.6): fabricator, type, fabrication date (2 bytes each), serial
    /// (4) and batch (2).
    pub cplc: Option<HexBytes>,
    /// Immutable. Issuer identification number (GlobalPlatform tag `42`).
    pub iin: Option<HexBytes>,
    /// Immutable. Card image number (GlobalPlatform tag `45`).
    pub cin: Option<HexBytes>,
    /// Ours once we wrote it, the factory's before: the 14 bytes of the CCC's card identifier.
    pub card_id: Option<HexBytes>,
    /// Ours once we wrote it, the factory's before: the 16 bytes of the CHUID's GUID.
    pub guid: Option<HexBytes>,
    /// Hint. Serial number by `F8` (YubiKey family), 4 bytes.
    pub serial: Option<HexBytes>,
    /// Hint. Answer to reset: names a model, never a chip.
    pub atr: Option<HexBytes>,
}

/// Where two descriptions of what should be one chip contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherChip;

impl ChipIds {
    /// Compares the immutable ids that both sides know.
    ///
    /// # Errors
    /// [`OtherChip`] when one of them differs.
    pub fn agrees_immutably(&self, other: &Self) -> Result<(), OtherChip> {
        let pairs = [(&self.cplc, &other.cplc), (&self.iin, &other.iin), (&self.cin, &other.cin)];
        match pairs.iter().any(|(a, b)| matches!((a, b), (Some(a), Some(b)) if a != b)) {
            true => Err(OtherChip),
            false => Ok(()),
        }
    }

    /// The short name people see: serial and batch of the CPLC in groups of two bytes, such as
    /// `3B1F 7A02 9C41`; for a chip without CPLC its GUID's first 6 bytes.
    #[must_use]
    pub fn short_name(&self) -> Option<String> {
        let bytes = match (&self.cplc, &self.guid) {
            (Some(cplc), _) if cplc.0.len() == 12 => &cplc.0[6..],
            (_, Some(guid)) if guid.0.len() == 16 => &guid.0[..6],
            _ => return None,
        };
        let groups: Vec<String> =
            bytes.chunks(2).map(|pair| HexBytes::from(pair).to_string()).collect();
        Some(groups.join(" "))
    }
}

/// Cipher of the card management key 9B (SP 800-78-5, table 6-1 and section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagementKeyAlgorithm {
    /// `03`, 24 bytes.
    #[serde(rename = "3des")]
    TripleDes,
    /// `08`, 16 bytes.
    Aes128,
    /// `0A`, 24 bytes.
    Aes192,
    /// `0C`, 32 bytes.
    Aes256,
}

/// What an inspection found: no try was spent, nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipFacts {
    /// Everything that tells this chip from others.
    pub ids: ChipIds,
    /// The chip is reached over the air: PUT DATA and GENERATE are refused there.
    pub contactless: bool,
    /// The PIV applet, where there is one.
    pub piv: Option<PivFacts>,
}

/// What the PIV applet says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PivFacts {
    /// Answer to GET VERSION (`FD`), such as `5.7.1`. It names no maker.
    pub version: Option<String>,
    /// Tries left of the PIN, where the chip says.
    pub pin_tries: Option<u8>,
    /// Tries left of the PUK, where the chip says.
    pub puk_tries: Option<u8>,
    /// Algorithm of the management key, where the chip says.
    pub management_key_algorithm: Option<ManagementKeyAlgorithm>,
    /// Whether PIN, PUK and management key are all at their factory values, where the chip says.
    pub factory_secrets: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(cplc: &str) -> ChipIds {
        ChipIds { cplc: Some(cplc.parse().unwrap()), ..ChipIds::default() }
    }

    #[test]
    fn only_immutable_ids_that_both_sides_know_tell_two_chips_apart() {
        let one = ids("4790516700013B1F7A029C41");
        assert_eq!(one.agrees_immutably(&ids("4790516700013B1F7A029C41")), Ok(()));
        assert_eq!(one.agrees_immutably(&ids("4790516700013B1F7A029C42")), Err(OtherChip));
        assert_eq!(one.agrees_immutably(&ChipIds::default()), Ok(()));
        let hinted = ChipIds { serial: Some(HexBytes(vec![1])), ..one.clone() };
        assert_eq!(one.agrees_immutably(&hinted), Ok(()));
    }

    #[test]
    fn a_chip_is_called_by_serial_and_batch_of_its_cplc() {
        assert_eq!(ids("4790516700013B1F7A029C41").short_name().unwrap(), "3B1F 7A02 9C41");
        assert_eq!(ChipIds::default().short_name(), None);
    }
}
