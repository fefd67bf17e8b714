//! What a chip means for a card: which chip it is, and whether a job may be issued for it.

use super::ActionError;
use super::binding::{Binding, find_binding, telling_ids};
use super::never_began;
use super::past_jobs::past_jobs;
use super::tries::{Allowance, Naming, last_finding};
use super::verified::Verified;
use super::view::{profile_of, template_of};
use crate::profiles::LoadedProfile;
use crate::registry::Registry;
use crate::store::{
    CardRecord, ChipRecord, GenerationRecord, GenerationState, JobRecord, Snapshot,
};
use cardwright_protocol::chip::{ChipIds, PivFacts};
use cardwright_protocol::outcome::ChipReport;
use cardwright_protocol::registry::processes::{Assessment, Verdict};
use cardwright_seal::CARD_ID_LENGTH;

/// Why a chip is held to be one of this registry's that the database knows nothing of.
const NAMES_ITSELF: &str = "it names itself as this registry's";

/// A judgement and what it rests on.
pub(crate) struct Judgement {
    pub(crate) assessment: Assessment,
    /// The ids that tell this chip from others; the rest is left out.
    pub(crate) ids: ChipIds,
    /// The chip, where it is bound to this card already.
    pub(crate) chip: Option<ChipRecord>,
    pub(crate) named: Named,
    /// What a job may spend; `None` where another attempt could be the last.
    pub(crate) allowance: Option<Allowance>,
    /// What a job may spend that erases the chip; `None` where it cannot be erased.
    pub(crate) erasing: Option<Allowance>,
    /// Jobs for the chip that never began, by what the report says.
    pub(crate) never_began: Vec<JobRecord>,
}

/// What the card id on a chip says of its keying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// It is the maker's or somebody else's, or there is none.
    Nothing,
    /// It is that of a keying that the database knows.
    Known,
    /// This registry gave it, and lost what it knew of that: the keying is to be adopted.
    Unknown([u8; CARD_ID_LENGTH]),
    /// As before, but a later keying of the same chip is known.
    UnknownOlder([u8; CARD_ID_LENGTH]),
}

/// Judges the chip of a report for a card.
pub(crate) async fn assess(
    registry: &Registry,
    snapshot: &Snapshot,
    card: &CardRecord,
    from: &Verified<ChipReport>,
) -> Result<Judgement, ActionError> {
    let facts = &from.statement.chip;
    let ids = telling_ids(&facts.ids);
    let template = template_of(snapshot, card).await?;
    let mut judgement = Judgement {
        assessment: Assessment {
            verdict: Verdict::UnknownKind,
            chip: ids.short_name(),
            kind: kind(facts.piv.as_ref()),
            matched_by: None,
            erasable: false,
        },
        chip: None,
        named: Named::Nothing,
        allowance: None,
        erasing: None,
        never_began: Vec::new(),
        ids,
    };
    let Some(piv) = &facts.piv else { return Ok(judgement) };
    let (chip, matched_by) = match find_binding(snapshot, card, &judgement.ids).await? {
        Binding::Refused(verdict) => {
            judgement.assessment.verdict = verdict;
            return Ok(judgement);
        }
        Binding::New { matched_by } => (None, matched_by),
        Binding::Bound { chip, matched_by } => (Some(chip), Some(matched_by)),
    };
    if facts.contactless {
        judgement.assessment.verdict = Verdict::Contactless;
        return Ok(judgement);
    }
    let known = match &chip {
        Some(chip) => snapshot.generations(chip.id).await?,
        None => Vec::new(),
    };
    let jobs = match &chip {
        Some(chip) => snapshot.jobs_of_chip(chip.id).await?,
        None => Vec::new(),
    };
    let (never_began, jobs) = never_began::divide(snapshot, from, jobs).await?;
    let jobs = past_jobs(jobs)?;
    let named = named(registry, snapshot, &judgement.ids, chip.as_ref(), &known, piv).await?;
    let pending = known.iter().find(|generation| generation.state == GenerationState::Pending);
    let is_named = pending.is_some_and(|pending| names(&judgement.ids, pending));
    let (generation, naming) = match (named, pending) {
        (Named::Unknown(_), _) => (None, Naming::ThisGeneration),
        (_, Some(pending)) if is_named => (Some(pending.id), Naming::ThisGeneration),
        (_, pending) => (pending.map(|pending| pending.id), Naming::Another),
    };
    let profile = profile_of(registry, &template)?;
    let sets_tries = profile.profile.retries.is_some();
    let allowance = Allowance::of(&jobs, generation, naming, piv, sets_tries);
    let erasing = Allowance::to_erase(&jobs, generation, naming, piv);
    let finding = pending.and_then(|pending| last_finding(&jobs, pending.id));
    let assessment = &mut judgement.assessment;
    assessment.verdict = match finding {
        _ if is_blocked(piv) => Verdict::Blocked,
        // A chip that its maker's tool set back is as good as a new one.
        Some(finding) if piv.factory_secrets != Some(true) => finding,
        _ if (pending.is_none() || erasing.is_none())
            && named == Named::Nothing
            && is_used(piv, profile) =>
        {
            Verdict::Used
        }
        _ if allowance.is_none() => {
            assessment.kind += "; too many encodings were cut off around its PUK";
            Verdict::Blocked
        }
        _ if matches!(named, Named::Unknown(_)) => Verdict::Interrupted,
        // The chip itself says so where no failure was handed over.
        _ if pending.is_some() && (card.interrupted || is_named) => Verdict::Interrupted,
        _ => Verdict::Ready,
    };
    if matches!(assessment.verdict, Verdict::Used | Verdict::Blocked) {
        assessment.erasable = template.allow_erase && erasing.is_some();
        if erasing.is_none() {
            assessment.kind += "; it cannot be erased";
        }
    }
    assessment.matched_by = match (matched_by, named) {
        (None, Named::Unknown(_)) => Some(NAMES_ITSELF.to_owned()),
        (Some(matched_by), Named::Unknown(_)) => Some(format!("{matched_by}, and {NAMES_ITSELF}")),
        (matched_by, _) => matched_by.map(str::to_owned),
    };
    Ok(Judgement { chip, named, allowance, erasing, never_began, ..judgement })
}

/// What the chip's card id says, where no keying of another card's chip has the same one.
///
/// A maker's random card id may look like one of ours, once in 256 chips for each version of the
/// root key, where they do not say whether their secrets are the factory's. That ends well: the factory's values are candidates of an
/// adopted keying, too.
async fn named(
    registry: &Registry,
    snapshot: &Snapshot,
    ids: &ChipIds,
    chip: Option<&ChipRecord>,
    known: &[GenerationRecord],
    piv: &PivFacts,
) -> Result<Named, ActionError> {
    let card_id = ids.card_id.as_ref().and_then(|id| <[u8; CARD_ID_LENGTH]>::try_from(&*id.0).ok());
    let Some(card_id) = card_id else { return Ok(Named::Nothing) };
    if known.iter().any(|generation| generation.card_id == card_id) {
        return Ok(Named::Known);
    }
    let is_ours = registry.root_keys.of(&card_id).is_some() && card_id[13] >= 1;
    // It named itself so before we wrote on it.
    let is_first = chip.is_some_and(|chip| chip.first.card_id == ids.card_id) && !known.is_empty();
    if !is_ours || is_first || piv.factory_secrets == Some(true) {
        return Ok(Named::Nothing);
    }
    let is_alike = |known: &GenerationRecord| known.card_id[..12] == card_id[..12];
    if !known.iter().any(is_alike) && snapshot.is_keyed_like(&card_id).await? {
        // Another chip has that name, and this is not that chip: makers give one to many.
        return Ok(Named::Nothing);
    }
    let is_later = |known: &GenerationRecord| is_alike(known) && known.card_id[13] > card_id[13];
    Ok(match known.first().is_some_and(is_later) {
        true => Named::UnknownOlder(card_id),
        false => Named::Unknown(card_id),
    })
}

fn names(ids: &ChipIds, generation: &GenerationRecord) -> bool {
    ids.card_id.as_ref().is_some_and(|id| *id.0 == generation.card_id)
}

fn is_blocked(piv: &PivFacts) -> bool {
    piv.pin_tries == Some(0) || piv.puk_tries == Some(0)
}

/// Whether the chip says that its secrets are not its maker's, where they should be. A bureau that
/// sets values of its own changes what the chip says.
fn is_used(piv: &PivFacts, profile: &LoadedProfile) -> bool {
    piv.factory_secrets == Some(false) && profile.comes_with_makers_values()
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
