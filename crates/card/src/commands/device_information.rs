use super::select::select_yubikey_management;
use crate::{Apdu, CardError, Channel, tlv};

const READ_DEVICE_INFORMATION: u8 = 0x1D;
const FORM_FACTOR: u32 = 0x04;
/// In the form factor: the key is of the FIPS series.
const IS_FIPS: u8 = 0x80;

/// Whether a YubiKey is of the FIPS series, which its management application says. That
/// application is selected then; `None` where there is none, or it does not say.
///
/// # Errors
/// [`CardError::Link`], or [`CardError::Refused`] for a status that says something else.
pub fn is_fips_yubikey(channel: &mut Channel<'_>) -> Result<Option<bool>, CardError> {
    if !select_yubikey_management(channel)? {
        return Ok(None);
    }
    let command = Apdu::new(READ_DEVICE_INFORMATION, 0x00, 0x00).answered();
    let answer = match channel.send_accepted(&command) {
        Ok(answer) => answer,
        Err(CardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    // One byte of length, then data objects.
    let fields = answer.split_first().map_or(&[][..], |(_, fields)| fields);
    match tlv::find(fields, FORM_FACTOR) {
        Ok(Some([form_factor])) => Ok(Some(form_factor & IS_FIPS != 0)),
        Ok(_) | Err(_) => Ok(None),
    }
}
