/// The phases of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The chip is identified and its state read.
    Identify,
    /// The chip had values of somebody else, and is set back to its maker's.
    Erase,
    /// Mutual authentication with the management key that the chip has.
    Authenticate,
    /// The numbers of tries of PIN and PUK are set.
    Retries,
    /// The card capability container with our card id is written.
    CardCapability,
    /// The PUK is set.
    Puk,
    /// The PIN is set.
    Pin,
    /// The card holder unique identifier is written.
    CardHolder,
    /// Keys are generated on the chip.
    Keys,
    /// The management key is changed.
    ManagementKey,
    /// Everything is read back and proved, after a reset of the chip.
    Verify,
}

impl Phase {
    /// The phases that write, in their order.
    ///
    /// The CCC comes first, so that a torn chip says which secrets it may have. The CHUID comes
    /// last of the objects. The management key comes last of all: until then the old one opens
    /// the chip, and where the new one opens it, all before it is done.
    pub const WRITING: [Self; 6] = [
        Self::CardCapability,
        Self::Puk,
        Self::Pin,
        Self::CardHolder,
        Self::Keys,
        Self::ManagementKey,
    ];
}
