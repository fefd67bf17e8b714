use super::MalformedObject;
use crate::tlv;
use std::fmt;

/// The 14 bytes by which an issuer tells its chips apart, at the end of the CCC's card identifier.
/// On our chips they also name the secrets of the chip.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardId(pub [u8; 14]);

impl fmt::Debug for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// Card capability container, CCC (SP 800-73-5 part 1, table 8; NISTIR 6887, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardCapability {
    /// Last part of the card identifier.
    pub card_id: CardId,
}

/// Registered application provider of the GSC-IS data model, manufacturer `FF`, and `02` for a
/// Java Card: what stands before the 14 bytes.
const CARD_IDENTIFIER_START: [u8; 7] = [0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02];

const TAG_CARD_IDENTIFIER: u32 = 0xF0;

/// Tag and value of everything after the card identifier, as PIV wants it.
const OTHER_FIELDS: [(u32, &[u8]); 12] = [
    (0xF1, &[0x21]),
    (0xF2, &[0x21]),
    (0xF3, &[]),
    (0xF4, &[0x00]),
    (0xF5, &[0x10]),
    (0xF6, &[]),
    (0xF7, &[]),
    (0xFA, &[]),
    (0xFB, &[]),
    (0xFC, &[]),
    (0xFD, &[]),
    (0xFE, &[]),
];

impl CardCapability {
    /// 51 bytes.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let identifier = [&CARD_IDENTIFIER_START[..], &self.card_id.0].concat();
        tlv::append(&mut bytes, TAG_CARD_IDENTIFIER, &identifier);
        for (tag, value) in OTHER_FIELDS {
            tlv::append(&mut bytes, tag, value);
        }
        bytes
    }

    /// Reads the card identifier of any issuer's CCC; factories write some of other lengths.
    ///
    /// # Errors
    /// [`MalformedObject`] when there is no card identifier of 21 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedObject> {
        let malformed = MalformedObject("a CCC");
        let identifier = tlv::find(bytes, TAG_CARD_IDENTIFIER).ok().flatten().ok_or(malformed)?;
        let identifier = <&[u8; 21]>::try_from(identifier).map_err(|_| malformed)?;
        match identifier.last_chunk::<14>() {
            Some(card_id) => Ok(Self { card_id: CardId(*card_id) }),
            None => Err(malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ccc_has_51_bytes() {
        let capability = CardCapability { card_id: CardId(*b"ABCDEFGHIJKLMN") };
        let bytes = capability.build();
        assert_eq!(
            hex::encode_upper(&bytes),
            "F015A000000116FF024142434445464748494A4B4C4D4E\
             F10121F20121F300F40100F50110F600F700FA00FB00FC00FD00FE00"
        );
        assert_eq!(bytes.len(), 51);
        assert_eq!(CardCapability::parse(&bytes), Ok(capability));
    }

    #[test]
    fn a_factory_ccc_of_another_length_is_read() {
        let mut bytes = CardCapability { card_id: CardId([7; 14]) }.build();
        bytes.truncate(49);
        assert_eq!(CardCapability::parse(&bytes).unwrap().card_id, CardId([7; 14]));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = CardCapability::parse(&bytes);
        }
    }
}
