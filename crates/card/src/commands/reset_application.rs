use crate::{Apdu, CardError, Channel, StatusWord};

const RESET: u8 = 0xFB;

/// Sets the application back to its maker's values (YubiKey family), where its PIN and PUK are
/// blocked. `9000` means that it did; what else a chip says is its maker's choice.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn reset_application(channel: &mut Channel<'_>) -> Result<StatusWord, CardError> {
    Ok(channel.send(&Apdu::new(RESET, 0x00, 0x00))?.status)
}
