use crate::{Apdu, CardError, Channel, tlv};

const GET_DATA: u8 = 0xCA;
const GLOBAL_PLATFORM: u8 = 0x80;

const LIFE_CYCLE_DATA: u16 = 0x9F7F;
const ISSUER_IDENTIFICATION_NUMBER: u16 = 0x0042;
const CARD_IMAGE_NUMBER: u16 = 0x0045;

/// Where the lasting parts of the card production life cycle data are: fabricator and type,
/// fabrication date, serial and batch. The parts between name the operating system; everything
/// from byte 18 on is rewritten by issuers.
const LASTING: [std::ops::Range<usize>; 3] = [0..4, 10..12, 12..18];

/// Longest issuer identification or card image number that is taken for one, in bytes. Those in
/// the field have at most 10: a chip that gives more says nothing that could be kept.
const LONGEST_NUMBER: usize = 32;

/// The 12 lasting bytes of the card production life cycle data (GlobalPlatform Card Specification
/// 2.3.1, H.6), where the selected security domain gives them. All zero counts as none.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn life_cycle_data(channel: &mut Channel<'_>) -> Result<Option<[u8; 12]>, CardError> {
    let Some(data) = data_object(channel, LIFE_CYCLE_DATA)? else { return Ok(None) };
    let parts = LASTING.map(|range| data.get(range));
    let lasting: Vec<u8> = parts.into_iter().flatten().flatten().copied().collect();
    match <[u8; 12]>::try_from(lasting) {
        Ok(lasting) if lasting != [0; 12] => Ok(Some(lasting)),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// The issuer identification number (GlobalPlatform Card Specification 2.3.1, H.2, tag `42`).
///
/// # Errors
/// As [`life_cycle_data`].
pub fn issuer_identification_number(
    channel: &mut Channel<'_>,
) -> Result<Option<Vec<u8>>, CardError> {
    number(channel, ISSUER_IDENTIFICATION_NUMBER)
}

/// The card image number (GlobalPlatform Card Specification 2.3.1, H.2, tag `45`).
///
/// # Errors
/// As [`life_cycle_data`].
pub fn card_image_number(channel: &mut Channel<'_>) -> Result<Option<Vec<u8>>, CardError> {
    number(channel, CARD_IMAGE_NUMBER)
}

fn number(channel: &mut Channel<'_>, tag: u16) -> Result<Option<Vec<u8>>, CardError> {
    Ok(data_object(channel, tag)?.filter(|number| number.len() <= LONGEST_NUMBER))
}

/// Some chips leave the tag away: then the answer is the value.
fn data_object(channel: &mut Channel<'_>, tag: u16) -> Result<Option<Vec<u8>>, CardError> {
    let [p1, p2] = tag.to_be_bytes();
    let command = Apdu::new(GET_DATA, p1, p2).in_class(GLOBAL_PLATFORM).answered();
    let answer = match channel.send_accepted(&command) {
        Ok(answer) => answer,
        Err(CardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let value = match tlv::find(&answer, tag.into()) {
        Ok(Some(value)) => value.to_vec(),
        Ok(None) | Err(_) => answer.to_vec(),
    };
    Ok((!value.is_empty()).then_some(value))
}
