use super::MalformedObject;
use std::fmt;

/// The last day of a card's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryDate {
    year: u16,
    month: u8,
    day: u8,
}

impl ExpiryDate {
    /// A day of the Gregorian calendar in the years 2000 to 2099.
    ///
    /// # Errors
    /// [`MalformedObject`] for a day that is not there.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, MalformedObject> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        match (2000..=2099).contains(&year) && (1..=days).contains(&day) {
            true => Ok(Self { year, month, day }),
            false => Err(MalformedObject("a day of the years 2000 to 2099")),
        }
    }

    /// Reads `YYYYMMDD`.
    ///
    /// # Errors
    /// [`MalformedObject`] for everything else.
    pub fn parse(text: &[u8]) -> Result<Self, MalformedObject> {
        let malformed = MalformedObject("a date as YYYYMMDD");
        if text.len() != 8 || !text.iter().all(u8::is_ascii_digit) {
            return Err(malformed);
        }
        let number = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        let [month, day] = [number(&text[4..6]) as u8, number(&text[6..]) as u8];
        Self::new(number(&text[..4]), month, day)
    }
}

impl fmt::Display for ExpiryDate {
    /// `YYYYMMDD`, as the CHUID holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_are_there_are_dates() {
        assert_eq!(ExpiryDate::parse(b"20280229").unwrap().to_string(), "20280229");
        for wrong in ["20270229", "20271301", "20270431", "19991231", "2027010", "2027010a", ""] {
            assert!(ExpiryDate::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
