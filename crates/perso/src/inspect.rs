use crate::dialect::{Dialect, Knows, Said, Version, recognize};
use crate::{ChipFacts, ChipIds, PivFacts};
use cardwright_card::commands::{self, CARD_CAPABILITY, CARD_HOLDER, Metadata, PinStatus};
use cardwright_card::objects::{CardCapability, Guid};
use cardwright_card::{CardError, Channel, ManagementKeyAlgorithm, Transport};

/// Says what a chip is. Spends no try, writes nothing.
///
/// # Errors
/// [`CardError`]: the link was lost, or the chip answers what no standard allows.
pub fn inspect(transport: &mut dyn Transport) -> Result<ChipFacts, CardError> {
    let channel = &mut Channel::new(transport);
    let ids = immutable_ids(channel, &Asked::ALL)?;
    Ok(examine(channel, ids, Depth::Facts)?.facts)
}

/// How much of a chip is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// All that a person may want to know.
    Facts,
    /// What a run needs. The serial number is a hint, which an inspection has told, but for a chip
    /// that has no name of its own.
    Run,
}

/// The facts, and what they come from.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) facts: ChipFacts,
    /// The maker of the PIV application, or why the chip is refused, in words.
    pub(crate) dialect: Result<&'static Dialect, &'static str>,
    pub(crate) version: Option<Version>,
    /// What the chip says of its PIN.
    pub(crate) pin: Option<Metadata>,
    /// What the chip says of its PUK.
    pub(crate) puk: Option<Metadata>,
    /// The CCC as it is on the chip.
    pub(crate) card_capability: Option<Vec<u8>>,
    /// The CHUID as it is on the chip.
    pub(crate) card_holder: Option<Vec<u8>>,
    /// The discovery object as it is on the chip, where a run may write it.
    pub(crate) discovery: Option<Vec<u8>>,
}

/// Reads the PIV application of a chip that gave these ids.
pub(crate) fn examine(
    channel: &mut Channel<'_>,
    mut ids: ChipIds,
    depth: Depth,
) -> Result<Examined, CardError> {
    let Some(properties) = commands::piv_properties(channel)? else {
        return Ok(Examined {
            facts: ChipFacts { ids, piv: None },
            dialect: Err("the chip has no PIV application"),
            version: None,
            pin: None,
            puk: None,
            card_capability: None,
            card_holder: None,
            discovery: None,
        });
    };
    let mut said = Said { properties, ..Said::default() };
    let version = match depth == Depth::Run && said.has_label_of_maker() {
        true => None,
        false => commands::version(channel)?,
    };
    said.version = version.as_deref().and_then(numbers);
    if depth == Depth::Facts || said.has_yubikey_template() || !ids.has_name() {
        ids.serial = commands::serial(channel)?;
        said.has_serial = ids.serial.is_some();
    }
    // Nitrokey's firmware answers with nothing. A chip that says nothing of one key says nothing
    // of the others: the questions are saved.
    let tells_metadata = recognize(&said).map(|dialect| dialect.tells_metadata);
    let management_key = match tells_metadata == Ok(Knows::No) && said.has_label_of_maker() {
        true => None,
        false => commands::metadata(channel, commands::MANAGEMENT_KEY)?,
    };
    said.has_metadata = management_key.is_some();
    let (pin, puk) = match management_key {
        Some(_) => (
            commands::metadata(channel, commands::PIN)?,
            commands::metadata(channel, commands::PUK)?,
        ),
        None => (None, None),
    };
    if depth == Depth::Run && said.may_be_fips_yubikey() {
        said.is_fips = commands::is_fips_yubikey(channel)?;
        commands::select_piv(channel)?;
    }
    let dialect = recognize(&said);
    let pin_tries = pin_tries(channel)?;
    let card_capability = readable(commands::object(channel, CARD_CAPABILITY))?;
    let card_holder = readable(commands::object(channel, CARD_HOLDER))?;
    let takes_discovery = dialect.is_ok_and(|dialect| dialect.takes_discovery != Knows::No);
    let discovery = match depth == Depth::Run && takes_discovery {
        true => commands::discovery(channel)?,
        false => None,
    };
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
    let facts = ChipFacts { ids, piv: Some(piv) };
    let version = said.version;
    Ok(Examined { facts, dialect, version, pin, puk, card_capability, card_holder, discovery })
}

/// Which immutable ids are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    cplc: bool,
    iin: bool,
    cin: bool,
}

impl Asked {
    /// Everything that a chip may give.
    pub(crate) const ALL: Self = Self { cplc: true, iin: true, cin: true };

    /// What a chip gave already: it gives it always.
    pub(crate) fn those_of(given: &ChipIds) -> Self {
        let ChipIds { cplc, iin, cin, .. } = given;
        Self { cplc: cplc.is_some(), iin: iin.is_some(), cin: cin.is_some() }
    }

    /// What it takes to tell whether a chip is the one that gave these ids. The life cycle data
    /// tell every chip from every other; one that gave none has to give nothing else, either.
    pub(crate) fn to_tell(given: &ChipIds) -> Self {
        match given.cplc {
            Some(_) => Self::those_of(given),
            None => Self::ALL,
        }
    }
}

/// The chip's own name. Selecting the security domain also ends what another program left open in
/// the PIV application. A chip may lock its security domain away: then it has no name of its own.
pub(crate) fn immutable_ids(
    channel: &mut Channel<'_>,
    asked: &Asked,
) -> Result<ChipIds, CardError> {
    let mut ids = ChipIds::default();
    match commands::select_issuer_security_domain(channel) {
        Ok(true) => {}
        Ok(false) | Err(CardError::Refused { .. }) => return Ok(ids),
        Err(error) => return Err(error),
    }
    if asked.cplc {
        ids.cplc = commands::life_cycle_data(channel)?;
    }
    if asked.iin {
        ids.iin = commands::issuer_identification_number(channel)?;
    }
    if asked.cin {
        ids.cin = commands::card_image_number(channel)?;
    }
    Ok(ids)
}

/// Tries left of the PIN. A PIN that is verified hides them: log out, and ask again.
pub(crate) fn pin_tries(channel: &mut Channel<'_>) -> Result<Option<u8>, CardError> {
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

fn numbers(version: &str) -> Option<Version> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}
