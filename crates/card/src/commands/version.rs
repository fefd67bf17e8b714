use crate::{Apdu, CardError, Channel};

const GET_VERSION: u8 = 0xFD;

/// The version that the application says it has, such as `5.7.1`. It names no maker: several say
/// the version of another.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn version(channel: &mut Channel<'_>) -> Result<Option<String>, CardError> {
    match channel.send_accepted(&Apdu::new(GET_VERSION, 0x00, 0x00).answered()) {
        Ok(answer) => match answer.as_slice() {
            [major, minor, patch] => Ok(Some(format!("{major}.{minor}.{patch}"))),
            _ => Ok(None),
        },
        Err(CardError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
