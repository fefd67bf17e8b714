use cardwright_card::ManagementKeyAlgorithm;
use cardwright_card::objects::{CardId, Guid};

/// What tells one chip from another. What the chip does not give is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChipIds {
    /// Immutable: the 12 lasting bytes of the card production life cycle data.
    pub cplc: Option<[u8; 12]>,
    /// Immutable: issuer identification number.
    pub iin: Option<Vec<u8>>,
    /// Immutable: card image number.
    pub cin: Option<Vec<u8>>,
    /// Ours once we wrote it, the factory's before: from the CCC.
    pub card_id: Option<CardId>,
    /// Ours once we wrote it, the factory's before: from the CHUID.
    pub guid: Option<Guid>,
    /// A hint: one maker gives one number to every card, another changes its own.
    pub serial: Option<[u8; 4]>,
}

impl ChipIds {
    /// Whether the chip gives an immutable id.
    pub(crate) fn has_name(&self) -> bool {
        self.cplc.is_some() || self.iin.is_some() || self.cin.is_some()
    }

    /// Whether this chip, as found, gives exactly the immutable ids of the expected one.
    ///
    /// A chip that gave such an id once gives it always, and one that gave none never does.
    pub(crate) fn has_name_of(&self, expected: &Self) -> bool {
        (self.cplc, &self.iin, &self.cin) == (expected.cplc, &expected.iin, &expected.cin)
    }
}

/// What an inspection found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChipFacts {
    /// Everything that tells this chip from others.
    pub ids: ChipIds,
    /// The PIV application, where there is one.
    pub piv: Option<PivFacts>,
}

/// What the PIV application says of itself. What it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PivFacts {
    /// Answer to GET VERSION, such as `5.7.1`. It names no maker.
    pub version: Option<String>,
    /// Tries left of the PIN.
    pub pin_tries: Option<u8>,
    /// Tries left of the PUK.
    pub puk_tries: Option<u8>,
    /// Algorithm of the management key.
    pub management_key_algorithm: Option<ManagementKeyAlgorithm>,
    /// Whether PIN, PUK and management key are all at their factory values.
    pub factory_secrets: Option<bool>,
}
