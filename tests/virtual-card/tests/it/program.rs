use expect_test::{Expect, expect};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

const SELECT_DOMAIN: &str = "00A4040000";
const GET_CPLC: &str = "80CA9F7F00";
const SELECT_BY_RID: &str = "00A4040005A000000308";

/// What the reader driver does, for the one card that the program puts in.
fn start(arguments: &[&str]) -> (Child, TcpStream) {
    let driver = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = driver.local_addr().unwrap().port().to_string();
    let program = Command::new(env!("CARGO_BIN_EXE_cardwright-virtual-card"))
        .args(["--host", "127.0.0.1", "--port", &port])
        .args(arguments)
        .spawn()
        .unwrap();
    (program, driver.accept().unwrap().0)
}

fn send(card: &mut TcpStream, message: &str) {
    let message = hex::decode(message).unwrap();
    card.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
    card.write_all(&message).unwrap();
}

/// The answer, or that the card has left.
fn receive(card: &mut TcpStream) -> String {
    let mut length = [0; 2];
    if card.read_exact(&mut length).is_err() {
        return "left".into();
    }
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    card.read_exact(&mut answer).unwrap();
    hex::encode_upper(answer)
}

/// Sends the messages, one after the other, and compares the answers; then the program has ended,
/// or ends with the connection.
fn check(arguments: &[&str], messages: &[&str], expected: Expect) {
    let (mut program, mut card) = start(arguments);
    let answers: Vec<String> = messages
        .iter()
        .map(|message| {
            send(&mut card, message);
            receive(&mut card)
        })
        .collect();
    expected.assert_eq(&answers.join("\n"));
    drop(card);
    assert!(program.wait().unwrap().success());
}

#[test]
fn a_card_answers_the_driver_and_ends_with_the_connection() {
    check(
        &["--index", "1"],
        &["04", SELECT_DOMAIN, GET_CPLC],
        expect![[r#"
        3B8F01805D4E6974726F6B657900000000006A
        6F108408A000000151000000A5049F6501FF9000
        9F7F2A4790516747910078330050643B1F346F9C424812507048135071000000000000000000000000000000009000"#]],
    );
}

#[test]
fn a_card_leaves_before_or_inside_a_command() {
    check(
        &["--die-before", "2"],
        &[SELECT_DOMAIN, GET_CPLC],
        expect![[r#"
        6F108408A000000151000000A5049F6501FF9000
        left"#]],
    );
    check(
        &["--die-on", "CA"],
        &[SELECT_DOMAIN, GET_CPLC],
        expect![[r#"
        6F108408A000000151000000A5049F6501FF9000
        left"#]],
    );
    check(&["--die-inside", "1"], &[SELECT_DOMAIN], expect!["left"]);
}

#[test]
fn a_card_speaks_its_own_dialect_when_told() {
    check(&["--strict"], &[SELECT_BY_RID], expect!["6A82"]);
}

#[test]
fn two_ways_to_leave_and_an_impossible_one_are_refused() {
    for arguments in [&["--die-before", "1", "--die-inside", "1"][..], &["--die-before", "0"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_cardwright-virtual-card"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}
