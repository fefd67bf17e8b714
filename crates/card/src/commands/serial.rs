use crate::{Apdu, CardError, Channel};

const GET_SERIAL: u8 = 0xF8;

/// The serial number that the application says it has, 4 bytes. A hint: one maker gives one
/// number to every card, another changes its own.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn serial(channel: &mut Channel<'_>) -> Result<Option<[u8; 4]>, CardError> {
    match channel.send_accepted(&Apdu::new(GET_SERIAL, 0x00, 0x00).answered()) {
        Ok(answer) => Ok(answer.as_slice().try_into().ok()),
        Err(CardError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
