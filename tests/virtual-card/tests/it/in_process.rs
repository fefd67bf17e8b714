use cardwright_card::{Transport, TransportError};
use cardwright_virtual_card::{
    CardOptions, Dialect, Fault, Trace, Tries, VirtualCard, cplc, serial,
};
use expect_test::{Expect, expect};
use std::{fs, thread, time::Duration};

const SELECT_DOMAIN: &str = "00A4040008A00000015100000000";
const SELECT_PIV: &str = "00A404000BA000000308000010000100";
const GET_CPLC: &str = "80CA9F7F00";
const VERIFY_STATUS: &str = "00200080";
const VERIFY_FACTORY_PIN: &str = "0020008008313233343536FFFF";
const VERIFY_WRONG_PIN: &str = "0020008008393939393939FFFF";
const CHANGE_FACTORY_PIN: &str = "0024008010313233343536FFFF313233343537FFFF";

fn card(options: &CardOptions) -> VirtualCard {
    VirtualCard::new(options).unwrap()
}

fn send(card: &mut VirtualCard, command: &str) -> String {
    match card.transmit(&hex::decode(command).unwrap()) {
        Ok(answer) => hex::encode_upper(&*answer),
        Err(error) => error.to_string(),
    }
}

/// Sends the commands, one to a line, and compares every answer.
fn check(card: &mut VirtualCard, commands: &[&str], expected: Expect) {
    let answers: Vec<String> =
        commands.iter().map(|command| shortened(send(card, command))).collect();
    expected.assert_eq(&answers.join("\n"));
}

/// The answer to SELECT is long, and what it says in the middle is the firmware's business.
fn shortened(answer: String) -> String {
    match answer.len() {
        0..=60 => answer,
        length => format!("{}..{}", &answer[..8], &answer[length - 4..]),
    }
}

#[test]
fn select_by_rid_pin_version_and_serial() {
    check(
        &mut card(&CardOptions::new(7)),
        &["00A4040005A000000308", VERIFY_STATUS, VERIFY_FACTORY_PIN, "00FD0000", "00F80000"],
        expect![[r#"
            61694F06..9000
            63C3
            9000
            0606069000
            0152F74A9000"#]],
    );
}

#[test]
fn the_strict_dialect_is_the_firmwares_own() {
    check(
        &mut card(&CardOptions { dialect: Dialect::Strict, ..CardOptions::new(7) }),
        &[
            "00A4040005A000000308",
            "00A4040009A00000030800001000",
            "00A4040009A0000003080000100000",
            "00F80000",
            "00F8000000",
        ],
        expect![[r#"
            6A82
            616B
            61694F06..9000
            6104
            0052F7439000"#]],
    );
}

#[test]
fn every_card_has_a_chip_of_its_own() {
    for index in [0, 1, 2, 40, 65535] {
        let mut card = card(&CardOptions::new(index));
        send(&mut card, SELECT_DOMAIN);
        let expected = format!("9F7F2A{}9000", hex::encode_upper(cplc(index)));
        assert_eq!(send(&mut card, GET_CPLC), expected);
        send(&mut card, SELECT_PIV);
        assert_eq!(send(&mut card, "00F8000000"), hex::encode_upper(serial(index)) + "9000");
    }
}

#[test]
fn domain_and_piv_are_apart_and_the_domain_is_selected_first() {
    let mut card = card(&CardOptions::default());
    let commands = [
        VERIFY_STATUS,
        "00A4040000",
        "80CA004200",
        "80CA004500",
        "00CB3FFF055C035FC10200",
        SELECT_PIV,
        GET_CPLC,
        VERIFY_FACTORY_PIN,
        VERIFY_STATUS,
        SELECT_DOMAIN,
        "00A4040005A000000527",
        "80CA004200",
        SELECT_PIV,
        VERIFY_STATUS,
    ];
    check(
        &mut card,
        &commands,
        expect![[r#"
        6D00
        6F108408A000000151000000A5049F6501FF9000
        6A88
        6A88
        6D00
        61694F06..9000
        6882
        9000
        9000
        6F108408A000000151000000A5049F6501FF9000
        6A82
        6A88
        61694F06..9000
        63C3"#]],
    );
}

#[test]
fn reset_takes_the_security_status_and_leaves_the_flash() {
    let mut card = card(&CardOptions::default());
    assert_eq!(card.tries(), None);
    check(
        &mut card,
        &[
            SELECT_PIV,
            VERIFY_WRONG_PIN,
            VERIFY_FACTORY_PIN,
            CHANGE_FACTORY_PIN,
            VERIFY_STATUS,
            VERIFY_FACTORY_PIN,
        ],
        expect![[r#"
            61694F06..9000
            63C2
            9000
            9000
            9000
            63C2"#]],
    );
    assert_eq!(card.tries(), Some(Tries { pin: 2, puk: 3 }));
    card.reset();
    check(
        &mut card,
        &[VERIFY_STATUS, SELECT_PIV, VERIFY_STATUS],
        expect![[r#"
        6D00
        61694F06..9000
        63C2"#]],
    );
    card.power_cycle();
    check(
        &mut card,
        &[SELECT_PIV, VERIFY_STATUS],
        expect![[r#"
        61694F06..9000
        63C2"#]],
    );
    assert_eq!(card.commands(), 11);
}

#[test]
fn torn_out_before_a_command_it_is_not_carried_out() {
    let mut card = card(&CardOptions { fault: Some(Fault::before(2)), ..CardOptions::default() });
    check(
        &mut card,
        &[SELECT_PIV, CHANGE_FACTORY_PIN, SELECT_PIV],
        expect![[r#"
        61694F06..9000
        the chip left the reader
        the chip left the reader"#]],
    );
    assert!(!card.is_inserted());
    assert_eq!(card.commands(), 2);
    card.insert_again();
    check(
        &mut card,
        &[SELECT_PIV, VERIFY_FACTORY_PIN],
        expect![[r#"
        61694F06..9000
        9000"#]],
    );
}

#[test]
fn torn_out_inside_a_command_it_is_carried_out_unanswered() {
    let mut card = card(&CardOptions { fault: Some(Fault::inside(2)), ..CardOptions::default() });
    check(
        &mut card,
        &[SELECT_PIV, CHANGE_FACTORY_PIN, SELECT_PIV],
        expect![[r#"
        61694F06..9000
        the chip left the reader
        the chip left the reader"#]],
    );
    card.insert_again();
    check(
        &mut card,
        &[SELECT_PIV, VERIFY_FACTORY_PIN],
        expect![[r#"
        61694F06..9000
        63C2"#]],
    );
}

#[test]
fn a_fault_set_later_counts_from_then_and_can_name_an_instruction() {
    let mut card = card(&CardOptions::default());
    send(&mut card, SELECT_PIV);
    card.fail(Fault::before(2));
    check(
        &mut card,
        &[VERIFY_STATUS, VERIFY_STATUS],
        expect![[r#"
        63C3
        the chip left the reader"#]],
    );
    card.insert_again();
    card.fail(Fault::inside_instruction(0x20));
    check(
        &mut card,
        &[SELECT_PIV, "00FD000000", VERIFY_STATUS],
        expect![[r#"
        61694F06..9000
        0606069000
        the chip left the reader"#]],
    );
}

#[test]
fn a_card_with_a_state_folder_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = CardOptions { state: Some(folder.path().join("card")), ..CardOptions::default() };
    check(
        &mut card(&options),
        &[SELECT_PIV, CHANGE_FACTORY_PIN],
        expect![[r#"
        61694F06..9000
        9000"#]],
    );
    check(
        &mut card(&options),
        &[SELECT_PIV, VERIFY_FACTORY_PIN],
        expect![[r#"
        61694F06..9000
        63C2"#]],
    );
}

#[test]
fn a_folder_that_holds_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("internal.bin"), "not a flash").unwrap();
    let options = CardOptions { state: Some(folder.path().into()), ..CardOptions::default() };
    let error = VirtualCard::new(&options).unwrap_err().to_string();
    assert!(error.starts_with("the state of the card cannot be kept in "), "{error}");
}

#[test]
fn one_seed_makes_one_card() {
    const GET_CHUID: &str = "00CB3FFF055C035FC10200";
    let chuid = |seed| {
        let mut card = card(&CardOptions { seed: Some(seed), ..CardOptions::default() });
        send(&mut card, SELECT_PIV);
        send(&mut card, GET_CHUID)
    };
    assert!(chuid(1).ends_with("9000"));
    assert_eq!(chuid(1), chuid(1));
    assert_ne!(chuid(1), chuid(2));
}

#[test]
fn a_trace_in_memory_holds_commands_answers_and_the_fault() {
    let fault = Some(Fault::before(2));
    let mut card = card(&CardOptions { trace: Trace::Memory, fault, ..CardOptions::default() });
    send(&mut card, "80CA004200");
    send(&mut card, "80CA004500");
    let seen: Vec<String> = card
        .trace()
        .iter()
        .map(|entry| format!("{:02X?} {:02X?}", entry.command, entry.answer))
        .collect();
    expect![[r#"
        [80, CA, 00, 42, 00] Some([6A, 88])
        [80, CA, 00, 45, 00] None"#]]
    .assert_eq(&seen.join("\n"));
}

#[test]
fn a_trace_file_holds_commands_answers_and_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let trace = Trace::File(path.clone());
    let fault = Some(Fault::before(2));
    let mut card = card(&CardOptions { trace, fault, ..CardOptions::default() });
    send(&mut card, "80CA004200");
    send(&mut card, "80CA004500");
    card.insert_again();
    let lines = fs::read_to_string(path).unwrap();
    let without_times: Vec<&str> =
        lines.lines().map(|line| line.trim_start().split_once(' ').unwrap().1).collect();
    expect![[r#"
        > 80CA004200
        < 6A88
        > 80CA004500
        torn out
        inserted"#]]
    .assert_eq(&without_times.join("\n"));
}

#[test]
fn a_removed_card_says_so() {
    let mut card = card(&CardOptions::default());
    card.remove();
    assert_eq!(card.transmit(&[0; 4]).unwrap_err(), TransportError::Removed);
}

#[test]
fn a_card_that_hangs_can_be_torn_out() {
    let delay = Duration::from_secs(3600);
    let mut card = card(&CardOptions { delay, ..CardOptions::default() });
    let hand = card.hand();
    let person = thread::spawn(move || hand.unplug());
    assert_eq!(card.transmit(&[0; 4]).unwrap_err(), TransportError::Removed);
    assert!(!card.is_inserted());
    person.join().unwrap();
}
