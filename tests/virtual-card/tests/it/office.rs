use crate::pcsc_client::Client;
use cardwright_virtual_card::{
    CardOptions, Fault, Gate, Tries, cplc,
    office::{Office, OfficeError, OfficeOptions, reader_name},
};
use std::{
    io::{BufRead, BufReader},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cardwright-virtual-card");
const SELECT_PIV: &str = "00A4040005A000000308";
const VERIFY_WRONG_PIN: &str = "0020008008393939393939FFFF";
const VERIFY_STATUS: &str = "00200080";

fn options(readers: usize, dir: &Path) -> OfficeOptions {
    OfficeOptions { readers, dir: dir.to_owned(), program: Some(PROGRAM.into()) }
}

/// An office in a folder of its own, and a client of it.
fn office(readers: usize) -> (TempDir, Office, Client) {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::start(&options(readers, folder.path())).unwrap();
    let client = Client::start(office.csock_name());
    (folder, office, client)
}

/// Waits for the card in a reader and takes it for itself; a connection to a card that was there
/// before would still count as somebody else's.
fn connect(client: &mut Client, reader: usize) {
    client.ask("disconnect");
    assert_eq!(client.ask(&format!("present {}", reader_name(reader))), "yes");
    assert_eq!(client.ask(&format!("connect {}", reader_name(reader))), "connected");
}

/// The life cycle data of the chip in a reader.
fn chip_in(client: &mut Client, reader: usize) -> String {
    connect(client, reader);
    client.ask("send 00A4040008A00000015100000000");
    let cplc = client.ask("send 80CA9F7F00");
    client.ask("disconnect");
    cplc
}

fn chip(index: u16) -> String {
    format!("9F7F2A{}9000", hex::encode_upper(cplc(index)))
}

#[test]
fn two_offices_side_by_side_have_readers_and_cards_of_their_own() {
    let (_first_folder, first, mut first_client) = office(4);
    let (_second_folder, second, mut second_client) = office(1);
    first.insert(0, CardOptions::new(0)).unwrap();
    first.insert(3, CardOptions::new(3)).unwrap();
    second.insert(0, CardOptions::new(9)).unwrap();
    assert_eq!(
        first_client.ask("readers"),
        "Virtual PCD 00 00, Virtual PCD 00 01, Virtual PCD B 00 00, Virtual PCD B 00 01"
    );
    assert_eq!(second_client.ask("readers"), "Virtual PCD 00 00, Virtual PCD 00 01");
    assert_eq!(chip_in(&mut first_client, 0), chip(0));
    assert_eq!(chip_in(&mut first_client, 3), chip(3));
    assert_eq!(chip_in(&mut second_client, 0), chip(9));
}

#[test]
fn a_card_is_removed_put_in_again_and_swapped() {
    let (_folder, office, mut client) = office(2);
    office.insert(1, CardOptions::new(5)).unwrap();
    assert_eq!(chip_in(&mut client, 1), chip(5));
    office.remove(1).unwrap();
    assert_eq!(client.ask(&format!("empty {}", reader_name(1))), "yes");
    office.insert(1, CardOptions::new(5)).unwrap();
    assert_eq!(chip_in(&mut client, 1), chip(5));
    office.swap(1, CardOptions::new(6)).unwrap();
    assert_eq!(chip_in(&mut client, 1), chip(6));
}

#[test]
fn a_card_torn_out_inside_a_command_keeps_what_it_wrote() {
    let (_folder, office, mut client) = office(1);
    let fault = Some(Fault::inside(2));
    office.insert(0, CardOptions { fault, ..CardOptions::new(0) }).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    // What PC/SC says of it depends on the moment of its next poll.
    client.ask(&format!("send {VERIFY_WRONG_PIN}"));
    assert_eq!(client.ask(&format!("empty {}", reader_name(0))), "yes");
    office.insert(0, CardOptions::new(0)).unwrap();
    assert_eq!(office.tries(0).unwrap(), Some(Tries { pin: 2, puk: 3 }));
    office.fail(0, Fault::before_instruction(0x20)).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    client.ask(&format!("send {VERIFY_STATUS}"));
    assert_eq!(client.ask(&format!("empty {}", reader_name(0))), "yes");
}

#[test]
fn a_card_that_hangs_is_taken_out() {
    let (_folder, office, mut client) = office(1);
    let delay = Duration::from_secs(3600);
    office.insert(0, CardOptions { delay, ..CardOptions::new(0) }).unwrap();
    connect(&mut client, 0);
    client.tell(&format!("send {SELECT_PIV}"));
    office.remove(0).unwrap();
    // What PC/SC says of it depends on the moment of its next poll.
    client.reply();
    office.insert(0, CardOptions::new(0)).unwrap();
    assert_eq!(chip_in(&mut client, 0), chip(0));
}

#[test]
fn a_reset_takes_the_selection() {
    let (_folder, office, mut client) = office(1);
    office.insert(0, CardOptions::new(0)).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    assert_eq!(client.ask(&format!("send {VERIFY_STATUS}")), "63C3");
    assert_eq!(client.ask("reconnect"), "connected");
    assert_eq!(client.ask(&format!("send {VERIFY_STATUS}")), "6D00");
}

#[test]
fn the_service_stops_and_starts_at_the_same_path() {
    let (_folder, office, mut client) = office(1);
    office.insert(0, CardOptions::new(2)).unwrap();
    assert_eq!(chip_in(&mut client, 0), chip(2));
    office.stop_service().unwrap();
    assert_eq!(client.ask("readers"), "NoService");
    assert!(matches!(office.stop_service(), Err(OfficeError::Refused(_))));
    office.start_service().unwrap();
    assert_eq!(client.ask("readers"), "Virtual PCD 00 00, Virtual PCD 00 01");
    assert_eq!(chip_in(&mut client, 0), chip(2));
}

#[test]
fn cards_are_found_again_by_the_next_office_and_a_second_one_at_a_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::start(&options(1, folder.path())).unwrap();
    let mut client = Client::start(office.csock_name());
    office.insert(0, CardOptions::new(0)).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    assert_eq!(client.ask(&format!("send {VERIFY_WRONG_PIN}")), "63C2");
    let error = Office::start(&options(1, folder.path())).unwrap_err();
    assert!(error.to_string().starts_with("another office uses "), "{error}");
    drop(office);

    let office = Office::start(&options(1, folder.path())).unwrap();
    let mut client = Client::start(office.csock_name());
    office.insert(0, CardOptions::new(0)).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    assert_eq!(client.ask(&format!("send {VERIFY_STATUS}")), "63C2");
}

#[test]
fn what_cannot_be_is_refused() {
    let (folder, office, _client) = office(2);
    office.insert(0, CardOptions::new(0)).unwrap();
    for (outcome, expected) in [
        (office.insert(0, CardOptions::new(1)), "reader 0 holds a card already"),
        (office.insert(1, CardOptions::new(0)), "card 0 is in another reader"),
        (office.insert(7, CardOptions::new(7)), "there is no reader 7 of 2"),
        (office.remove(1), "no card is in reader 1"),
    ] {
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    }
    let start = |options| Office::start(&options).unwrap_err();
    assert!(matches!(start(options(17, folder.path())), OfficeError::Readers));
    let long = folder.path().join("a".repeat(100));
    assert!(matches!(start(options(1, &long)), OfficeError::PathTooLong { .. }));
}

#[test]
fn an_office_ends_with_its_input_and_when_it_is_killed() {
    for kill in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(PROGRAM)
            .args(["office", "--readers", "1", "--dir"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let socket = PathBuf::from(line.trim_end());
        if kill {
            program.kill().unwrap();
        } else {
            drop(program.stdin.take());
        }
        program.wait().unwrap();
        // The service holds a connection until it ends, and then takes none.
        while let Ok(connection) = UnixStream::connect(&socket) {
            let _ = BufReader::new(connection).read_line(&mut line);
        }
    }
}

#[test]
fn a_card_holds_inside_a_command_until_it_is_let_go_and_others_go_on_meanwhile() {
    let (_folder, office, mut client) = office(2);
    let office = std::sync::Arc::new(office);
    office.insert(0, CardOptions::new(0)).unwrap();
    connect(&mut client, 0);
    client.ask(&format!("send {SELECT_PIV}"));
    client.ask(&format!("send {VERIFY_STATUS}"));
    let patience = Duration::from_secs(30);
    office.hold_at(0, Gate::before_instruction(0x20, 2)).unwrap();
    let waits = std::thread::spawn({
        let office = std::sync::Arc::clone(&office);
        move || office.holds_within(0, patience).unwrap()
    });
    assert_eq!(office.tries(0).unwrap(), Some(Tries { pin: 3, puk: 3 }), "others go on");
    assert_eq!(client.ask(&format!("send {VERIFY_STATUS}")), "63C3");
    let sends = std::thread::spawn(move || client.ask(&format!("send {VERIFY_WRONG_PIN}")));
    assert!(waits.join().unwrap());
    office.let_go(0).unwrap();
    assert_eq!(sends.join().unwrap(), "63C2");
    // A gate that is not reached is lifted.
    office.hold_at(0, Gate::inside(1)).unwrap();
    office.let_go(0).unwrap();
    assert!(!office.holds_within(0, patience).unwrap());
}

#[test]
fn a_card_removed_where_it_holds_inside_a_command_has_carried_it_out() {
    let (_folder, office, mut client) = office(1);
    for (gate, tries) in
        [(Gate::before_instruction(0x20, 1), 3), (Gate::inside_instruction(0x20, 1), 2)]
    {
        office.insert(0, CardOptions::new(0)).unwrap();
        connect(&mut client, 0);
        client.ask(&format!("send {SELECT_PIV}"));
        client.ask(&format!("send {VERIFY_STATUS}"));
        office.hold_at(0, gate).unwrap();
        std::thread::scope(|scope| {
            let sends = scope.spawn(|| client.ask(&format!("send {VERIFY_WRONG_PIN}")));
            assert!(office.holds_within(0, Duration::from_secs(30)).unwrap());
            office.remove(0).unwrap();
            sends.join().unwrap();
        });
        office.insert(0, CardOptions::new(0)).unwrap();
        assert_eq!(office.tries(0).unwrap(), Some(Tries { pin: tries, puk: 3 }));
        office.remove(0).unwrap();
    }
}
