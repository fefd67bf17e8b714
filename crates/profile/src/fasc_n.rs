use crate::FascNFields;

/// Length of an encoded FASC-N in bytes: 40 characters of 5 bits.
pub const FASC_N_LENGTH: usize = 25;

/// Separators between the fields; no decimal digits.
const START_SENTINEL: u8 = 0b1011;
const FIELD_SEPARATOR: u8 = 0b1101;
const END_SENTINEL: u8 = 0b1111;

impl FascNFields {
    /// The FASC-N as it is in a CHUID (Technical Implementation Guidance for
    /// Smart Card Enabled Physical Access Control Systems 2.3, section 2.1): each
    /// character is 4 bits, the least significant first, and a bit of odd parity; the last is the
    /// longitudinal redundancy check.
    ///
    /// `credential` stands where the profile names none: a running number of the card, of which
    /// the last 6 digits are used.
    #[must_use]
    pub fn encode(&self, credential: u32) -> [u8; FASC_N_LENGTH] {
        let credential = self.credential.unwrap_or(credential % 1_000_000);
        let mut characters = vec![START_SENTINEL];
        let separated: [(u64, usize); 5] = [
            (self.agency.into(), 4),
            (self.system.into(), 4),
            (credential.into(), 6),
            (self.credential_series.into(), 1),
            (self.individual_issue.into(), 1),
        ];
        for (value, digits) in separated {
            push_digits(&mut characters, value, digits);
            characters.push(FIELD_SEPARATOR);
        }
        push_digits(&mut characters, self.person, 10);
        push_digits(&mut characters, self.organization_category.into(), 1);
        push_digits(&mut characters, self.organization.into(), 4);
        push_digits(&mut characters, self.association.into(), 1);
        characters.push(END_SENTINEL);
        characters.push(characters.iter().fold(0, |check, character| check ^ character));

        let mut bytes = [0; FASC_N_LENGTH];
        let bits = characters.into_iter().flat_map(bits_of_character);
        for (index, bit) in bits.enumerate() {
            bytes[index / 8] |= bit << (7 - index % 8);
        }
        bytes
    }
}

fn push_digits(characters: &mut Vec<u8>, value: u64, digits: usize) {
    characters.extend((0..digits as u32).rev().map(|place| (value / 10_u64.pow(place) % 10) as u8));
}

fn bits_of_character(character: u8) -> [u8; 5] {
    let bit = |place: u8| character >> place & 1;
    [bit(0), bit(1), bit(2), bit(3), 1 ^ bit(0) ^ bit(1) ^ bit(2) ^ bit(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn known_numbers_are_encoded_as_published() {
        let zeros = FascNFields {
            agency: 9999,
            system: 9999,
            credential: Some(999_999),
            credential_series: 0,
            individual_issue: 1,
            person: 0,
            organization_category: 3,
            organization: 0,
            association: 1,
        };
        assert_eq!(hex(&zeros.encode(5)), "d4e739da739ced39ce739d836858210842108421c84210c3eb");
        let rest_zero = FascNFields {
            system: 1234,
            credential: None,
            organization_category: 0,
            association: 0,
            ..zeros
        };
        assert_eq!(
            hex(&rest_zero.encode(7_567_890)),
            "d4e739da08c92d56f0530d83685821084210842108421087f3"
        );
    }
}
