use crate::{Apdu, CardError, Channel};

const SET_TRIES: u8 = 0xFA;

/// Sets how many tries PIN and PUK have (YubiKey family), **and sets both back to their maker's
/// values**. Needs the management key, and the PIN verified.
///
/// # Errors
/// [`CardError`].
pub fn set_tries(channel: &mut Channel<'_>, pin: u8, puk: u8) -> Result<(), CardError> {
    channel.send_accepted(&Apdu::new(SET_TRIES, pin, puk))?;
    Ok(())
}
