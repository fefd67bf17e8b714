use crate::{ChipFacts, ChipIds, PivFacts};
use cardwright_card::commands::{self, CARD_CAPABILITY, CARD_HOLDER, Metadata, PinStatus};
use cardwright_card::objects::{CardCapability, Guid};
use cardwright_card::{CardError, Channel, ManagementKeyAlgorithm, Transport};

/// Says what a chip is. Spends no try, writes nothing.
///
/// # Errors
/// [`CardError`]: the link was lost, or the chip answers what no standard allows.
pub fn inspect(transport: &mut dyn Transport) -> Result<ChipFacts, CardError> {
    Ok(examine(&mut Channel::new(transport))?.facts)
}

/// The facts, and the objects that they come from.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) facts: ChipFacts,
    /// The CCC as it is on the chip.
    pub(crate) card_capability: Option<Vec<u8>>,
    /// The CHUID as it is on the chip.
    pub(crate) card_holder: Option<Vec<u8>>,
}

pub(crate) fn examine(channel: &mut Channel<'_>) -> Result<Examined, CardError> {
    let mut ids = immutable_ids(channel)?;
    if !commands::select_piv(channel)? {
        let facts = ChipFacts { ids, piv: None };
        return Ok(Examined { facts, card_capability: None, card_holder: None });
    }
    let version = commands::version(channel)?;
    ids.serial = commands::serial(channel)?;
    let management_key = commands::metadata(channel, commands::MANAGEMENT_KEY)?;
    // A chip that says nothing of one key says nothing of the others: the questions are saved.
    let (pin, puk) = match management_key {
        Some(_) => (
            commands::metadata(channel, commands::PIN)?,
            commands::metadata(channel, commands::PUK)?,
        ),
        None => (None, None),
    };
    let pin_tries = pin_tries(channel)?;
    let card_capability = readable(commands::object(channel, CARD_CAPABILITY))?;
    let card_holder = readable(commands::object(channel, CARD_HOLDER))?;
    ids.card_id =
        card_capability.as_deref().and_then(|ccc| Some(CardCapability::parse(ccc).ok()?.card_id));
    ids.guid = card_holder.as_deref().and_then(Guid::find);
    let tries_left = |metadata: &Option<Metadata>| metadata.as_ref().and_then(|m| m.tries_left);
    let piv = PivFacts {
        version,
        pin_tries: pin_tries.or(tries_left(&pin)),
        puk_tries: tries_left(&puk),
        management_key_algorithm: management_key
            .as_ref()
            .and_then(|metadata| metadata.algorithm)
            .and_then(ManagementKeyAlgorithm::from_identifier),
        factory_secrets: all_default([&pin, &puk, &management_key]),
    };
    Ok(Examined { facts: ChipFacts { ids, piv: Some(piv) }, card_capability, card_holder })
}

/// The chip's own name. Selecting the security domain also ends what another program left open in
/// the PIV application.
fn immutable_ids(channel: &mut Channel<'_>) -> Result<ChipIds, CardError> {
    let mut ids = ChipIds::default();
    if select_domain(channel)? {
        ids.cplc = commands::life_cycle_data(channel)?;
        ids.iin = commands::issuer_identification_number(channel)?;
        ids.cin = commands::card_image_number(channel)?;
    }
    Ok(ids)
}

/// The chip's own name once more: what it did not give the first time is not asked for.
pub(crate) fn immutable_ids_again(
    channel: &mut Channel<'_>,
    first: &ChipIds,
) -> Result<ChipIds, CardError> {
    let mut ids = ChipIds::default();
    if select_domain(channel)? {
        if first.cplc.is_some() {
            ids.cplc = commands::life_cycle_data(channel)?;
        }
        if first.iin.is_some() {
            ids.iin = commands::issuer_identification_number(channel)?;
        }
        if first.cin.is_some() {
            ids.cin = commands::card_image_number(channel)?;
        }
    }
    Ok(ids)
}

/// A chip may lock its security domain away: then it has no name of its own.
fn select_domain(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    match commands::select_issuer_security_domain(channel) {
        Err(CardError::Refused { .. }) => Ok(false),
        outcome => outcome,
    }
}

/// Tries left of the PIN. A PIN that is verified hides them: log out, and ask again.
fn pin_tries(channel: &mut Channel<'_>) -> Result<Option<u8>, CardError> {
    let mut status = commands::pin_status(channel)?;
    if status == PinStatus::Verified {
        match commands::log_out(channel) {
            Ok(()) => status = commands::pin_status(channel)?,
            Err(CardError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    match status {
        PinStatus::Tries(tries) => Ok(Some(tries)),
        PinStatus::Verified | PinStatus::Unknown => Ok(None),
    }
}

/// An object that the chip keeps to itself, or that is garbage after a tear, is as good as absent.
fn readable(
    object: Result<Option<zeroize::Zeroizing<Vec<u8>>>, CardError>,
) -> Result<Option<Vec<u8>>, CardError> {
    match object {
        Ok(value) => Ok(value.map(|value| value.to_vec())),
        Err(CardError::Link(error)) => Err(CardError::Link(error)),
        Err(CardError::Refused { .. } | CardError::Malformed { .. }) => Ok(None),
    }
}

/// `None` unless the chip says it of all three.
fn all_default(metadata: [&Option<Metadata>; 3]) -> Option<bool> {
    let flags: Option<Vec<bool>> =
        metadata.into_iter().map(|metadata| metadata.as_ref()?.is_default).collect();
    flags.map(|flags| flags.into_iter().all(|is_default| is_default))
}
