use crate::{Apdu, CardError, Channel, StatusWord, tlv};
use zeroize::Zeroizing;

const SELECT: u8 = 0xA4;
const BY_NAME: u8 = 0x04;

/// SP 800-73-5 part 1, 2.2: the whole name with its version. Some cards do not take less.
const PIV: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// GlobalPlatform Card Specification 2.3.1, H.1.3.
const ISSUER_SECURITY_DOMAIN: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];

/// The YubiKey's management application.
const YUBIKEY_MANAGEMENT: [u8; 8] = [0xA0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17];

/// What the PIV application says of itself when it is selected: its application property template
/// (SP 800-73-5 part 2, table 3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropertyTemplate {
    /// Application identifier (`4F`): whole, or without the RID.
    pub identifier: Vec<u8>,
    /// Text describing the application (`50`).
    pub label: Option<String>,
    /// Only the identifier and the tag allocation authority (`79`) are there.
    pub is_bare: bool,
}

impl PropertyTemplate {
    /// Reads what is there; what cannot be read is left away. One maker's chip writes a length of
    /// 128 as if it were short: then the template is what follows the two bytes.
    fn parse(answer: &[u8]) -> Self {
        let template = match tlv::find(answer, 0x61) {
            Ok(found) => found,
            Err(_) => answer.get(2..),
        };
        let mut properties = Self { is_bare: true, ..Self::default() };
        for object in template.and_then(|bytes| tlv::parse(bytes).ok()).unwrap_or_default() {
            match object.tag {
                0x4F => properties.identifier = object.value.to_vec(),
                0x50 => properties.label = String::from_utf8(object.value.to_vec()).ok(),
                _ => {}
            }
            properties.is_bare &= matches!(object.tag, 0x4F | 0x79);
        }
        properties
    }
}

/// Selects the PIV application; `false` when there is none, or the chip knows no applications.
///
/// # Errors
/// [`CardError::Link`], or [`CardError::Refused`] for a status that says something else.
pub fn select_piv(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    Ok(select(channel, &PIV)?.is_some())
}

/// Selects the PIV application, and reads what it says of itself.
///
/// # Errors
/// As [`select_piv`].
pub fn piv_properties(channel: &mut Channel<'_>) -> Result<Option<PropertyTemplate>, CardError> {
    Ok(select(channel, &PIV)?.map(|answer| PropertyTemplate::parse(&answer)))
}

/// Selects the YubiKey's management application; `false` when there is none.
///
/// # Errors
/// As [`select_piv`].
pub(super) fn select_yubikey_management(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    Ok(select(channel, &YUBIKEY_MANAGEMENT)?.is_some())
}

/// Selects the issuer security domain, which knows the chip's own name; `false` when there is
/// none.
///
/// # Errors
/// As [`select_piv`].
pub fn select_issuer_security_domain(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    Ok(select(channel, &ISSUER_SECURITY_DOMAIN)?.is_some())
}

/// The answer, or `None` where there is no such application.
fn select(channel: &mut Channel<'_>, name: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, CardError> {
    let command = Apdu::new(SELECT, BY_NAME, 0x00).with_data(name.to_vec()).answered();
    match channel.send_accepted(&command) {
        Ok(answer) => Ok(Some(answer)),
        Err(CardError::Refused {
            status:
                StatusWord::NOT_FOUND
                | StatusWord::NOT_SUPPORTED
                | StatusWord::UNKNOWN_INSTRUCTION
                | StatusWord::UNKNOWN_CLASS
                | StatusWord::SELECTION_FAILED,
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, label: Option<&str>, is_bare: bool) {
        let properties = PropertyTemplate::parse(&hex::decode(answer.replace(' ', "")).unwrap());
        assert_eq!((properties.label.as_deref(), properties.is_bare), (label, is_bare), "{answer}");
    }

    #[test]
    fn a_template_is_read_as_far_as_it_can_be() {
        check("61 11 4F06000010000100 79074F05A000000308", None, true);
        check("61 0B 4F06000010000100 500141", Some("A"), false);
        check("61 80 4F06000010000100 5003414243", Some("ABC"), false);
        check("61 80 4F06", None, true);
        check("", None, true);
        check("61", None, true);
    }
}
