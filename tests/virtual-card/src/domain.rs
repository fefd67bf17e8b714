//! The issuer security domain: what the firmware lacks, and real cards tell chips apart by.

use crate::chip::cplc;

/// AID of the issuer security domain (GlobalPlatform Card Specification 2.3.1, H.1.3).
const AID: [u8; 8] = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];

/// Whether this is a SELECT of the domain: by its AID or the start of it from the RID (5 bytes)
/// on, or by no name at all (11.9.2: the domain then).
pub(crate) fn is_select(command: &[u8]) -> bool {
    match command {
        [0x00, 0xA4, 0x04, 0x00] | [0x00, 0xA4, 0x04, 0x00, _] => true,
        [0x00, 0xA4, 0x04, 0x00, length, name @ ..] => {
            let length = usize::from(*length);
            (5..=AID.len()).contains(&length)
                && (name.len() == length || name.len() == length + 1)
                && name[..length] == AID[..length]
        }
        _ => false,
    }
}

/// Answers SELECT: file control information with the domain's AID (11.9.3.1).
pub(crate) fn select() -> Vec<u8> {
    let mut answer = vec![0x6F, 0x10, 0x84, 0x08];
    answer.extend(AID);
    // Proprietary data: the longest command data field, 255 bytes.
    answer.extend([0xA5, 0x04, 0x9F, 0x65, 0x01, 0xFF]);
    answer.extend([0x90, 0x00]);
    answer
}

/// Answers a command to the selected domain of card `index`.
pub(crate) fn call(index: u16, command: &[u8]) -> Vec<u8> {
    match command {
        [0x80 | 0x00, 0xCA, 0x9F, 0x7F, ..] => {
            let mut answer = vec![0x9F, 0x7F, 0x2A];
            answer.extend(cplc(index));
            answer.extend([0x90, 0x00]);
            answer
        }
        // Referenced data not found (11.3.3.2): there is no IIN, no CIN, nor anything else.
        [0x80 | 0x00, 0xCA, ..] => vec![0x6A, 0x88],
        [0x80 | 0x00, ..] => vec![0x6D, 0x00],
        _ => vec![0x6E, 0x00],
    }
}
