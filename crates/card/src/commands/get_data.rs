use crate::{Apdu, CardError, Channel, StatusWord, tlv};
use zeroize::Zeroizing;

const GET_DATA: u8 = 0xCB;

/// Reads an object: the value inside its outer tag `53`. `None` when it is absent or empty.
///
/// # Errors
/// [`CardError`]; malformed when the answer is not one object `53`.
pub fn object(
    channel: &mut Channel<'_>,
    tag: u32,
) -> Result<Option<Zeroizing<Vec<u8>>>, CardError> {
    let [_, name @ ..] = tag.to_be_bytes();
    let command = Apdu::new(GET_DATA, 0x3F, 0xFF).with_data(tlv::encode(0x5C, &name)).answered();
    let answer = match channel.send_accepted(&command) {
        Ok(answer) => answer,
        Err(CardError::Refused { status: StatusWord::NOT_FOUND }) => return Ok(None),
        Err(error) => return Err(error),
    };
    match tlv::find(&answer, 0x53) {
        Ok(Some([])) => Ok(None),
        Ok(Some(value)) => Ok(Some(Zeroizing::new(value.to_vec()))),
        Ok(None) | Err(_) => Err(CardError::Malformed { what: "an object without its tag 53" }),
    }
}
