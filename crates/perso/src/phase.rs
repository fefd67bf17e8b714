/// The phases of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The chip is identified and its state read.
    Identify,
    /// The chip had values of somebody else, and is set back to its maker's.
    Erase,
    /// Mutual authentication with the management key that the chip has. Where nothing else speaks
    /// for the PUK it is proved, by changing it to itself; a chip that may keep its management key
    /// is asked to set the same one again. Both change nothing, but may be cut off inside.
    Authenticate,
    /// The numbers of tries of PIN and PUK are set.
    Retries,
    /// The card capability container with our card id is written.
    CardCapability,
    /// The PUK is set.
    Puk,
    /// The PIN is set.
    Pin,
    /// The other objects are written, the card holder unique identifier last.
    CardHolder,
    /// Keys are generated on the chip.
    Keys,
    /// The management key is changed.
    ManagementKey,
    /// Everything is read back and proved, after a reset of the chip.
    Verify,
}

impl Phase {
    /// The phases that write what the profile wants, in their order.
    ///
    /// The numbers of tries come first of all: setting them sets PIN and PUK back to the maker's.
    /// The CCC comes first, so that a torn chip says which secrets it may have. The CHUID comes
    /// last of the objects. The management key comes last of all: until then the old one opens
    /// the chip, and where the new one opens it, all before it is done.
    pub const WRITING: [Self; 7] = [
        Self::Retries,
        Self::CardCapability,
        Self::Puk,
        Self::Pin,
        Self::CardHolder,
        Self::Keys,
        Self::ManagementKey,
    ];
}

impl Phase {
    /// Whether nothing brings back what the phase does away with: it is announced as such.
    #[must_use]
    pub fn is_irreversible(self) -> bool {
        self == Self::Erase
    }
}
