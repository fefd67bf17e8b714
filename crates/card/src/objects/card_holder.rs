use super::{ExpiryDate, FascN, MalformedObject};
use crate::tlv;
use std::fmt;

/// Card universally unique identifier (RFC 4122), 16 bytes. Once we wrote it, it never changes:
/// Windows caches by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// A version 4 UUID out of 16 random bytes (RFC 4122, 4.4).
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Self(bytes)
    }

    /// Whether this is a version 4 UUID.
    #[must_use]
    pub fn is_version_4(self) -> bool {
        self == Self::from_random(self.0)
    }

    /// The GUID in any CHUID, also in one that is otherwise strange: factories write those.
    #[must_use]
    pub fn find(card_holder: &[u8]) -> Option<Self> {
        let value = tlv::find(card_holder, TAG_GUID).ok()??;
        value.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// Card holder unique identifier, CHUID (SP 800-73-5 part 1, table 9), unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardHolder {
    /// Who issued the card, and its number there.
    pub fasc_n: FascN,
    /// The card's name for machines.
    pub guid: Guid,
    /// The end of the card's life.
    pub expiry: ExpiryDate,
}

const TAG_FASC_N: u32 = 0x30;
const TAG_GUID: u32 = 0x34;
const TAG_EXPIRY: u32 = 0x35;
const TAG_SIGNATURE: u32 = 0x3E;
const TAG_ERROR_DETECTION: u32 = 0xFE;

impl CardHolder {
    /// 59 bytes.
    ///
    /// # Errors
    /// [`MalformedObject`] when a number of the FASC-N has too many digits.
    pub fn build(&self) -> Result<Vec<u8>, MalformedObject> {
        let mut bytes = Vec::new();
        tlv::append(&mut bytes, TAG_FASC_N, &self.fasc_n.encode()?);
        tlv::append(&mut bytes, TAG_GUID, &self.guid.0);
        tlv::append(&mut bytes, TAG_EXPIRY, self.expiry.to_string().as_bytes());
        tlv::append(&mut bytes, TAG_SIGNATURE, &[]);
        tlv::append(&mut bytes, TAG_ERROR_DETECTION, &[]);
        Ok(bytes)
    }

    /// Reads a CHUID of any issuer, signed or not.
    ///
    /// # Errors
    /// [`MalformedObject`] when FASC-N, GUID or expiry are not there or malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedObject> {
        let field = |tag| tlv::find(bytes, tag).ok().flatten();
        let malformed = MalformedObject("a CHUID");
        Ok(Self {
            fasc_n: FascN::parse(field(TAG_FASC_N).ok_or(malformed)?)?,
            guid: Guid::find(bytes).ok_or(malformed)?,
            expiry: ExpiryDate::parse(field(TAG_EXPIRY).ok_or(malformed)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unsigned_chuid_has_59_bytes() {
        let fasc_n = "d4e739da08c92d56f0530d83685821084210842108421087f3";
        let card_holder = CardHolder {
            fasc_n: FascN::parse(&hex::decode(fasc_n).unwrap()).unwrap(),
            guid: Guid::from_random([0xFF; 16]),
            expiry: ExpiryDate::new(2032, 11, 21).unwrap(),
        };
        let bytes = card_holder.build().unwrap();
        let guid = "ffffffffffff4fffbfffffffffffffff";
        assert_eq!(
            hex::encode(&bytes),
            format!("3019{fasc_n}3410{guid}350832303332313132313e00fe00")
        );
        assert_eq!(bytes.len(), 59);
        assert_eq!(CardHolder::parse(&bytes), Ok(card_holder));
        assert!(card_holder.guid.is_version_4());
    }

    #[test]
    fn the_guid_of_a_strange_chuid_is_found() {
        let bytes = hex::decode("3003000000341000112233445566778899aabbccddeeff3500").unwrap();
        assert!(CardHolder::parse(&bytes).is_err());
        let found = Guid::find(&bytes).unwrap();
        assert_eq!(format!("{found:?}"), "00112233445566778899AABBCCDDEEFF");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = CardHolder::parse(&bytes);
            let _ = Guid::find(&bytes);
        }
    }
}
