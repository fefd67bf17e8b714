//! Every command against a scripted chip.

use cardwright_card::commands::{self, Authentication, KeyAlgorithm};
use cardwright_card::objects::discovery_object;
use cardwright_card::{
    CardError, Channel, ManagementKey, ManagementKeyAlgorithm, Pin, Puk, Transport, TransportError,
};
use expect_test::{Expect, expect};
use std::fmt::Debug;
use zeroize::Zeroizing;

/// Answers in order, and remembers what it was sent.
struct Script {
    answers: Vec<Vec<u8>>,
    sent: String,
}

impl Transport for Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.sent.push_str(&format!("{}\n", hex::encode_upper(command)));
        match self.answers.is_empty() {
            true => Err(TransportError::Removed),
            false => Ok(Zeroizing::new(self.answers.remove(0))),
        }
    }
}

/// What was sent, what was answered, and what the commands made of it.
#[derive(Default)]
struct Log(String);

impl Log {
    fn check<T: Debug>(
        &mut self,
        answers: &[&str],
        command: impl Fn(&mut Channel<'_>) -> Result<T, CardError>,
    ) {
        let bytes = answers.iter().map(|answer| hex::decode(answer).unwrap()).collect();
        let mut script = Script { answers: bytes, sent: String::new() };
        let outcome = match command(&mut Channel::new(&mut script)) {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("error: {error}"),
        };
        let status = answers.last().map_or("", |answer| &answer[answer.len() - 4..]);
        self.0.push_str(&format!("{}  {status}: {outcome}\n", script.sent));
    }

    fn is(&self, expected: Expect) {
        expected.assert_eq(&self.0);
    }
}

fn factory_key(algorithm: ManagementKeyAlgorithm) -> ManagementKey {
    let key = hex::decode("010203040506070801020304050607080102030405060708").unwrap();
    ManagementKey::new(algorithm, key).unwrap()
}

#[test]
fn applications_are_selected() {
    let mut log = Log::default();
    log.check(&["61009000"], commands::select_piv);
    log.check(&["6A82"], commands::select_piv);
    log.check(&["6999"], commands::select_piv);
    log.check(&["6D00"], commands::select_piv);
    log.check(&["6E00"], commands::select_piv);
    log.check(&["6F00"], commands::select_piv);
    log.check(&["6A82"], commands::select_issuer_security_domain);
    log.check(&["61034F01019000"], commands::piv_properties);
    log.check(&["9000", "070102030405869000"], commands::is_fips_yubikey);
    log.check(&["9000", "030401819000"], commands::is_fips_yubikey);
    log.check(&["6A82"], commands::is_fips_yubikey);
    log.is(expect![[r#"
        00A404000BA00000030800001000010000
          9000: true
        00A404000BA00000030800001000010000
          6A82: false
        00A404000BA00000030800001000010000
          6999: false
        00A404000BA00000030800001000010000
          6D00: false
        00A404000BA00000030800001000010000
          6E00: false
        00A404000BA00000030800001000010000
          6F00: error: the chip answered 6F00
        00A4040008A00000015100000000
          6A82: false
        00A404000BA00000030800001000010000
          9000: Some(PropertyTemplate { identifier: [1], label: None, is_bare: true })
        00A4040008A00000052747111700
        001D000000
          9000: None
        00A4040008A00000052747111700
        001D000000
          9000: Some(true)
        00A4040008A00000052747111700
          6A82: None
    "#]]);
}

#[test]
fn objects_are_read_and_written() {
    let mut log = Log::default();
    let read = |channel: &mut Channel<'_>| commands::object(channel, commands::CARD_HOLDER);
    log.check(&["5303AABBCC9000"], read);
    log.check(&["6A82"], read);
    log.check(&["53009000"], read);
    log.check(&["AABB9000"], read);
    let write = |channel: &mut Channel<'_>| commands::put_object(channel, 0x5F_C107, &[1, 2]);
    log.check(&["9000"], write);
    log.check(&["6982"], write);
    log.check(&["7E009000"], commands::discovery);
    log.check(&["6A82"], commands::discovery);
    log.check(&["9000"], |channel| commands::put_discovery(channel, &discovery_object()));
    log.is(expect![[r#"
        00CB3FFF055C035FC10200
          9000: Some(Zeroizing { .. })
        00CB3FFF055C035FC10200
          6A82: None
        00CB3FFF055C035FC10200
          9000: None
        00CB3FFF055C035FC10200
          9000: error: the chip's answer is malformed: an object without its tag 53
        00DB3FFF095C035FC10753020102
          9000: ()
        00DB3FFF095C035FC10753020102
          6982: error: the chip answered 6982
        00CB3FFF035C017E00
          9000: Some([126, 0])
        00CB3FFF035C017E00
          6A82: None
        00DB3FFF147E124F0BA0000003080000100001005F2F024000
          9000: ()
    "#]]);
}

#[test]
fn pin_and_puk_are_presented_and_changed() {
    let mut log = Log::default();
    let (pin, new) = (Pin::parse("123456").unwrap(), Pin::parse("80461793").unwrap());
    let (puk, new_puk) = (Puk::parse("12345678").unwrap(), Puk::parse("93058271").unwrap());
    log.check(&["63C3"], commands::pin_status);
    log.check(&["9000"], commands::pin_status);
    log.check(&["6983"], commands::pin_status);
    log.check(&["6D00"], commands::pin_status);
    log.check(&["9000"], |channel| commands::verify_pin(channel, &pin));
    log.check(&["63C2"], |channel| commands::verify_pin(channel, &pin));
    log.check(&["6983"], |channel| commands::verify_pin(channel, &pin));
    log.check(&["9000"], commands::log_out);
    log.check(&["6300"], |channel| commands::change_pin(channel, &pin, &new));
    log.check(&["6985"], |channel| commands::change_pin(channel, &pin, &new));
    log.check(&["9000"], |channel| commands::change_puk(channel, &puk, &new_puk));
    log.check(&["9000"], |channel| commands::reset_pin(channel, &puk, &new));
    log.check(&["9000"], |channel| commands::set_tries(channel, 5, 3));
    log.check(&["6D00"], |channel| commands::set_tries(channel, 5, 3));
    log.check(&["6985"], commands::reset_application);
    log.is(expect![[r#"
        00200080
          63C3: Tries(3)
        00200080
          9000: Verified
        00200080
          6983: Tries(0)
        00200080
          6D00: Unknown
        0020008008313233343536FFFF
          9000: Accepted
        0020008008313233343536FFFF
          63C2: Wrong { tries_left: Some(2) }
        0020008008313233343536FFFF
          6983: Wrong { tries_left: Some(0) }
        0020FF80
          9000: ()
        0024008010313233343536FFFF3830343631373933
          6300: Wrong { tries_left: None }
        0024008010313233343536FFFF3830343631373933
          6985: error: the chip answered 6985
        002400811031323334353637383933303538323731
          9000: Accepted
        002C00801031323334353637383830343631373933
          9000: Accepted
        00FA0503
          9000: ()
        00FA0503
          6D00: error: the chip answered 6D00
        00FB0000
          6985: 6985
    "#]]);
}

#[test]
fn management_keys_are_proved_both_ways() {
    let mut log = Log::default();
    let authenticate = |channel: &mut Channel<'_>| {
        let key = factory_key(ManagementKeyAlgorithm::TripleDes);
        commands::authenticate(channel, &key, &[0x11; 16])
    };
    let witness = "7C0A800800000000000000009000";
    log.check(&[witness, "7C0A820800000000000000009000"], authenticate);
    log.check(&[witness, "6982"], authenticate);
    log.check(&[witness, "6A80"], authenticate);
    log.check(&[witness, "63C1"], authenticate);
    log.check(&[witness, "6983"], authenticate);
    log.check(&["6A86"], authenticate);
    log.check(&["6A80"], authenticate);
    log.check(&["7C0A80100000000000000000000000009000"], authenticate);
    let set = |channel: &mut Channel<'_>| {
        commands::set_management_key(channel, &factory_key(ManagementKeyAlgorithm::Aes192))
    };
    log.check(&["9000"], set);
    log.check(&["6A80"], set);
    log.check(&["6982"], set);
    log.is(expect![[r#"
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
          9000: error: the chip's answer is malformed: a proof of the management key that is wrong
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
          6982: OtherKey { tries_left: None }
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
          6A80: OtherKey { tries_left: None }
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
          63C1: OtherKey { tries_left: Some(1) }
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
          6983: error: the chip answered 6983
        0087039B047C02800000
          6A86: OtherAlgorithm
        0087039B047C02800000
          6A80: OtherAlgorithm
        0087039B047C02800000
          9000: error: the chip's answer is malformed: a witness that is not one block
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
          9000: true
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
          6A80: false
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
          6982: error: the chip answered 6982
    "#]]);
}

#[test]
fn key_pairs_are_made_and_used() {
    let mut log = Log::default();
    let generate = |channel: &mut Channel<'_>| {
        let key = commands::generate_key_pair(channel, 0x9A, KeyAlgorithm::P256)?;
        Ok(hex::encode_upper(&key.to_bytes()[..4]))
    };
    let point = format!("7F494386410405{}9000", "06".repeat(63));
    log.check(&[&point], generate);
    log.check(&["7F49009000"], generate);
    let sign =
        |channel: &mut Channel<'_>| commands::sign(channel, 0x9A, KeyAlgorithm::P256, &[0x22; 32]);
    log.check(&["7C04820201029000"], sign);
    log.check(&["6982"], sign);
    log.is(expect![[r#"
        0047009A05AC0380011100
          9000: "04050606"
        0047009A05AC0380011100
          9000: error: the chip's answer is malformed: a public key
        0087119A267C2482008120222222222222222222222222222222222222222222222222222222222222222200
          9000: [1, 2]
        0087119A267C2482008120222222222222222222222222222222222222222222222222222222222222222200
          6982: error: the chip answered 6982
    "#]]);
}

#[test]
fn chips_say_what_they_are() {
    let mut log = Log::default();
    let metadata = |channel: &mut Channel<'_>| commands::metadata(channel, commands::PIN);
    log.check(&["0101FF050101060205039000"], metadata);
    log.check(&["9000"], metadata);
    log.check(&["6D00"], metadata);
    log.check(&["0507019000"], commands::version);
    log.check(&["0052F7439000"], commands::serial);
    let life_cycle = format!("9F7F2A{}9000", hex::encode((0..42).collect::<Vec<u8>>()));
    log.check(&[&life_cycle], commands::life_cycle_data);
    log.check(&[&life_cycle[6..]], commands::life_cycle_data);
    let zero = format!("9F7F2A{}9000", "00".repeat(42));
    log.check(&[&zero], commands::life_cycle_data);
    log.check(&["9F7F0201029000"], commands::life_cycle_data);
    log.check(&["420212349000"], commands::issuer_identification_number);
    let too_long = format!("4581FF{}9000", "07".repeat(255));
    log.check(&[&too_long], commands::card_image_number);
    log.check(&["6A88"], commands::card_image_number);
    log.is(expect![[r#"
        00F7008000
          9000: Some(Metadata { algorithm: Some(255), is_default: Some(true), tries: Some(5), tries_left: Some(3), public_key: None })
        00F7008000
          9000: None
        00F7008000
          6D00: None
        00FD000000
          9000: Some("5.7.1")
        00F8000000
          9000: Some([0, 82, 247, 67])
        80CA9F7F00
          9000: Some([0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17])
        80CA9F7F00
          9000: Some([0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17])
        80CA9F7F00
          9000: None
        80CA9F7F00
          9000: None
        80CA004200
          9000: Some([18, 52])
        80CA004500
          9000: None
        80CA004500
          6A88: None
    "#]]);
}

#[test]
fn a_chip_that_proves_the_key_is_accepted() {
    // The answer of a chip that has the key: AES-192 of the challenge.
    let key = factory_key(ManagementKeyAlgorithm::Aes192);
    let mut chip = Honest { step: 0 };
    let outcome = commands::authenticate(&mut Channel::new(&mut chip), &key, &[0x11; 16]);
    assert_eq!(outcome, Ok(Authentication::Accepted));
}

/// Knows one answer, computed with another implementation (OpenSSL).
struct Honest {
    step: usize,
}

impl Transport for Honest {
    fn transmit(&mut self, _command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.step += 1;
        let answer = match self.step {
            1 => "7C12801000000000000000000000000000000000".to_owned(),
            _ => "7C1282108A0927ECA98C2A1B8CBBB53BDF4A3C2B".to_owned(),
        };
        Ok(Zeroizing::new(hex::decode(answer + "9000").unwrap()))
    }
}
