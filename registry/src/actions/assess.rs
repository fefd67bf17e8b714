//! What a chip means for a card: which chip it is, and whether a job may be issued for it.

use super::ActionError;
use super::view::pending_generation;
use crate::store::{CardRecord, ChipRecord, GenerationRecord, JobState, Snapshot};
use cardwright_protocol::chip::{ChipFacts, ChipIds, PivFacts};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::outcome::{FailureCause, JobFailure};
use cardwright_protocol::registry::processes::{Assessment, Verdict};

/// A judgement and what it rests on.
pub(crate) struct Judgement {
    pub(crate) assessment: Assessment,
    /// The ids that tell this chip from others; the rest is left out.
    pub(crate) ids: ChipIds,
    /// The chip, where it is bound to this card already.
    pub(crate) chip: Option<ChipRecord>,
}

/// Judges a chip for a card. Whatever could tie it to another card counts against it.
pub(crate) async fn assess(
    snapshot: &Snapshot,
    card: &CardRecord,
    facts: &ChipFacts,
) -> Result<Judgement, ActionError> {
    let ids = telling_ids(&facts.ids);
    let binding = find_binding(snapshot, card, &ids).await?;
    let (verdict, chip, matched_by) = match (&facts.piv, binding) {
        (None, _) => (Verdict::UnknownKind, None, None),
        (Some(_), Binding::Refused(verdict)) => (verdict, None, None),
        (Some(_), _) if facts.contactless => (Verdict::Contactless, None, None),
        (Some(piv), _) if is_blocked(piv) => (Verdict::Blocked, None, None),
        (Some(_), Binding::New { matched_by }) => (Verdict::Ready, None, matched_by),
        (Some(_), Binding::Bound { chip, matched_by }) => {
            let pending = pending_generation(snapshot, chip.id).await?;
            let is_closed = match &pending {
                Some(pending) => ended_at_reference_data(snapshot, pending).await?,
                None => false,
            };
            // The chip itself says so where no failure was handed over.
            let named = ids.card_id.as_ref().map(|id| &id.0[..]);
            let begun =
                |pending: GenerationRecord| card.interrupted || named == Some(&pending.card_id[..]);
            let verdict = match pending.is_some_and(begun) {
                _ if is_closed => Verdict::Blocked,
                true => Verdict::Interrupted,
                false => Verdict::Ready,
            };
            (verdict, Some(chip), Some(matched_by))
        }
    };
    let assessment = Assessment {
        verdict,
        chip: ids.short_name(),
        kind: kind(facts.piv.as_ref()),
        matched_by: matched_by.map(str::to_owned),
        erasable: false,
    };
    Ok(Judgement { assessment, ids, chip })
}

/// Whether the last job of a keying found no PIN or PUK that the chip takes, or too few tries.
/// Another job would only spend another try, on a chip that may not even say how many are left.
async fn ended_at_reference_data(
    snapshot: &Snapshot,
    generation: &GenerationRecord,
) -> Result<bool, ActionError> {
    let Some(job) = snapshot.last_settled_job(generation.id).await? else { return Ok(false) };
    let failure = job.outcome.filter(|_| job.state == JobState::Failed);
    let failure = failure.map(|statement| serde_json::from_str::<JobFailure>(&statement));
    let failure = failure.transpose();
    let failure = failure.map_err(|_| ActionError::Inconsistent("a failure cannot be read"))?;
    Ok(failure.is_some_and(|failure| match failure.cause {
        FailureCause::Foreign { what } | FailureCause::Blocked { what } => {
            matches!(what.as_str(), "PIN" | "PUK")
        }
        _ => false,
    }))
}

/// How a chip is tied to a card, or why it cannot be.
enum Binding {
    /// No card has it, and this card has no other.
    New { matched_by: Option<&'static str> },
    /// It is the chip of this card.
    Bound { chip: ChipRecord, matched_by: &'static str },
    /// It is not the chip of this card.
    Refused(Verdict),
}

async fn find_binding(
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
    let named = ids.cplc.as_ref().map(|cplc| &cplc.0);
    Ok(match &card.expected_cplc {
        None => Binding::New { matched_by: None },
        Some(expected) if named == Some(expected) => {
            Binding::New { matched_by: Some("its production data are those that the bureau gave") }
        }
        Some(expected) => other_expected(cplc_ids(expected).short_name()),
    })
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
fn telling_ids(ids: &ChipIds) -> ChipIds {
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

fn is_blocked(piv: &PivFacts) -> bool {
    piv.pin_tries == Some(0) || piv.puk_tries == Some(0)
}

fn kind(piv: Option<&PivFacts>) -> String {
    let Some(piv) = piv else { return "no PIV applet".to_owned() };
    let name = match &piv.version {
        Some(version) => format!("PIV {version}"),
        None => "PIV".to_owned(),
    };
    match piv.factory_secrets {
        Some(true) => format!("{name}, as from the factory"),
        Some(false) => format!("{name}, with values of its own"),
        None => name,
    }
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
