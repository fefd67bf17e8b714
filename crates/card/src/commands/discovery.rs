use crate::{Apdu, CardError, Channel, objects, tlv};

const GET_DATA: u8 = 0xCB;
const PUT_DATA: u8 = 0xDB;

/// Reads the discovery object, with its tag `7E`: it has no outer tag `53`. `None` when it is
/// absent, or the chip does not know it.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn discovery(channel: &mut Channel<'_>) -> Result<Option<Vec<u8>>, CardError> {
    let name = tlv::encode(0x5C, &[objects::DISCOVERY_TAG]);
    let command = Apdu::new(GET_DATA, 0x3F, 0xFF).with_data(name).answered();
    match channel.send_accepted(&command) {
        Ok(answer) if answer.is_empty() => Ok(None),
        Ok(answer) => Ok(Some(answer.to_vec())),
        Err(CardError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the discovery object as it is, without `5C` and `53` (SP 800-73-5 part 2, table 14).
/// Needs the management key.
///
/// # Errors
/// [`CardError`].
pub fn put_discovery(channel: &mut Channel<'_>, object: &[u8]) -> Result<(), CardError> {
    let command = Apdu::new(PUT_DATA, 0x3F, 0xFF).with_data(object.to_vec());
    channel.send_accepted(&command)?;
    Ok(())
}
