//! Every command against a scripted chip, and against one that babbles.

use cardwright_card::commands::{self, Authentication, KeyAlgorithm, PinStatus, Presented};
use cardwright_card::{
    CardError, Channel, ManagementKey, ManagementKeyAlgorithm, Pin, Puk, Transport, TransportError,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
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

/// Runs a command, and compares what was sent and what it made of the answers.
fn check<T: Debug>(
    answers: &[&str],
    command: impl Fn(&mut Channel<'_>) -> Result<T, CardError>,
    expected: Expect,
) {
    let answers = answers.iter().map(|answer| hex::decode(answer).unwrap()).collect();
    let mut script = Script { answers, sent: String::new() };
    let outcome = command(&mut Channel::new(&mut script));
    let outcome = match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&format!("{}{outcome}", script.sent));
}

fn factory_key(algorithm: ManagementKeyAlgorithm) -> ManagementKey {
    let key = hex::decode("010203040506070801020304050607080102030405060708").unwrap();
    ManagementKey::new(algorithm, key).unwrap()
}

#[test]
fn applications_are_selected() {
    check(
        &["61009000"],
        commands::select_piv,
        expect![[r#"
        00A404000BA00000030800001000010000
        true"#]],
    );
    check(
        &["6A82"],
        commands::select_piv,
        expect![[r#"
        00A404000BA00000030800001000010000
        false"#]],
    );
    check(
        &["6999"],
        commands::select_piv,
        expect![[r#"
        00A404000BA00000030800001000010000
        error: the chip answered 6999"#]],
    );
    check(
        &["6A82"],
        commands::select_issuer_security_domain,
        expect![[r#"
        00A4040008A00000015100000000
        false"#]],
    );
}

#[test]
fn objects_are_read_and_written() {
    let read = |channel: &mut Channel<'_>| commands::object(channel, commands::CARD_HOLDER);
    check(
        &["5303AABBCC9000"],
        read,
        expect![[r#"
        00CB3FFF055C035FC10200
        Some(Zeroizing { .. })"#]],
    );
    check(
        &["6A82"],
        read,
        expect![[r#"
        00CB3FFF055C035FC10200
        None"#]],
    );
    check(
        &["53009000"],
        read,
        expect![[r#"
        00CB3FFF055C035FC10200
        None"#]],
    );
    check(
        &["AABB9000"],
        read,
        expect![[r#"
        00CB3FFF055C035FC10200
        error: the chip's answer is malformed: an object without its tag 53"#]],
    );
    let write = |channel: &mut Channel<'_>| commands::put_object(channel, 0x5F_C107, &[1, 2]);
    check(
        &["9000"],
        write,
        expect![[r#"
        00DB3FFF095C035FC10753020102
        ()"#]],
    );
    check(
        &["6982"],
        write,
        expect![[r#"
        00DB3FFF095C035FC10753020102
        error: the chip answered 6982"#]],
    );
}

#[test]
fn pin_and_puk_are_presented_and_changed() {
    let (pin, new) = (Pin::parse("123456").unwrap(), Pin::parse("80461793").unwrap());
    let (puk, new_puk) = (Puk::parse("12345678").unwrap(), Puk::parse("93058271").unwrap());
    check(
        &["63C3"],
        commands::pin_status,
        expect![[r#"
        00200080
        Tries(3)"#]],
    );
    check(
        &["9000"],
        commands::pin_status,
        expect![[r#"
        00200080
        Verified"#]],
    );
    check(
        &["6983"],
        commands::pin_status,
        expect![[r#"
        00200080
        Tries(0)"#]],
    );
    check(
        &["6D00"],
        commands::pin_status,
        expect![[r#"
        00200080
        Unknown"#]],
    );
    check(
        &["9000"],
        |channel| commands::verify_pin(channel, &pin),
        expect![[r#"
        0020008008313233343536FFFF
        Accepted"#]],
    );
    check(
        &["63C2"],
        |channel| commands::verify_pin(channel, &pin),
        expect![[r#"
        0020008008313233343536FFFF
        Wrong { tries_left: Some(2) }"#]],
    );
    check(
        &["6983"],
        |channel| commands::verify_pin(channel, &pin),
        expect![[r#"
        0020008008313233343536FFFF
        Wrong { tries_left: Some(0) }"#]],
    );
    check(
        &["9000"],
        commands::log_out,
        expect![[r#"
        0020FF80
        ()"#]],
    );
    check(
        &["6300"],
        |channel| commands::change_pin(channel, &pin, &new),
        expect![[r#"
        0024008010313233343536FFFF3830343631373933
        Wrong { tries_left: None }"#]],
    );
    check(
        &["6985"],
        |channel| commands::change_pin(channel, &pin, &new),
        expect![[r#"
        0024008010313233343536FFFF3830343631373933
        error: the chip answered 6985"#]],
    );
    check(
        &["9000"],
        |channel| commands::change_puk(channel, &puk, &new_puk),
        expect![[r#"
        002400811031323334353637383933303538323731
        Accepted"#]],
    );
    check(
        &["9000"],
        |channel| commands::reset_pin(channel, &puk, &new),
        expect![[r#"
        002C00801031323334353637383830343631373933
        Accepted"#]],
    );
}

#[test]
fn management_keys_are_proved_both_ways() {
    let authenticate = |channel: &mut Channel<'_>| {
        let key = factory_key(ManagementKeyAlgorithm::TripleDes);
        commands::authenticate(channel, &key, &[0x11; 16])
    };
    let witness = "7C0A800800000000000000009000";
    check(
        &[witness, "7C0A820800000000000000009000"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
        error: the chip's answer is malformed: a proof of the management key that is wrong"#]],
    );
    check(
        &[witness, "6982"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
        OtherKey"#]],
    );
    check(
        &[witness, "6A80"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
        OtherKey"#]],
    );
    check(
        &[witness, "6983"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        0087039B167C148008E7D3EE890458A48B8108111111111111111100
        error: the chip answered 6983"#]],
    );
    check(
        &["6A86"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        OtherAlgorithm"#]],
    );
    check(
        &["6A80"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        OtherAlgorithm"#]],
    );
    check(
        &["7C0A80100000000000000000000000009000"],
        authenticate,
        expect![[r#"
        0087039B047C02800000
        error: the chip's answer is malformed: a witness that is not one block"#]],
    );
    let set = |channel: &mut Channel<'_>| {
        commands::set_management_key(channel, &factory_key(ManagementKeyAlgorithm::Aes192))
    };
    check(
        &["9000"],
        set,
        expect![[r#"
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
        true"#]],
    );
    check(
        &["6A80"],
        set,
        expect![[r#"
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
        false"#]],
    );
    check(
        &["6982"],
        set,
        expect![[r#"
        00FFFFFF1B0A9B18010203040506070801020304050607080102030405060708
        error: the chip answered 6982"#]],
    );
}

#[test]
fn key_pairs_are_made_and_used() {
    let generate = |channel: &mut Channel<'_>| {
        let key = commands::generate_key_pair(channel, 0x9A, KeyAlgorithm::P256)?;
        Ok(hex::encode_upper(&key.to_bytes()[..4]))
    };
    let point = format!("7F494386410405{}9000", "06".repeat(63));
    check(
        &[&point],
        generate,
        expect![[r#"
        0047009A05AC0380011100
        "04050606""#]],
    );
    check(
        &["7F49009000"],
        generate,
        expect![[r#"
        0047009A05AC0380011100
        error: the chip's answer is malformed: a public key"#]],
    );
    let sign =
        |channel: &mut Channel<'_>| commands::sign(channel, 0x9A, KeyAlgorithm::P256, &[0x22; 32]);
    check(
        &["7C04820201029000"],
        sign,
        expect![[r#"
        0087119A267C2482008120222222222222222222222222222222222222222222222222222222222222222200
        [1, 2]"#]],
    );
    check(
        &["6982"],
        sign,
        expect![[r#"
        0087119A267C2482008120222222222222222222222222222222222222222222222222222222222222222200
        error: the chip answered 6982"#]],
    );
}

#[test]
fn chips_say_what_they_are() {
    let metadata = |channel: &mut Channel<'_>| commands::metadata(channel, commands::PIN);
    check(
        &["0101FF050101060205039000"],
        metadata,
        expect![[r#"
        00F7008000
        Some(Metadata { algorithm: Some(255), is_default: Some(true), tries_left: Some(3), public_key: None })"#]],
    );
    check(
        &["9000"],
        metadata,
        expect![[r#"
        00F7008000
        None"#]],
    );
    check(
        &["6D00"],
        metadata,
        expect![[r#"
        00F7008000
        None"#]],
    );
    check(
        &["0507019000"],
        commands::version,
        expect![[r#"
        00FD000000
        Some("5.7.1")"#]],
    );
    check(
        &["0052F7439000"],
        commands::serial,
        expect![[r#"
        00F8000000
        Some([0, 82, 247, 67])"#]],
    );
    let life_cycle = format!("9F7F2A{}9000", hex::encode((0..42).collect::<Vec<u8>>()));
    check(
        &[&life_cycle],
        commands::life_cycle_data,
        expect![[r#"
        80CA9F7F00
        Some([0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17])"#]],
    );
    check(
        &[&life_cycle[6..]],
        commands::life_cycle_data,
        expect![[r#"
        80CA9F7F00
        Some([0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16, 17])"#]],
    );
    let zero = format!("9F7F2A{}9000", "00".repeat(42));
    check(
        &[&zero],
        commands::life_cycle_data,
        expect![[r#"
        80CA9F7F00
        None"#]],
    );
    check(
        &["9F7F0201029000"],
        commands::life_cycle_data,
        expect![[r#"
        80CA9F7F00
        None"#]],
    );
    check(
        &["420212349000"],
        commands::issuer_identification_number,
        expect![[r#"
            80CA004200
            Some([18, 52])"#]],
    );
    check(
        &["6A88"],
        commands::card_image_number,
        expect![[r#"
        80CA004500
        None"#]],
    );
}

/// What a chip may say at worst.
fn answers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let tags = prop::sample::select(vec![0x7C_u32, 0x53, 0x80, 0x82, 0x7F49, 0x86, 0x04, 0x06]);
    let status = prop::sample::select(vec![0x9000_u16, 0x6103, 0x6C05, 0x63C1, 0x6A80, 0x6982]);
    let bytes = prop::collection::vec(any::<u8>(), 0..70);
    let answer = (tags.clone(), tags, bytes, status, any::<bool>()).prop_map(
        |(outer, inner, bytes, status, is_tlv)| {
            let mut answer = match is_tlv {
                true => {
                    let inner = cardwright_card::tlv::encode(inner, &bytes);
                    cardwright_card::tlv::encode(outer, &inner).to_vec()
                }
                false => bytes,
            };
            answer.extend(status.to_be_bytes());
            answer
        },
    );
    prop::collection::vec(answer, 0..8)
}

proptest! {
    #[test]
    fn no_answer_makes_a_command_panic(answers in answers()) {
        let pin = Pin::parse("123456").unwrap();
        let run: [fn(&mut Channel<'_>) -> bool; 9] = [
            |channel| commands::select_piv(channel).is_ok(),
            |channel| commands::object(channel, commands::CARD_HOLDER).is_ok(),
            |channel| commands::metadata(channel, commands::PIN).is_ok(),
            |channel| commands::life_cycle_data(channel).is_ok(),
            |channel| commands::version(channel).is_ok(),
            |channel| commands::serial(channel).is_ok(),
            |channel| commands::generate_key_pair(channel, 0x9A, KeyAlgorithm::P256).is_ok(),
            |channel| commands::sign(channel, 0x9A, KeyAlgorithm::Rsa2048, &[1; 256]).is_ok(),
            |channel| {
                let key = factory_key(ManagementKeyAlgorithm::Aes192);
                commands::authenticate(channel, &key, &[1; 16]).is_ok()
            },
        ];
        for command in run {
            command(&mut Channel::new(&mut Script { answers: answers.clone(), sent: String::new() }));
        }
        let mut script = Script { answers, sent: String::new() };
        let mut channel = Channel::new(&mut script);
        let _: Result<PinStatus, _> = commands::pin_status(&mut channel);
        let _: Result<Presented, _> = commands::verify_pin(&mut channel, &pin);
    }
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
