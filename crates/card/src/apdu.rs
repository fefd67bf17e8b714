use std::fmt;
use zeroize::Zeroizing;

/// A command APDU (ISO 7816-4, 5.1), before it is cut into what one transmission can carry.
#[derive(Clone)]
pub struct Apdu {
    /// Class byte.
    pub class: u8,
    /// Instruction byte.
    pub instruction: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    data: Zeroizing<Vec<u8>>,
    answered: bool,
}

impl Apdu {
    /// A command of class `00` that carries no data and is answered by a status word alone.
    #[must_use]
    pub fn new(instruction: u8, p1: u8, p2: u8) -> Self {
        let data = Zeroizing::new(Vec::new());
        Self { class: 0x00, instruction, p1, p2, data, answered: false }
    }

    /// The same command in another class, such as `80` of GlobalPlatform.
    #[must_use]
    pub fn in_class(self, class: u8) -> Self {
        Self { class, ..self }
    }

    /// The same command with data of any length.
    #[must_use]
    pub fn with_data(self, data: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self { data: data.into(), ..self }
    }

    /// The same command, answered by data of any length: Le is sent as `00`. A chip that takes
    /// the standard at its word answers a command without Le by `61xx`.
    #[must_use]
    pub fn answered(self) -> Self {
        Self { answered: true, ..self }
    }

    /// The command's data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The transmissions that carry this command: one, or a chain of parts of 255 bytes, all but
    /// the last in class `1x` (ISO 7816-4, 5.3.3).
    pub(crate) fn transmissions(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let mut parts: Vec<&[u8]> = self.data.chunks(Self::LONGEST_DATA).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        let part = |(index, data): (usize, &&[u8])| match index == last {
            true => self.transmission(self.class, data, self.answered.then_some(0x00)),
            false => self.transmission(self.class | 0x10, data, None),
        };
        parts.iter().enumerate().map(part).collect()
    }

    /// The last transmission once more with the length that the chip asked for by `6Cxx`.
    pub(crate) fn corrected(&self, length: u8) -> Zeroizing<Vec<u8>> {
        let last = self.data.chunks(Self::LONGEST_DATA).last().unwrap_or_default();
        self.transmission(self.class, last, Some(length))
    }

    /// A short command APDU carries at most 255 bytes: the length field is one byte.
    const LONGEST_DATA: usize = 255;

    fn transmission(&self, class: u8, data: &[u8], length: Option<u8>) -> Zeroizing<Vec<u8>> {
        // The capacity is reserved: a vector that grows leaves copies of a secret behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(data.len() + 6));
        bytes.extend([class, self.instruction, self.p1, self.p2]);
        if !data.is_empty() {
            bytes.push(data.len() as u8);
            bytes.extend(data);
        }
        bytes.extend(length);
        bytes
    }
}

impl fmt::Debug for Apdu {
    /// Header and length: the data may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, instruction, p1, p2, .. } = self;
        write!(f, "{class:02X} {instruction:02X} {p1:02X} {p2:02X} ({} bytes)", self.data.len())
    }
}

/// A response APDU, put together from all its parts.
pub struct Response {
    /// The data of all parts.
    pub data: Zeroizing<Vec<u8>>,
    /// The status word of the last part.
    pub status: StatusWord,
}

impl fmt::Debug for Response {
    /// Length and status: the data may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes) {}", self.data.len(), self.status)
    }
}

/// What a chip says of a command (ISO 7816-4, 5.1.3): 2 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// The command was carried out.
    pub const OK: Self = Self(0x9000);
    /// Verification failed, without saying how many tries are left.
    pub const VERIFICATION_FAILED: Self = Self(0x6300);
    /// Security status not satisfied.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// Conditions of use not satisfied.
    pub const CONDITIONS_OF_USE: Self = Self(0x6985);
    /// The reference data is blocked: no try is left.
    pub const BLOCKED: Self = Self(0x6983);
    /// Incorrect parameters in the data field.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// Function not supported.
    pub const NOT_SUPPORTED: Self = Self(0x6A81);
    /// File, application or data object not found.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// Applet selection failed (Java Card API, `ISO7816.SW_APPLET_SELECT_FAILED`).
    pub const SELECTION_FAILED: Self = Self(0x6999);
    /// Instruction code not supported or invalid.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    /// Class not supported.
    pub const UNKNOWN_CLASS: Self = Self(0x6E00);
    /// Referenced data or reference data not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    /// Incorrect parameters P1-P2.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);

    /// Whether the command was carried out.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// The tries left in `63Cx`, and none in `6983`.
    #[must_use]
    pub fn tries_left(self) -> Option<u8> {
        match self.0 {
            0x63C0..=0x63CF => Some((self.0 & 0x0F) as u8),
            0x6983 => Some(0),
            _ => None,
        }
    }

    /// Whether the chip failed in itself, so that what it holds is not certain: memory and
    /// execution errors (ISO 7816-4, table 6).
    #[must_use]
    pub fn is_internal_error(self) -> bool {
        matches!(self.0 >> 8, 0x62 | 0x64 | 0x65 | 0x66 | 0x6F)
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(data: usize) -> Vec<(u8, usize)> {
        let apdu = Apdu::new(0xDB, 0x3F, 0xFF).with_data(vec![7; data]).answered();
        apdu.transmissions().iter().map(|part| (part[0], part.len())).collect()
    }

    #[test]
    fn data_above_255_bytes_is_chained() {
        assert_eq!(lengths(0), [(0x00, 5)]);
        assert_eq!(lengths(255), [(0x00, 261)]);
        assert_eq!(lengths(256), [(0x10, 260), (0x00, 7)]);
        assert_eq!(lengths(600), [(0x10, 260), (0x10, 260), (0x00, 96)]);
    }

    #[test]
    fn data_is_never_printed() {
        let apdu = Apdu::new(0x20, 0x00, 0x80).with_data(b"123456\xFF\xFF".to_vec());
        assert_eq!(format!("{apdu:?}"), "00 20 00 80 (8 bytes)");
    }

    #[test]
    fn status_words_tell_the_tries_left() {
        assert_eq!(StatusWord(0x63C3).tries_left(), Some(3));
        assert_eq!(StatusWord(0x6983).tries_left(), Some(0));
        assert_eq!(StatusWord(0x6300).tries_left(), None);
    }
}
