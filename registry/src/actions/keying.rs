//! What a job puts on a chip, and what the chip may have now.

use super::ActionError;
use super::assess::Named;
use crate::escrow::{make_pin, random_bytes};
use crate::profiles::LoadedProfile;
use crate::registry::Registry;
use crate::store::{
    CardRecord, ChipRecord, GenerationRecord, GenerationState, NewGeneration, Transaction,
};
use cardwright_seal::{CARD_ID_LENGTH, Candidates, RootKey, RootKeys, Secret};

/// Most known keyings that are candidates, beside the one before.
const MAX_OTHERS: usize = 3;

type CardId = [u8; CARD_ID_LENGTH];

/// The keying that a job is for.
pub(super) struct Keying {
    pub(super) generation: GenerationRecord,
    pub(super) pin: Secret,
    pub(super) candidates: Vec<Candidates>,
    /// The chip may have a PIN that nobody knows.
    pub(super) pin_by_puk: bool,
}

/// What a keying is made from.
pub(super) struct Keyer<'a> {
    pub(super) registry: &'a Registry,
    pub(super) transaction: &'a Transaction,
    pub(super) profile: &'a LoadedProfile,
    pub(super) card: &'a CardRecord,
    pub(super) chip: &'a ChipRecord,
    pub(super) now: i64,
}

impl Keyer<'_> {
    /// Continues the pending generation of a chip, adopts the one that it names, or begins the
    /// next one.
    pub(super) async fn keying(&self, named: Named) -> Result<Keying, ActionError> {
        let mut known = self.transaction.generations(self.chip.id).await?;
        let is_pending = |newest: &GenerationRecord| newest.state == GenerationState::Pending;
        let pending = known.first().is_some_and(is_pending);
        let generation = match named {
            Named::Unknown(card_id) => {
                if pending {
                    // What the chip names was written after it.
                    self.transaction.pass_generation(&known[0]).await?;
                    known[0].state = GenerationState::Past;
                }
                self.begin(card_id, true).await?
            }
            _ if pending => known.remove(0),
            _ => {
                let version = self.registry.root_keys.current().version();
                let before = known.first().map(|before| &before.card_id);
                self.begin(next_card_id(version, before)?, false).await?
            }
        };
        let pin = self.pin(&generation)?;
        let older = match named {
            Named::UnknownOlder(card_id) => Some(card_id),
            Named::Nothing | Named::Known | Named::Unknown(_) => None,
        };
        let candidates = self.candidates(&generation, older, &known)?;
        let pin_by_puk = generation.adopted || older.is_some();
        Ok(Keying { generation, pin, candidates, pin_by_puk })
    }

    /// A generation with a new PIN, which is in the database before anybody else has it.
    async fn begin(&self, card_id: CardId, adopted: bool) -> Result<GenerationRecord, ActionError> {
        let pin = make_pin(self.profile.profile.pin, &self.card.number)?;
        let pin = self.registry.escrow.seal(&pin, &self.card.number, &card_id)?;
        let new = NewGeneration { chip: self.chip.id, card_id, pin, adopted };
        Ok(self.transaction.insert_generation(new, self.now).await?)
    }

    fn pin(&self, generation: &GenerationRecord) -> Result<Secret, ActionError> {
        let GenerationRecord { pin, card_id, .. } = generation;
        Ok(self.registry.escrow.open(pin, &self.card.number, card_id)?)
    }

    /// The values that the chip may have beside the wanted ones, the likeliest first: of an older
    /// keying that it names, the generation before, whatever was issued since the last one that
    /// is known to be whole, the factory's.
    fn candidates(
        &self,
        generation: &GenerationRecord,
        named: Option<CardId>,
        known: &[GenerationRecord],
    ) -> Result<Vec<Candidates>, ActionError> {
        let mut card_ids: Vec<CardId> = Vec::new();
        let whole = known.iter().position(|of| of.state == GenerationState::Whole);
        let since_whole = known.iter().take(whole.map_or(known.len(), |whole| whole + 1));
        let others = since_whole.map(|of| of.card_id).take(MAX_OTHERS);
        let before = before(&generation.card_id, known, &self.registry.root_keys);
        for card_id in named.into_iter().chain(before).chain(others) {
            if card_id != generation.card_id && !card_ids.contains(&card_id) {
                card_ids.push(card_id);
            }
        }
        let candidates = |card_id: CardId| {
            let root_key = root_key_of(self.registry, &card_id)?;
            let row = known.iter().find(|of| of.card_id == card_id);
            Ok(Candidates {
                card_id: Some(card_id.to_vec().into()),
                pins: row.map(|row| self.pin(row)).transpose()?.into_iter().collect(),
                puks: vec![root_key.puk(&card_id)],
                management_keys: self
                    .profile
                    .management_key_algorithms()
                    .map(|algorithm| root_key.management_key(&card_id, algorithm))
                    .collect(),
            })
        };
        let factory = Ok(self.profile.factory_candidates());
        card_ids.into_iter().map(candidates).chain([factory]).collect()
    }
}

/// The root key that a chip with this card id was keyed under.
pub(super) fn root_key_of<'a>(
    registry: &'a Registry,
    card_id: &CardId,
) -> Result<&'a RootKey, ActionError> {
    let root_key = registry.root_keys.of(card_id);
    root_key.ok_or(ActionError::Inconsistent("a chip was keyed under a root key that is not there"))
}

/// The card ids that a chip may have had one generation ago, the likeliest first; none for the
/// first one.
///
/// Generations count on when the root key has a new version, so that the one before has the same
/// random bytes, one generation less, and the same or an older version. Which one, its row says;
/// where that is lost, it is between the version of the newest keying before it that is known and
/// its own.
fn before(card_id: &CardId, known: &[GenerationRecord], root_keys: &RootKeys) -> Vec<CardId> {
    let Some(generation) = card_id[13].checked_sub(1).filter(|generation| *generation >= 1) else {
        return Vec::new();
    };
    let alike = known.iter().map(|of| of.card_id).filter(|of| of[..12] == card_id[..12]);
    let older: Vec<CardId> = alike.filter(|of| of[13] <= generation).collect();
    let rows: Vec<CardId> = older.iter().filter(|of| of[13] == generation).copied().collect();
    if !rows.is_empty() {
        return rows;
    }
    let oldest = older.iter().max_by_key(|of| of[13]).map_or(1, |newest| newest[12]);
    let versions = root_keys.iter().rev().map(RootKey::version);
    let possible = versions.filter(|version| (oldest..=card_id[12]).contains(version));
    let of_version = |version| {
        let mut before = *card_id;
        (before[12], before[13]) = (version, generation);
        before
    };
    possible.map(of_version).collect()
}

/// The card id of a chip's next generation: 12 random bytes that stay, the root key's version, and
/// the generation, which counts from 1, whatever the version; after 255 the random bytes are made
/// anew. So random bytes and generation together name one keying of one chip.
fn next_card_id(root_key_version: u8, before: Option<&CardId>) -> Result<CardId, ActionError> {
    let mut card_id = [0; CARD_ID_LENGTH];
    match before {
        Some(before) if before[13] < u8::MAX => {
            card_id[..12].copy_from_slice(&before[..12]);
            card_id[13] = before[13] + 1;
        }
        _ => {
            card_id[..12].copy_from_slice(&random_bytes::<12>()?);
            card_id[13] = 1;
        }
    }
    card_id[12] = root_key_version;
    Ok(card_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_count_and_begin_anew_after_the_last() {
        let first = next_card_id(1, None).unwrap();
        assert_eq!(first[12..], [1, 1]);
        let second = next_card_id(1, Some(&first)).unwrap();
        assert_eq!(second[..12], first[..12]);
        assert_eq!(second[12..], [1, 2]);
        let third = next_card_id(2, Some(&second)).unwrap();
        assert_eq!(third[..12], first[..12]);
        assert_eq!(third[12..], [2, 3], "a new version of the root key counts on");
        let mut last = first;
        last[13] = 255;
        let anew = next_card_id(1, Some(&last)).unwrap();
        assert_ne!(anew[..12], last[..12]);
        assert_eq!(anew[13], 1);
    }

    #[test]
    fn the_generation_before_is_under_its_own_version_or_an_older_one() {
        let keys = [1, 2, 4].map(RootKey::generate_version);
        let keys = RootKeys::new(keys).unwrap();
        let named = |random: u8, version: u8, generation: u8| {
            let mut card_id = [random; CARD_ID_LENGTH];
            (card_id[12], card_id[13]) = (version, generation);
            card_id
        };
        let row = |card_id: CardId| GenerationRecord {
            id: 1,
            chip: 1,
            card_id,
            pin: (Vec::new(), Vec::new()),
            state: GenerationState::Past,
            adopted: false,
        };
        // Of which card id, what is known, newest first, and the versions of the one before.
        for (of, known, versions) in [
            (named(7, 1, 1), &[][..], &[][..]),
            (named(7, 1, 0), &[], &[]),
            (named(7, 1, 9), &[], &[1]),
            (named(7, 2, 9), &[], &[2, 1]),
            (named(7, 4, 9), &[], &[4, 2, 1]),
            (named(7, 4, 9), &[named(7, 2, 8), named(7, 1, 7)], &[2]),
            (named(7, 4, 9), &[named(7, 2, 8), named(7, 1, 8)], &[2, 1]),
            (named(7, 4, 9), &[named(7, 2, 5), named(7, 1, 4)], &[4, 2]),
            (named(7, 4, 9), &[named(7, 4, 5)], &[4]),
            (named(7, 4, 9), &[named(8, 2, 8)], &[4, 2, 1]),
            (named(7, 1, 3), &[named(7, 4, 9)], &[1]),
        ] {
            let known: Vec<_> = known.iter().map(|card_id| row(*card_id)).collect();
            let found = before(&of, &known, &keys);
            assert!(found.iter().all(|id| id[..12] == of[..12] && id[13] + 1 == of[13]));
            let found: Vec<_> = found.iter().map(|id| id[12]).collect();
            assert_eq!(found, versions, "{of:?} {known:?}");
        }
    }
}
