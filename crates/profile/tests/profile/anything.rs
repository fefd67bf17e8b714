//! The profile of a temporary card with something wrong in it, and texts of any kind.

use crate::checks;
use cardwright_profile::Profile;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const TEMPORARY: &str = include_str!("../../../../profiles/piv-temporary.toml");

/// What is put in at any place: TOML, its characters, and numbers at the edges.
fn splinter() -> impl Strategy<Value = String> {
    let strange = [
        "[",
        "]",
        "[[",
        "{",
        "}",
        "=",
        "\"",
        "\"\"\"",
        "'",
        "#",
        "\n",
        "\r",
        "\0",
        ".",
        ",",
        "é",
        "true",
        "nan",
        "1979-05-27",
        "0x10",
        "-1",
        "9999999999",
        "10000000000",
        "1e400",
        "9223372036854775808",
        "18446744073709551616",
        "9C",
        "rsa3072",
        "3des",
    ];
    prop_oneof![
        4 => select(strange.to_vec()).prop_map(str::to_owned),
        2 => ".{0,3}",
        1 => "[0-9]{1,20}",
    ]
}

fn wrong_profile() -> impl Strategy<Value = String> {
    let mistake = (any::<Index>(), 0_usize..6, splinter());
    prop::collection::vec(mistake, 1..4).prop_map(|mistakes| {
        let mut characters: Vec<char> = TEMPORARY.chars().collect();
        for (place, lost, splinter) in mistakes {
            let start = place.index(characters.len() + 1);
            let end = (start + lost).min(characters.len());
            characters.splice(start..end, splinter.chars());
        }
        characters.into_iter().collect()
    })
}

/// Whole lines in another order, twice, or not at all.
fn shuffled_lines() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = TEMPORARY.lines().filter(|line| !line.starts_with('#')).collect();
    prop::collection::vec(select(lines), 0..60).prop_map(|lines| lines.join("\n"))
}

/// Numbers in place of the numbers.
fn other_numbers() -> impl Strategy<Value = String> {
    let number = prop_oneof![0_u64..12, 9_990_u64..10_010, any::<u64>()];
    prop::collection::vec(prop_oneof![2 => Just(None), 1 => number.prop_map(Some)], 11).prop_map(
        |numbers| {
            let mut numbers = numbers.into_iter();
            let line = |line: &str| match line.split_once(" = ") {
                Some((name, value)) if value.parse::<u64>().is_ok() => {
                    let value =
                        numbers.next().flatten().map_or(value.to_owned(), |n| n.to_string());
                    format!("{name} = {value}\n")
                }
                _ => format!("{line}\n"),
            };
            TEMPORARY.lines().map(line).collect()
        },
    )
}

proptest! {
    #[test]
    fn any_text_is_a_sound_profile_or_refused(
        text in prop_oneof![".{0,200}", wrong_profile(), shuffled_lines(), other_numbers()],
    ) {
        checks::profile(&text);
    }
}

#[test]
fn the_profile_of_a_temporary_card_is_sound() {
    assert!(Profile::parse(TEMPORARY).is_ok());
    checks::profile(TEMPORARY);
}

#[test]
fn text_that_is_nested_without_end_is_refused() {
    for opening in ["[", "{a=", "a.", "x=[", "[a.", "[["] {
        let text = opening.repeat(60_000);
        assert!(Profile::parse(&text).is_err());
        checks::profile(&text);
    }
}
