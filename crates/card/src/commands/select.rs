use crate::{Apdu, CardError, Channel, StatusWord};

const SELECT: u8 = 0xA4;
const BY_NAME: u8 = 0x04;

/// SP 800-73-5 part 1, 2.2: the whole name with its version. Some cards do not take less.
const PIV: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// GlobalPlatform Card Specification 2.3.1, H.1.3.
const ISSUER_SECURITY_DOMAIN: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];

/// Selects the PIV application; `false` when there is none, or the chip knows no applications.
///
/// # Errors
/// [`CardError::Link`], or [`CardError::Refused`] for a status that says something else.
pub fn select_piv(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    select(channel, &PIV)
}

/// Selects the issuer security domain, which knows the chip's own name; `false` when there is
/// none.
///
/// # Errors
/// As [`select_piv`].
pub fn select_issuer_security_domain(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    select(channel, &ISSUER_SECURITY_DOMAIN)
}

fn select(channel: &mut Channel<'_>, name: &[u8]) -> Result<bool, CardError> {
    let command = Apdu::new(SELECT, BY_NAME, 0x00).with_data(name.to_vec()).answered();
    match channel.send_accepted(&command) {
        Ok(_) => Ok(true),
        Err(CardError::Refused {
            status:
                StatusWord::NOT_FOUND
                | StatusWord::NOT_SUPPORTED
                | StatusWord::UNKNOWN_INSTRUCTION
                | StatusWord::UNKNOWN_CLASS
                | StatusWord::SELECTION_FAILED,
        }) => Ok(false),
        Err(error) => Err(error),
    }
}
