use super::PIN;
use crate::{Apdu, CardError, Channel, Pin, Response, StatusWord};

const VERIFY: u8 = 0x20;
const LOG_OUT: u8 = 0xFF;

/// What became of a PIN or PUK that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// It is right, and its tries are full again.
    Accepted,
    /// It is wrong, and one try is gone.
    Wrong {
        /// How many are left, where the chip says.
        tries_left: Option<u8>,
    },
}

impl Presented {
    /// What a status word says of a presented value.
    pub(super) fn from_status(status: StatusWord) -> Result<Self, CardError> {
        match status {
            StatusWord::OK => Ok(Self::Accepted),
            StatusWord::VERIFICATION_FAILED => Ok(Self::Wrong { tries_left: None }),
            _ => match status.tries_left() {
                Some(tries_left) => Ok(Self::Wrong { tries_left: Some(tries_left) }),
                None => Err(CardError::Refused { status }),
            },
        }
    }
}

/// How the PIN stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinStatus {
    /// It was verified since the application was selected: log out to see the tries.
    Verified,
    /// Tries left, 0 when it is blocked.
    Tries(u8),
    /// The chip does not say.
    Unknown,
}

/// Asks how the PIN stands; spends no try (SP 800-73-5 part 2, 3.2.1: VERIFY without data).
///
/// # Errors
/// [`CardError::Link`] and [`CardError::Malformed`].
pub fn pin_status(channel: &mut Channel<'_>) -> Result<PinStatus, CardError> {
    let Response { status, .. } = channel.send(&Apdu::new(VERIFY, 0x00, PIN))?;
    match (status, status.tries_left()) {
        (StatusWord::OK, _) => Ok(PinStatus::Verified),
        (_, Some(tries)) => Ok(PinStatus::Tries(tries)),
        (_, None) => Ok(PinStatus::Unknown),
    }
}

/// Presents the PIN: a wrong one spends a try.
///
/// # Errors
/// [`CardError`].
pub fn verify_pin(channel: &mut Channel<'_>, pin: &Pin) -> Result<Presented, CardError> {
    let command = Apdu::new(VERIFY, 0x00, PIN).with_data(pin.padded().to_vec());
    Presented::from_status(channel.send(&command)?.status)
}

/// Takes back that the PIN was verified.
///
/// # Errors
/// [`CardError`].
pub fn log_out(channel: &mut Channel<'_>) -> Result<(), CardError> {
    channel.send_accepted(&Apdu::new(VERIFY, LOG_OUT, PIN))?;
    Ok(())
}
