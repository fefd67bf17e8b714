use super::{PIN, PUK, Presented};
use crate::{Apdu, CardError, Channel, Pin, Puk};
use zeroize::Zeroizing;

const CHANGE_REFERENCE_DATA: u8 = 0x24;

/// Changes the PIN; a wrong old one spends a try of the PIN.
///
/// # Errors
/// [`CardError`].
pub fn change_pin(channel: &mut Channel<'_>, old: &Pin, new: &Pin) -> Result<Presented, CardError> {
    change(channel, PIN, old.padded(), new.padded())
}

/// Changes the PUK; a wrong old one spends a try of the PUK. With the same value twice it proves
/// the PUK and fills its tries up again.
///
/// # Errors
/// [`CardError`].
pub fn change_puk(channel: &mut Channel<'_>, old: &Puk, new: &Puk) -> Result<Presented, CardError> {
    change(channel, PUK, old.bytes(), new.bytes())
}

fn change(
    channel: &mut Channel<'_>,
    reference: u8,
    old: &[u8; 8],
    new: &[u8; 8],
) -> Result<Presented, CardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(16));
    data.extend(old);
    data.extend(new);
    let command = Apdu::new(CHANGE_REFERENCE_DATA, 0x00, reference).with_data(data);
    Presented::from_status(channel.send(&command)?.status)
}
