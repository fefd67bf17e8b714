use crate::{Apdu, CardError, Channel, tlv};

const GET_METADATA: u8 = 0xF7;

/// What a chip of the YubiKey family says of a key, a PIN or a PUK. What it does not say is
/// `None`: unknown, never "default".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Algorithm identifier.
    pub algorithm: Option<u8>,
    /// Whether it has its factory value.
    pub is_default: Option<bool>,
    /// Tries of a PIN or PUK whose last value was right.
    pub tries: Option<u8>,
    /// Tries left.
    pub tries_left: Option<u8>,
    /// Data objects of the public key.
    pub public_key: Option<Vec<u8>>,
}

/// Asks for the metadata of a key reference. `None` from a chip that does not know the
/// instruction, or that answers it with nothing.
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn metadata(channel: &mut Channel<'_>, reference: u8) -> Result<Option<Metadata>, CardError> {
    let command = Apdu::new(GET_METADATA, 0x00, reference).answered();
    let answer = match channel.send_accepted(&command) {
        Ok(answer) if !answer.is_empty() => answer,
        Ok(_) | Err(CardError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut metadata = Metadata::default();
    let malformed = CardError::Malformed { what: "metadata" };
    for object in tlv::parse(&answer).map_err(|_| malformed)? {
        match (object.tag, object.value) {
            (0x01, [algorithm]) => metadata.algorithm = Some(*algorithm),
            (0x04, fields) => metadata.public_key = Some(fields.to_vec()),
            (0x05, [is_default]) => metadata.is_default = Some(*is_default != 0),
            (0x06, [tries, tries_left]) => {
                metadata.tries = Some(*tries);
                metadata.tries_left = Some(*tries_left);
            }
            _ => {}
        }
    }
    Ok(Some(metadata))
}
