//! Bytes of any kind, and what a chip could say with something wrong in it.

use crate::checks::{self, EndlessChip};
use cardwright_card::objects::{CardCapability, CardHolder, CardId, ExpiryDate, FascN, Guid};
use cardwright_card::tlv;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..longest)
}

/// Objects in objects, of the tags that chips use.
fn nested_tlv() -> impl Strategy<Value = Vec<u8>> {
    let tags = [0x53_u32, 0x5C, 0x7C, 0x80, 0x82, 0x86, 0x01, 0x04, 0x05, 0x06, 0x34, 0x7F49];
    let leaf = prop_oneof![bytes(40), bytes(300)];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop::collection::vec((select(tags.to_vec()), inner), 1..4).prop_map(|objects| {
            let mut bytes = Vec::new();
            objects.iter().for_each(|(tag, value)| tlv::append(&mut bytes, *tag, value));
            bytes
        })
    })
}

fn card_capability() -> impl Strategy<Value = CardCapability> {
    any::<[u8; 14]>().prop_map(|card_id| CardCapability { card_id: CardId(card_id) })
}

fn fasc_n() -> impl Strategy<Value = FascN> {
    let digit = || 0_u8..10;
    let numbers = (0_u16..10_000, 0_u16..10_000, 0_u32..1_000_000, 0_u64..10_000_000_000);
    let digits = (digit(), digit(), digit(), 0_u16..10_000, digit());
    (numbers, digits).prop_map(|((agency, system, credential, person), digits)| FascN {
        agency,
        system,
        credential,
        credential_series: digits.0,
        individual_issue: digits.1,
        person,
        organization_category: digits.2,
        organization: digits.3,
        association: digits.4,
    })
}

fn card_holder() -> impl Strategy<Value = CardHolder> {
    let expiry = (2000_u16..2100, 1_u8..13, 1_u8..29)
        .prop_map(|(year, month, day)| ExpiryDate::new(year, month, day).unwrap());
    (fasc_n(), any::<[u8; 16]>(), expiry).prop_map(|(fasc_n, guid, expiry)| CardHolder {
        fasc_n,
        guid: Guid(guid),
        expiry,
    })
}

/// One to three places where bytes are changed, lost or added.
fn wrong(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let mistake = (0..4, any::<Index>(), any::<u8>());
    (bytes, prop::collection::vec(mistake, 1..4)).prop_map(|(mut bytes, mistakes)| {
        for (kind, place, byte) in mistakes {
            let place = place.index(bytes.len().max(1));
            match kind {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => bytes[place] ^= byte,
                1 => bytes.truncate(place),
                2 => drop(bytes.remove(place)),
                _ => bytes.insert(place, byte),
            }
        }
        bytes
    })
}

/// What a chip may say at worst: anything, and mostly what sends the reader on to more.
fn answers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let statuses = [0x9000_u16, 0x6101, 0x6100, 0x6C05, 0x6C00, 0x63C1, 0x6A80, 0x6982, 0x6983];
    let status = prop_oneof![4 => select(statuses.to_vec()), 1 => any::<u16>()];
    let body = prop_oneof![2 => nested_tlv(), 1 => wrong(nested_tlv()), 1 => bytes(3)];
    let whole =
        (body, status).prop_map(|(body, status)| [&body[..], &status.to_be_bytes()].concat());
    prop::collection::vec(prop_oneof![9 => whole, 1 => bytes(4)], 0..6)
}

proptest! {
    #[test]
    fn any_tlv_is_read_or_refused(bytes in prop_oneof![bytes(600), nested_tlv(), wrong(nested_tlv())]) {
        checks::tlv(&bytes);
    }

    #[test]
    fn any_object_is_read_or_refused(
        bytes in prop_oneof![
            bytes(80),
            nested_tlv(),
            wrong(card_capability().prop_map(|ccc| ccc.build())),
            wrong(card_holder().prop_map(|chuid| chuid.build().unwrap())),
            wrong(fasc_n().prop_map(|fasc_n| fasc_n.encode().unwrap().to_vec())),
            wrong("[0-9]{8}".prop_map(String::into_bytes)),
        ],
    ) {
        checks::objects(&bytes);
        checks::metadata(&bytes);
    }

    #[test]
    fn what_is_built_is_read(card_capability in card_capability(), card_holder in card_holder()) {
        let built = card_capability.build();
        prop_assert_eq!(built.len(), 51);
        prop_assert_eq!(CardCapability::parse(&built), Ok(card_capability));
        let built = card_holder.build().unwrap();
        prop_assert_eq!(built.len(), 59);
        prop_assert_eq!(CardHolder::parse(&built), Ok(card_holder));
    }

    #[test]
    fn a_command_ends_and_is_accepted_only_whole(answers in answers(), data in bytes(1100)) {
        checks::channel(&answers, &data);
    }

}

proptest! {
    // Each case is two dozen commands, and each of those fetches as long as it may.
    #![proptest_config(fewer_cases())]

    #[test]
    fn every_command_ends(answers in answers()) {
        checks::commands(EndlessChip::new(answers));
    }

    #[test]
    fn an_input_of_a_fuzzer_is_a_chip(input in bytes(200)) {
        checks::commands(EndlessChip::new(checks::answers_of(&input)));
    }
}

fn fewer_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases / 4, ..config }
}
