use super::{PIN, Presented};
use crate::{Apdu, CardError, Channel, Pin, Puk};
use zeroize::Zeroizing;

const RESET_RETRY_COUNTER: u8 = 0x2C;

/// Sets the PIN by the PUK, whatever the PIN was, also when it is blocked; a wrong PUK spends a
/// try of the PUK.
///
/// # Errors
/// [`CardError`].
pub fn reset_pin(channel: &mut Channel<'_>, puk: &Puk, pin: &Pin) -> Result<Presented, CardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(16));
    data.extend(puk.bytes());
    data.extend(pin.padded());
    let command = Apdu::new(RESET_RETRY_COUNTER, 0x00, PIN).with_data(data);
    Presented::from_status(channel.send(&command)?.status)
}
