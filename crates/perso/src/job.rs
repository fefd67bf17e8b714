use crate::ChipIds;
use cardwright_card::objects::{CardId, ExpiryDate, FascN, Guid};
use cardwright_card::{ManagementKey, Pin, Puk, commands::PublicKey};
use cardwright_profile::{KeyReference, Profile};

/// What one chip is to become, and what it may be now.
#[derive(Debug, Clone)]
pub struct Job {
    /// The chip as it was inspected. Immutable ids must be found again; a card id or GUID must be
    /// found again, or be the wanted one.
    pub expected: ChipIds,
    /// What the finished card looks like; its keys are generated.
    pub profile: Profile,
    /// The values to write.
    pub wanted: Wanted,
    /// What the chip may have now, besides the wanted values: those of the generation before and
    /// those of the factory, the likeliest first.
    pub candidates: Vec<Candidates>,
    /// Which of two PUKs is presented first, where the chip may have either: the wanted one, and
    /// the one of the values that opened it. No other is ever presented.
    pub puk_first: PukFirst,
    /// The chip may have a PIN that nobody knows: no PIN is presented before the PUK has set the
    /// wanted one.
    pub pin_by_puk: bool,
    /// Public keys that earlier jobs of this generation told of: they are proved, and not made
    /// again.
    pub recorded_keys: Vec<RecordedKey>,
    /// The chip may be erased where it has values of somebody else.
    pub erase: bool,
    /// Values that may turn out wrong, at most. The last try of a counter is never spent, whatever
    /// is allowed here. The PUK that remains when the other was wrong is presented all the same
    /// where the chip says that it is not the last try.
    pub tries_allowed: Tries,
}

/// The values that a chip is to have. Doing the job again writes the same.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// For the CCC: names the chip and the generation of its secrets.
    pub card_id: CardId,
    /// For the CHUID.
    pub guid: Guid,
    /// For the CHUID.
    pub fasc_n: FascN,
    /// For the CHUID.
    pub expiry: ExpiryDate,
    /// The PIN.
    pub pin: Pin,
    /// The PUK.
    pub puk: Puk,
    /// The management key, once for each cipher that it may have, the preferred one first.
    pub management_keys: Vec<ManagementKey>,
}

/// Values that belong together: what a chip has after one generation was written, or when it
/// comes from the factory.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// The card id that the chip has with these values; `None` for the factory's.
    pub card_id: Option<CardId>,
    /// Management keys, the likeliest first.
    pub management_keys: Vec<ManagementKey>,
    /// The PUK; what comes after the first is not presented.
    pub puks: Vec<Puk>,
    /// The PIN; what comes after the first is not presented.
    pub pins: Vec<Pin>,
}

/// A key that is on the chip since an earlier job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedKey {
    /// Where.
    pub reference: KeyReference,
    /// As that job's receipt told it.
    pub public_key: PublicKey,
}

/// Which of two PUKs is presented first to a chip that may have either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PukFirst {
    /// The wanted one.
    Wanted,
    /// The one that belongs to the management key that opened the chip.
    Before,
}

/// Numbers of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}
