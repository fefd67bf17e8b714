use super::MalformedObject;

/// Federal Agency Smart Credential Number (Technical Implementation Guidance for Smart Card
/// Enabled Physical Access Control Systems 2.3, section 2.1), all numbers decimal.
///
/// A non-federal issuer uses agency 9999 (SP 800-73-5 part 1, 3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FascN {
    /// 4 digits.
    pub agency: u16,
    /// 4 digits.
    pub system: u16,
    /// 6 digits.
    pub credential: u32,
    /// 1 digit.
    pub credential_series: u8,
    /// 1 digit.
    pub individual_issue: u8,
    /// 10 digits.
    pub person: u64,
    /// 1 digit.
    pub organization_category: u8,
    /// 4 digits.
    pub organization: u16,
    /// 1 digit.
    pub association: u8,
}

const START: u8 = 0xB;
const SEPARATOR: u8 = 0xD;
const END: u8 = 0xF;

impl FascN {
    /// Length when encoded, in bytes.
    pub const LENGTH: usize = 25;

    /// 40 characters of 5 bits: 4 bits of the digit, the lowest first, and odd parity. The last
    /// character is the exclusive or of all others.
    ///
    /// # Errors
    /// [`MalformedObject`] when a number has more digits than its field.
    pub fn encode(&self) -> Result<[u8; Self::LENGTH], MalformedObject> {
        let mut characters = vec![START];
        push_number(&mut characters, self.agency.into(), 4)?;
        characters.push(SEPARATOR);
        push_number(&mut characters, self.system.into(), 4)?;
        characters.push(SEPARATOR);
        push_number(&mut characters, self.credential.into(), 6)?;
        characters.push(SEPARATOR);
        push_number(&mut characters, self.credential_series.into(), 1)?;
        characters.push(SEPARATOR);
        push_number(&mut characters, self.individual_issue.into(), 1)?;
        characters.push(SEPARATOR);
        push_number(&mut characters, self.person, 10)?;
        push_number(&mut characters, self.organization_category.into(), 1)?;
        push_number(&mut characters, self.organization.into(), 4)?;
        push_number(&mut characters, self.association.into(), 1)?;
        characters.push(END);
        characters.push(characters.iter().fold(0, |check, character| check ^ character));

        let mut bytes = [0; Self::LENGTH];
        let bits = characters.iter().flat_map(|character| {
            let parity = 1 - character.count_ones() as u8 % 2;
            (0..4).map(move |bit| character >> bit & 1).chain([parity])
        });
        for (index, bit) in bits.enumerate() {
            bytes[index / 8] |= bit << (7 - index % 8);
        }
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] makes.
    ///
    /// # Errors
    /// [`MalformedObject`] when a parity bit, the check character or a separator is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedObject> {
        let malformed = MalformedObject("a FASC-N");
        let bytes = <&[u8; Self::LENGTH]>::try_from(bytes).map_err(|_| malformed)?;
        let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
        let mut characters = [0; 40];
        for (index, character) in characters.iter_mut().enumerate() {
            let ones: u8 = (0..5).map(|offset| bit(index * 5 + offset)).sum();
            if ones.is_multiple_of(2) {
                return Err(malformed);
            }
            *character = (0..4).map(|offset| bit(index * 5 + offset) << offset).sum();
        }
        let number = |from: usize, length: usize| number(&characters[from..from + length]);
        let found = Self {
            agency: number(1, 4)? as u16,
            system: number(6, 4)? as u16,
            credential: number(11, 6)? as u32,
            credential_series: number(18, 1)? as u8,
            individual_issue: number(20, 1)? as u8,
            person: number(22, 10)?,
            organization_category: number(32, 1)? as u8,
            organization: number(33, 4)? as u16,
            association: number(37, 1)? as u8,
        };
        match found.encode()? == *bytes {
            true => Ok(found),
            false => Err(malformed),
        }
    }
}

fn push_number(characters: &mut Vec<u8>, number: u64, digits: u32) -> Result<(), MalformedObject> {
    if number >= 10_u64.pow(digits) {
        return Err(MalformedObject("a number that fits its field of the FASC-N"));
    }
    characters.extend((0..digits).rev().map(|place| (number / 10_u64.pow(place) % 10) as u8));
    Ok(())
}

fn number(characters: &[u8]) -> Result<u64, MalformedObject> {
    characters.iter().try_fold(0, |number, character| match character {
        0..=9 => Ok(number * 10 + u64::from(*character)),
        _ => Err(MalformedObject("a FASC-N")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZERO: FascN = FascN {
        agency: 9999,
        system: 0,
        credential: 0,
        credential_series: 0,
        individual_issue: 1,
        person: 0,
        organization_category: 0,
        organization: 0,
        association: 0,
    };

    fn check(fasc_n: FascN, encoded: &str) {
        let bytes = fasc_n.encode().unwrap();
        assert_eq!(hex::encode(bytes), encoded);
        assert_eq!(FascN::parse(&bytes), Ok(fasc_n));
    }

    #[test]
    fn known_numbers_are_encoded() {
        let first = FascN {
            system: 9999,
            credential: 999_999,
            organization_category: 3,
            association: 1,
            ..ZERO
        };
        check(first, "d4e739da739ced39ce739d836858210842108421c84210c3eb");
        let second = FascN { system: 1234, credential: 567_890, ..ZERO };
        check(second, "d4e739da08c92d56f0530d83685821084210842108421087f3");
    }

    #[test]
    fn numbers_that_are_too_long_and_wrong_bytes_are_refused() {
        assert!(FascN { agency: 10_000, ..ZERO }.encode().is_err());
        assert!(FascN { credential_series: 10, ..ZERO }.encode().is_err());
        assert!(FascN::parse(&[0; 25]).is_err());
        assert!(FascN::parse(&[0xD4; 24]).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 20..30)) {
            let _ = FascN::parse(&bytes);
        }

        #[test]
        fn what_is_encoded_is_parsed(credential in 0_u32..1_000_000, person in 0_u64..10_000_000_000) {
            let fasc_n = FascN { credential, person, ..ZERO };
            prop_assert_eq!(FascN::parse(&fasc_n.encode().unwrap()), Ok(fasc_n));
        }
    }
}
