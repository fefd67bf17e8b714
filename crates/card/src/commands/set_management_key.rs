use super::MANAGEMENT_KEY;
use crate::{Apdu, CardError, Channel, ManagementKey, StatusWord};
use zeroize::Zeroizing;

const SET_MANAGEMENT_KEY: u8 = 0xFF;
const NEVER_ASK_FOR_TOUCH: u8 = 0xFF;

/// Sets the management key (YubiKey family); `false` when the chip does not take the cipher, and
/// kept its key. Needs the management key that it has.
///
/// # Errors
/// [`CardError`].
pub fn set_management_key(
    channel: &mut Channel<'_>,
    key: &ManagementKey,
) -> Result<bool, CardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(3 + key.bytes().len()));
    data.extend([key.algorithm().identifier(), MANAGEMENT_KEY, key.bytes().len() as u8]);
    data.extend(key.bytes());
    let command = Apdu::new(SET_MANAGEMENT_KEY, 0xFF, NEVER_ASK_FOR_TOUCH).with_data(data);
    match channel.send_accepted(&command) {
        Ok(_) => Ok(true),
        Err(CardError::Refused {
            status:
                StatusWord::WRONG_DATA | StatusWord::NOT_SUPPORTED | StatusWord::WRONG_PARAMETERS,
        }) => Ok(false),
        Err(error) => Err(error),
    }
}
