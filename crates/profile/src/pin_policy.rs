/// What a good PIN is (FIPS 201-3, 4.3.1: not easily guessable, not individually identifiable).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinPolicy {
    length: u8,
}

/// Why a PIN is not a good one. It never says the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPin {
    /// It is not made of decimal digits alone.
    #[error("a PIN is made of digits")]
    NotDigits,
    /// It has not the length that the profile wants.
    #[error("the PIN has not the profile's length")]
    Length,
    /// One digit, over and over, or a short group of digits over and over.
    #[error("the PIN repeats itself")]
    Repetition,
    /// The digits go up or down in equal steps.
    #[error("the PIN is a sequence")]
    Sequence,
    /// It can be read as a day.
    #[error("the PIN is a date")]
    Date,
    /// It is part of the card's number.
    #[error("the PIN is part of the card's number")]
    CardNumber,
    /// It is among those that people choose most.
    #[error("the PIN is a common one")]
    Common,
}

impl PinPolicy {
    /// A policy for PINs of 6, 7 or 8 digits; `None` for another length.
    pub(crate) fn new(length: u8) -> Option<Self> {
        (6..=8).contains(&length).then_some(Self { length })
    }

    /// How many digits a PIN has: 6 to 8.
    #[must_use]
    pub fn length(self) -> usize {
        self.length.into()
    }

    /// Checks a PIN for the card of this number.
    ///
    /// # Errors
    /// [`WeakPin`] with the first reason found.
    pub fn check(self, digits: &str, card_number: &str) -> Result<(), WeakPin> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WeakPin::NotDigits);
        }
        if digits.len() != self.length() {
            return Err(WeakPin::Length);
        }
        let checks: [(WeakPin, bool); 5] = [
            (WeakPin::Repetition, is_repetition(digits.as_bytes())),
            (WeakPin::Sequence, is_sequence(digits.as_bytes())),
            (WeakPin::Common, COMMON.contains(&digits)),
            (WeakPin::CardNumber, is_part_of_number(digits, card_number)),
            (WeakPin::Date, is_date(digits)),
        ];
        match checks.into_iter().find(|(_, is_weak)| *is_weak) {
            Some((reason, _)) => Err(reason),
            None => Ok(()),
        }
    }
}

/// `111111`, `121212`, `123123`, `12341234`, `1212121`: a group of up to 4 digits over and over.
fn is_repetition(digits: &[u8]) -> bool {
    (1..=digits.len() / 2).any(|group| digits.iter().zip(&digits[group..]).all(|(a, b)| a == b))
}

/// `123456`, `987654`, `890123`, `135791`: each digit is the one before plus the same step.
fn is_sequence(digits: &[u8]) -> bool {
    let step = |pair: &[u8]| (pair[1] + 10 - pair[0]) % 10;
    digits.windows(2).map(step).collect::<std::collections::HashSet<_>>().len() == 1
}

/// Days as people write them: year last or first, day and month either way, with two or four
/// digits of the year, and with one digit less where there are 7.
fn is_date(digits: &str) -> bool {
    let number = |from: usize, length: usize| -> u16 {
        digits[from..from + length].bytes().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'))
    };
    let is_day = |day: u16, month: u16| (1..=31).contains(&day) && (1..=12).contains(&month);
    let either_way = |a: u16, b: u16| is_day(a, b) || is_day(b, a);
    let is_year = |year: u16| (1900..=2099).contains(&year);
    match digits.len() {
        6 => {
            either_way(number(0, 2), number(2, 2))
                || is_day(number(4, 2), number(2, 2))
                || is_year(number(0, 4)) && is_day(1, number(4, 2))
                || is_year(number(2, 4)) && is_day(1, number(0, 2))
        }
        7 => {
            let day_and_month = |from: usize| {
                either_way(number(from, 1), number(from + 1, 2))
                    || either_way(number(from, 2), number(from + 2, 1))
            };
            is_year(number(3, 4)) && day_and_month(0) || is_year(number(0, 4)) && day_and_month(4)
        }
        _ => {
            is_year(number(4, 4)) && either_way(number(0, 2), number(2, 2))
                || is_year(number(0, 4)) && either_way(number(4, 2), number(6, 2))
        }
    }
}

/// The PIN is in the digits of the number, forward or backward, or holds the running number that
/// the number ends with.
fn is_part_of_number(digits: &str, card_number: &str) -> bool {
    let number: String = card_number.chars().filter(char::is_ascii_digit).collect();
    let backward: String = number.chars().rev().collect();
    let running = card_number
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default()
        .trim_start_matches('0');
    number.contains(digits)
        || backward.contains(digits)
        || running.len() >= 4 && digits.contains(running)
}

/// PINs of 6 to 8 digits that lists of leaked passwords have on top and no rule above catches:
/// figures on a keypad, doubled digits, and words in digits.
const COMMON: [&str; 30] = [
    "000001", "000007", "100000", "100200", "110110", "111222", "112233", "112358", "123321",
    "123654", "142536", "147258", "147852", "159357", "159753", "246810", "258456", "314159",
    "420420", "456852", "520131", "654123", "741852", "753951", "789456", "963852", "11223344",
    "12344321", "14725836", "31415926",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(length: u8, digits: &str) -> Result<(), WeakPin> {
        PinPolicy::new(length).unwrap().check(digits, "TC-2026-004118")
    }

    #[test]
    fn weak_pins_are_refused() {
        use WeakPin::{CardNumber, Common, Date, Length, NotDigits, Repetition, Sequence};
        let table = [
            (6, "", NotDigits),
            (6, "12345a", NotDigits),
            (6, "１２", NotDigits),
            (6, "1234567", Length),
            (8, "493058", Length),
            (6, "777777", Repetition),
            (6, "838383", Repetition),
            (6, "903903", Repetition),
            (8, "90319031", Repetition),
            (7, "4949494", Repetition),
            (6, "123456", Sequence),
            (6, "890123", Sequence),
            (6, "987654", Sequence),
            (6, "135791", Sequence),
            (6, "159753", Common),
            (8, "11223344", Common),
            (6, "241285", Date),
            (6, "122485", Date),
            (6, "851224", Date),
            (6, "198512", Date),
            (6, "121985", Date),
            (7, "2411985", Date),
            (7, "1985124", Date),
            (8, "24121985", Date),
            (8, "19851224", Date),
            (6, "004118", CardNumber),
            (6, "811400", CardNumber),
            (6, "202600", CardNumber),
            (6, "941189", CardNumber),
        ];
        for (length, digits, reason) in table {
            assert_eq!(check(length, digits), Err(reason), "{digits}");
        }
    }

    #[test]
    fn good_pins_are_taken() {
        for (length, digits) in [(6, "493058"), (6, "804617"), (7, "8046179"), (8, "80461793")] {
            assert_eq!(check(length, digits), Ok(()), "{digits}");
        }
    }

    proptest! {
        #[test]
        fn checking_never_panics(length in 6_u8..=8, digits in "\\PC{0,10}", number in "\\PC{0,20}") {
            let _ = PinPolicy::new(length).unwrap().check(&digits, &number);
        }
    }

    #[test]
    fn most_pins_are_good() {
        // A prime step goes over all digits evenly.
        let pins = || (0..1_000_000_u32).step_by(101).map(|number| format!("{number:06}"));
        let weak = pins().filter(|digits| check(6, digits).is_err()).count();
        assert!(weak * 4 < pins().count(), "{weak} of {}", pins().count());
    }
}
