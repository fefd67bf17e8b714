//! Chips that are whole in the end.

use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes192, Aes256};
use cardwright_perso::{Phase, RecordedKey, Tries, inspect};
use cardwright_virtual_card::{CardOptions, Dialect, VirtualCard, lasting_cplc, serial};
use expect_test::expect;

fn card(index: u16) -> VirtualCard {
    VirtualCard::new(&CardOptions::new(index)).unwrap()
}

#[test]
fn a_fresh_chip_becomes_whole_with_at_most_32_commands() {
    let softened = fresh_transcript(Dialect::Softened);
    expect![[r#"
        00 SELECT 04 00 -> 9000
        80 GET DATA (GlobalPlatform) 9F 7F -> 9000
        00 SELECT 04 00 -> 9000
        00 VERIFY (status) 00 80 -> 63C3
        00 GET DATA 3F FF -> 9000
        00 GET DATA 3F FF -> 9000
        00 GET DATA 3F FF -> 9000
        00 GENERAL AUTHENTICATE 03 9B -> 9000
        00 GENERAL AUTHENTICATE 03 9B -> 9000
        00 CHANGE REFERENCE DATA 00 81 -> 9000
        00 PUT DATA 3F FF -> 9000
        00 CHANGE REFERENCE DATA 00 81 -> 9000
        00 CHANGE REFERENCE DATA 00 80 -> 9000
        00 PUT DATA 3F FF -> 9000
        00 PUT DATA 3F FF -> 9000
        00 GENERATE ASYMMETRIC KEY PAIR 00 9A -> 9000
        00 SET MANAGEMENT KEY FF FF -> 9000
        (reset)
        00 SELECT 04 00 -> 9000
        80 GET DATA (GlobalPlatform) 9F 7F -> 9000
        00 SELECT 04 00 -> 9000
        00 GET DATA 3F FF -> 9000
        00 GET DATA 3F FF -> 9000
        00 GET DATA 3F FF -> 9000
        00 GENERAL AUTHENTICATE 0C 9B -> 9000
        00 GENERAL AUTHENTICATE 0C 9B -> 9000
        00 VERIFY 00 80 -> 9000
        00 GENERAL AUTHENTICATE 11 9A -> 9000
        00 CHANGE REFERENCE DATA 00 81 -> 9000"#]]
    .assert_eq(&softened);
    // The firmware's own dialect makes no difference: every command has its Le.
    assert_eq!(fresh_transcript(Dialect::Strict), softened);
}

fn fresh_transcript(dialect: Dialect) -> String {
    let options = CardOptions { dialect, ..CardOptions::new(1) };
    let mut desk = Traced::new(VirtualCard::new(&options).unwrap());
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let receipt = carry_out(job(expected), &mut desk).unwrap();
    let commands = desk.sent.iter().filter(|line| *line != "(reset)").count();
    assert_eq!(receipt.commands as usize, commands);
    assert!(commands <= 32, "{commands}");
    assert_eq!(receipt.management_key, Aes256);
    assert_eq!(receipt.written, all_written());
    assert_eq!(receipt.tries_spent, Tries::default());
    assert_eq!(receipt.chip.cplc, Some(lasting_cplc(1)));
    assert_eq!(receipt.chip.card_id, Some(card_id(1)));
    assert_eq!(receipt.chip.guid, Some(wanted(1).guid));
    assert_eq!(receipt.keys.len(), 1);
    assert!(has_secrets(&mut desk.desk, &wanted(1), Aes256));
    desk.sent.join("\n")
}

#[test]
fn an_inspection_spends_no_try_and_writes_nothing() {
    let mut desk = Traced::new(card(2));
    let facts = inspect(&mut desk).unwrap();
    assert_eq!(facts.ids.cplc, Some(lasting_cplc(2)));
    assert_eq!(facts.ids.serial, Some(serial(2)));
    assert!(facts.ids.guid.is_some());
    let piv = facts.piv.clone().unwrap();
    assert_eq!((piv.pin_tries, piv.puk_tries, piv.factory_secrets), (Some(3), None, None));
    assert_eq!(desk.writes(), 0);
    assert_eq!(inspect(&mut desk).unwrap(), facts);
}

#[test]
fn nothing_is_written_to_a_chip_that_is_right_already() {
    let mut desk = Traced::new(card(3));
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let first = carry_out(job(expected.clone()), &mut desk).unwrap();

    // Without a record of the key it is made again, and nothing else.
    let second = carry_out(job(expected.clone()), &mut desk).unwrap();
    assert_eq!(second.written, [Phase::Keys]);
    assert_ne!(second.keys, first.keys);

    let mut again = job(expected);
    let key = &second.keys[0];
    let record = RecordedKey { reference: key.reference, public_key: key.public_key.clone() };
    again.recorded_keys.push(record);
    desk.sent.clear();
    let third = carry_out(again, &mut desk).unwrap();
    assert_eq!(third.written, []);
    assert_eq!(third.keys, second.keys);
    // The PUK is proved by changing it to itself.
    assert_eq!(desk.writes(), 1);
}

#[test]
fn the_next_generation_takes_the_place_of_the_one_before() {
    let mut desk = Traced::new(card(4));
    let expected = inspect(&mut desk.desk).unwrap().ids;
    carry_out(job(expected), &mut desk).unwrap();
    let mut next = job(inspect(&mut desk.desk).unwrap().ids);
    next.wanted = wanted(2);
    next.candidates = vec![factory(), earlier(1)];
    let receipt = carry_out(next, &mut desk).unwrap();
    assert_eq!(receipt.tries_spent, Tries::default());
    let written: Vec<_> =
        all_written().into_iter().filter(|phase| *phase != Phase::CardHolder).collect();
    assert_eq!(receipt.written, written);
    assert!(has_secrets(&mut desk.desk, &wanted(2), Aes256));
}

#[test]
fn a_cipher_that_the_chip_does_not_take_is_passed_over() {
    let mut desk = card(5);
    let mut job = job(inspect(&mut desk).unwrap().ids);
    job.wanted.management_keys = vec![management_key(Aes192, 1), management_key(Aes256, 1)];
    assert_eq!(carry_out(job, &mut desk).unwrap().management_key, Aes256);
}

#[test]
fn every_kind_of_key_is_made_and_proved() {
    let mut desk = card(6);
    let mut job = job(inspect(&mut desk).unwrap().ids);
    let table = [("9A", "rsa2048"), ("9C", "p256"), ("9D", "p384"), ("9E", "p256")];
    let keys = table.map(|(reference, algorithm)| {
        format!("[[keys]]\nreference = \"{reference}\"\nalgorithm = \"{algorithm}\"\n")
    });
    job.profile = profile(&keys.concat());
    let receipt = carry_out(job, &mut desk).unwrap();
    let lengths: Vec<_> = receipt.keys.iter().map(|key| key.public_key.to_bytes().len()).collect();
    assert_eq!(lengths, [270, 65, 97, 65]);
}

#[test]
fn a_profile_may_do_without_keys() {
    let mut desk = Traced::new(card(7));
    let mut job = job(inspect(&mut desk.desk).unwrap().ids);
    job.profile = profile("");
    assert_eq!(carry_out(job.clone(), &mut desk).unwrap().keys, []);
    let again = carry_out(job, &mut desk).unwrap();
    assert_eq!(again.written, []);
}

#[test]
fn a_pin_that_nobody_knows_is_set_by_the_puk() {
    let mut desk = card(8);
    let mut job = job(inspect(&mut desk).unwrap().ids);
    job.candidates[0].pins = vec![cardwright_card::Pin::parse("999999").unwrap()];
    let receipt = carry_out(job, &mut desk).unwrap();
    assert_eq!(receipt.tries_spent, Tries { pin: 1, puk: 0 });
    assert!(has_secrets(&mut desk, &wanted(1), Aes256));
}
