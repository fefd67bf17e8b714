use crate::{Apdu, CardError, Channel, tlv};

const PUT_DATA: u8 = 0xDB;

/// Writes an object; the value goes into its outer tag `53`. Needs the management key. Some cards
/// do not do it atomically: read it back.
///
/// # Errors
/// [`CardError`].
pub fn put_object(channel: &mut Channel<'_>, tag: u32, value: &[u8]) -> Result<(), CardError> {
    let [_, name @ ..] = tag.to_be_bytes();
    let mut data = tlv::encode(0x5C, &name);
    tlv::append(&mut data, 0x53, value);
    channel.send_accepted(&Apdu::new(PUT_DATA, 0x3F, 0xFF).with_data(data))?;
    Ok(())
}
