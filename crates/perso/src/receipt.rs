use crate::{ChipIds, Phase, Tries};
use cardwright_card::ManagementKeyAlgorithm;
use cardwright_card::commands::PublicKey;
use cardwright_profile::{KeyAlgorithm, KeyReference};

/// Proof that the chip is as wanted: everything here was read back or proved after a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The chip as it names itself now: card id and GUID are ours.
    pub chip: ChipIds,
    /// The CCC as read back, without its outer tag `53`.
    pub card_capability_container: Vec<u8>,
    /// The CHUID as read back, without its outer tag `53`.
    pub card_holder_unique_identifier: Vec<u8>,
    /// The cipher of the management key; the key was proved.
    pub management_key: ManagementKeyAlgorithm,
    /// The keys of the profile; each was proved by a signature.
    pub keys: Vec<KeyReceipt>,
    /// Phases in which something was written; empty when the chip was right already.
    pub written: Vec<Phase>,
    /// Commands sent, GET RESPONSE counted.
    pub commands: u32,
    /// Tries that were spent on finding out which values the chip had.
    pub tries_spent: Tries,
}

/// A key on the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReceipt {
    /// Where.
    pub reference: KeyReference,
    /// Of which kind.
    pub algorithm: KeyAlgorithm,
    /// Its public half.
    pub public_key: PublicKey,
}
