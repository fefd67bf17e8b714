//! The file as it is written, before its values are checked.

use crate::{
    Factory, FactoryManagementKey, FascNFields, KeyAlgorithm, KeyReference, KeyToGenerate,
    ManagementKeyAlgorithm, PinPolicy, Profile, ProfileError, Retries,
};
use serde::Deserialize;
use std::collections::HashSet;
use std::hash::Hash;
use zeroize::Zeroizing;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    card_life_years: u8,
    pin: Pin,
    retries: Option<RetryNumbers>,
    management_key: ManagementKey,
    card_holder: CardHolder,
    #[serde(default)]
    keys: Vec<Key>,
    factory: FactoryValues,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Pin {
    length: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RetryNumbers {
    pin: u8,
    puk: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ManagementKey {
    algorithms: Vec<ManagementKeyAlgorithm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CardHolder {
    guid_version: u8,
    fasc_n: FascN,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FascN {
    agency: u64,
    system: u64,
    credential: Option<u64>,
    credential_series: u64,
    individual_issue: u64,
    person: u64,
    organization_category: u64,
    organization: u64,
    association: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Key {
    reference: KeyReference,
    algorithm: KeyAlgorithm,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FactoryValues {
    pin: Zeroizing<String>,
    puk: Zeroizing<String>,
    management_keys: Vec<FactoryKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FactoryKey {
    algorithm: ManagementKeyAlgorithm,
    key: Zeroizing<String>,
}

pub(crate) fn parse(text: &str) -> Result<Profile, ProfileError> {
    let file: File = toml::from_str(text).map_err(|error| shape_error(text, &error))?;
    let is_name_character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = !file.name.is_empty() && file.name.chars().all(is_name_character);
    ensure(is_name, "name", "lower case letters, digits and hyphens")?;
    ensure(!file.title.trim().is_empty(), "title", "a name for people")?;
    ensure((1..=6).contains(&file.card_life_years), "card-life-years", "1 to 6")?;
    ensure(file.card_holder.guid_version == 4, "card-holder.guid-version", "4")?;
    let algorithms = file.management_key.algorithms;
    let are_algorithms = !algorithms.is_empty() && are_different(&algorithms);
    ensure(are_algorithms, "management-key.algorithms", "one or more, none of them twice")?;
    let references: Vec<_> = file.keys.iter().map(|key| key.reference).collect();
    ensure(are_different(&references), "keys", "at most one key for a reference")?;
    let key = |key: &Key| KeyToGenerate { reference: key.reference, algorithm: key.algorithm };
    Ok(Profile {
        name: file.name,
        title: file.title,
        card_life_years: file.card_life_years,
        pin: PinPolicy::new(file.pin.length).ok_or_else(|| wrong("pin.length", "6, 7 or 8"))?,
        retries: file.retries.map(retries).transpose()?,
        management_key_algorithms: algorithms,
        fasc_n: fasc_n(&file.card_holder.fasc_n)?,
        keys: file.keys.iter().map(key).collect(),
        factory: factory(file.factory)?,
    })
}

fn retries(numbers: RetryNumbers) -> Result<Retries, ProfileError> {
    let are_enough = |number| (Retries::FEWEST..=Retries::MOST).contains(&number);
    ensure(are_enough(numbers.pin), "retries.pin", "3 to 15")?;
    ensure(are_enough(numbers.puk), "retries.puk", "3 to 15")?;
    Ok(Retries { pin: numbers.pin, puk: numbers.puk })
}

fn fasc_n(numbers: &FascN) -> Result<FascNFields, ProfileError> {
    let check = |place: &str, number: u64, digits: u32| {
        let expected = match digits {
            1 => "at most 1 digit",
            4 => "at most 4 digits",
            6 => "at most 6 digits",
            _ => "at most 10 digits",
        };
        let place = format!("card-holder.fasc-n.{place}");
        ensure(number < 10_u64.pow(digits), &place, expected).map(|()| number)
    };
    // Each number has so few digits that its type holds it.
    Ok(FascNFields {
        agency: check("agency", numbers.agency, 4)? as u16,
        system: check("system", numbers.system, 4)? as u16,
        credential: match numbers.credential {
            Some(credential) => Some(check("credential", credential, 6)? as u32),
            None => None,
        },
        credential_series: check("credential-series", numbers.credential_series, 1)? as u8,
        individual_issue: check("individual-issue", numbers.individual_issue, 1)? as u8,
        person: check("person", numbers.person, 10)?,
        organization_category: check("organization-category", numbers.organization_category, 1)?
            as u8,
        organization: check("organization", numbers.organization, 4)? as u16,
        association: check("association", numbers.association, 1)? as u8,
    })
}

fn factory(values: FactoryValues) -> Result<Factory, ProfileError> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_pin = (6..=8).contains(&values.pin.len()) && is_number(&values.pin);
    ensure(is_pin, "factory.pin", "6 to 8 digits")?;
    ensure(values.puk.len() == 8 && is_number(&values.puk), "factory.puk", "8 digits")?;
    let management_keys: Result<Vec<_>, _> =
        values.management_keys.iter().enumerate().map(factory_key).collect();
    Ok(Factory { pin: values.pin, puk: values.puk, management_keys: management_keys? })
}

fn factory_key((index, key): (usize, &FactoryKey)) -> Result<FactoryManagementKey, ProfileError> {
    let digits: Option<Vec<u32>> = key.key.chars().map(|c| c.to_digit(16)).collect();
    let expected = "two hexadecimal digits for each byte of the cipher's key";
    let place = || format!("factory.management-keys[{index}].key");
    match digits.map(Zeroizing::new) {
        Some(digits) if digits.len() == 2 * key.algorithm.key_length() => {
            // Two hexadecimal digits make one byte.
            let bytes = digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8);
            Ok(FactoryManagementKey {
                algorithm: key.algorithm,
                key: Zeroizing::new(bytes.collect()),
            })
        }
        _ => Err(wrong(&place(), expected)),
    }
}

fn are_different<T: Eq + Hash>(values: &[T]) -> bool {
    let mut seen = HashSet::new();
    values.iter().all(|value| seen.insert(value))
}

fn ensure(is_right: bool, place: &str, expected: &'static str) -> Result<(), ProfileError> {
    if is_right { Ok(()) } else { Err(wrong(place, expected)) }
}

fn wrong(place: &str, expected: &'static str) -> ProfileError {
    ProfileError::Value { place: place.to_owned(), expected }
}

fn shape_error(text: &str, error: &toml::de::Error) -> ProfileError {
    let offset = error.span().map_or(0, |span| span.start);
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ProfileError::Shape {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message: without_value(error.message()).to_owned(),
    }
}

/// "invalid type: integer `123456`, expected a string" repeats what may be a secret: only what
/// is expected is said.
fn without_value(message: &str) -> &str {
    match (message.starts_with("invalid "), message.rfind("expected ")) {
        (true, Some(expected)) => &message[expected..],
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const TEMPORARY: &str = include_str!("../../../profiles/piv-temporary.toml");

    #[test]
    fn the_profile_of_a_temporary_card_is_read() {
        expect![[r#"
            Profile {
                name: "piv-temporary",
                title: "PIV, temporary",
                card_life_years: 6,
                pin: PinPolicy {
                    length: 6,
                },
                retries: None,
                management_key_algorithms: [
                    Aes256,
                    Aes192,
                    Aes128,
                    TripleDes,
                ],
                fasc_n: FascNFields {
                    agency: 9999,
                    system: 0,
                    credential: None,
                    credential_series: 0,
                    individual_issue: 1,
                    person: 0,
                    organization_category: 3,
                    organization: 0,
                    association: 1,
                },
                keys: [
                    KeyToGenerate {
                        reference: Authentication,
                        algorithm: P256,
                    },
                ],
                factory: Factory(***),
            }
        "#]]
        .assert_debug_eq(&parse(TEMPORARY).unwrap());
    }

    #[test]
    fn a_profile_may_set_the_numbers_of_tries() {
        let retries = |pin: u8, puk: u8| {
            let table = format!("[retries]\npin = {pin}\npuk = {puk}\n\n[factory]");
            parse(&TEMPORARY.replacen("[factory]", &table, 1)).map(|profile| profile.retries)
        };
        assert_eq!(retries(3, 15).unwrap(), Some(Retries { pin: 3, puk: 15 }));
        assert_eq!(retries(2, 3).unwrap_err().to_string(), "retries.pin: 3 to 15");
        assert_eq!(retries(3, 16).unwrap_err().to_string(), "retries.puk: 3 to 15");
    }

    fn check(from: &str, to: &str, expected: Expect) {
        assert!(TEMPORARY.contains(from), "{from}");
        let error = parse(&TEMPORARY.replacen(from, to, 1)).unwrap_err();
        expected.assert_eq(&error.to_string());
    }

    #[test]
    fn errors_name_the_place() {
        check("length = 6", "length = 5", expect!["pin.length: 6, 7 or 8"]);
        check(
            "length = 6",
            "length = 6\ntries = 3",
            expect!["line 11, column 1: unknown field `tries`, expected `length`"],
        );
        check("card-life-years = 6", "card-life-years = 7", expect!["card-life-years: 1 to 6"]);
        check("guid-version = 4", "guid-version = 1", expect!["card-holder.guid-version: 4"]);
        check(
            "\"piv-temporary\"",
            "\"../etc\"",
            expect!["name: lower case letters, digits and hyphens"],
        );
        check(
            "\"aes-192\", \"aes-128\"",
            "\"aes-192\", \"aes-192\"",
            expect!["management-key.algorithms: one or more, none of them twice"],
        );
        check(
            "\"aes-256\", ",
            "\"rot-13\", ",
            expect![
                "line 14, column 15: unknown variant `rot-13`, expected one of `3des`, `aes-128`, `aes-192`, `aes-256`"
            ],
        );
        check(
            "agency = 9999",
            "agency = 10000",
            expect!["card-holder.fasc-n.agency: at most 4 digits"],
        );
        check(
            "\"p256\"",
            "\"p521\"",
            expect![
                "line 35, column 13: unknown variant `p521`, expected one of `p256`, `p384`, `rsa2048`, `rsa3072`"
            ],
        );
        check("pin = \"123456\"", "pin = \"12345x\"", expect!["factory.pin: 6 to 8 digits"]);
        check(
            "0102030405",
            "01020304",
            expect![
                "factory.management-keys[0].key: two hexadecimal digits for each byte of the cipher's key"
            ],
        );
        check("[pin]", "[pin", expect!["line 8, column 5: unclosed table, expected `]`"]);
    }

    #[test]
    fn errors_keep_secrets_to_themselves() {
        check("pin = \"123456\"", "pin = 846179", expect!["line 39, column 7: expected a string"]);
        check(
            "pin = \"123456\"",
            "pin = [\"846179\"]",
            expect!["line 39, column 7: expected a string"],
        );
    }
}
