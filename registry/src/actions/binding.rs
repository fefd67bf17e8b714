//! Which card a chip belongs to.

use super::ActionError;
use super::view::pending_generation;
use crate::store::{CardRecord, ChipRecord, Snapshot};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::processes::Verdict;

/// How a chip is tied to a card, or why it cannot be.
pub(super) enum Binding {
    /// No card has it, and this card has no other.
    New { matched_by: Option<&'static str> },
    /// It is the chip of this card.
    Bound { chip: ChipRecord, matched_by: &'static str },
    /// It is not the chip of this card.
    Refused(Verdict),
}

/// Finds out which card a chip belongs to. Whatever could tie it to another card counts against it.
pub(super) async fn find_binding(
    snapshot: &Snapshot,
    card: &CardRecord,
    ids: &ChipIds,
) -> Result<Binding, ActionError> {
    let by_immutable = snapshot.chips_by_immutable_ids(ids).await?;
    let by_ours = snapshot.chips_by_our_ids(ids).await?;
    let by_first = match has_immutable(ids) {
        true => Vec::new(),
        false => snapshot.chips_by_first_ids(ids).await?,
    };
    let groups = [
        (by_immutable, "its production data are those recorded for this card"),
        (by_ours, "it names itself as this registry did for this card"),
        (by_first, "it names itself as it did when it was bound to this card"),
    ];
    let mut mine = None;
    for (chips, matched_by) in groups {
        for chip in chips {
            if chip.card != card.id {
                if is_called_alike(snapshot, &chip, ids).await? {
                    continue;
                }
                let other = snapshot.card_by_id(chip.card).await?;
                return Ok(bound_to_other(other.number));
            }
            mine = mine.or(Some((chip, matched_by)));
        }
    }
    if let Some((chip, matched_by)) = mine {
        return Ok(match chip.first.agrees_immutably(ids) {
            Ok(()) => Binding::Bound { chip, matched_by },
            // Somebody put our ids on another chip.
            Err(_) => other_expected(chip.first.short_name()),
        });
    }
    if let Some(bound) = snapshot.chip_of_card(card.id).await? {
        // A chip that had no id at all when it was bound cannot be recognized before ours are on
        // it; another chip without any id is not told from it.
        let nameless = is_nameless(&bound.first) && is_nameless(ids);
        return Ok(match nameless && pending_generation(snapshot, bound.id).await?.is_some() {
            true => Binding::Bound { chip: bound, matched_by: "nothing tells it from that chip" },
            false => other_expected(bound.first.short_name()),
        });
    }
    if let Some(cplc) = &ids.cplc
        && let Some(other) = snapshot.card_expecting(&cplc.0).await?
        && other.id != card.id
    {
        return Ok(bound_to_other(other.number));
    }
    // From after the backup that this database was restored from.
    if let Some(other) = snapshot.card_of_stray_receipt(ids, card.id).await? {
        return Ok(bound_to_other(snapshot.card_by_id(other).await?.number));
    }
    let named = ids.cplc.as_ref().map(|cplc| &cplc.0);
    Ok(match &card.expected_cplc {
        None => Binding::New { matched_by: None },
        Some(expected) if named == Some(expected) => {
            Binding::New { matched_by: Some("its production data are those that the bureau gave") }
        }
        Some(expected) => other_expected(cplc_ids(expected).short_name()),
    })
}

/// Whether a chip is surely another one than a bound chip, and bears the same name as it all the
/// same: some makers give one card id and one GUID to many chips, and an adopted chip keeps them.
async fn is_called_alike(
    snapshot: &Snapshot,
    bound: &ChipRecord,
    ids: &ChipIds,
) -> Result<bool, ActionError> {
    if bound.first.agrees_immutably(ids).is_ok() {
        return Ok(false);
    }
    let generations = snapshot.generations(bound.id).await?;
    Ok(generations.iter().any(|generation| generation.adopted))
}

fn bound_to_other(card: CardNumber) -> Binding {
    Binding::Refused(Verdict::BoundToOtherCard { card })
}

fn other_expected(expected: Option<String>) -> Binding {
    Binding::Refused(Verdict::OtherChipExpected { expected })
}

/// The ids of a chip of which only the lasting bytes of the CPLC are known.
pub(crate) fn cplc_ids(cplc: &[u8]) -> ChipIds {
    ChipIds { cplc: Some(HexBytes::from(cplc)), ..ChipIds::default() }
}

/// Leaves out what does not tell chips apart: values of a wrong length, the zeros that some makers
/// put in the place of serial and batch, card id and GUID, and a card image number without its
/// issuer, within which alone it is unique.
pub(super) fn telling_ids(ids: &ChipIds) -> ChipIds {
    let keep = |id: &Option<HexBytes>, length: usize, from: usize| {
        let telling = |id: &&HexBytes| id.0.len() == length && id.0[from..].iter().any(|b| *b != 0);
        id.as_ref().filter(telling).cloned()
    };
    let filled = |id: &Option<HexBytes>| id.as_ref().filter(|id| !id.0.is_empty()).cloned();
    let (iin, cin) = filled(&ids.iin).zip(filled(&ids.cin)).unzip();
    ChipIds {
        cplc: keep(&ids.cplc, 12, 6),
        iin,
        cin,
        card_id: keep(&ids.card_id, 14, 0),
        guid: keep(&ids.guid, 16, 0),
        serial: filled(&ids.serial),
        atr: filled(&ids.atr),
    }
}

fn has_immutable(ids: &ChipIds) -> bool {
    ids.cplc.is_some() || ids.cin.is_some()
}

/// Hints inform, and tell no chip from another.
fn is_nameless(ids: &ChipIds) -> bool {
    !has_immutable(ids) && ids.card_id.is_none() && ids.guid.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_values_of_a_wrong_length_tell_nothing() {
        let ids = ChipIds {
            cplc: Some("479051670001000000000000".parse().unwrap()),
            iin: Some(HexBytes(vec![])),
            cin: Some(HexBytes(vec![7])),
            card_id: Some(HexBytes(vec![0; 14])),
            guid: Some(HexBytes(vec![1; 15])),
            ..ChipIds::default()
        };
        assert_eq!(telling_ids(&ids), ChipIds::default());
        let ids = cplc_ids(&[0x47; 12]);
        assert_eq!(telling_ids(&ids), ids);
    }
}
