//! What the targets check: the same as the property tests of the crates, on inputs that a fuzzer
//! chooses.

#[path = "../../crates/card/tests/card/checks.rs"]
mod card;
#[path = "../../crates/protocol/tests/protocol/draw.rs"]
mod draw;
#[path = "../../crates/perso/tests/perso/checks.rs"]
mod perso;
#[path = "../../crates/profile/tests/profile/checks.rs"]
mod profiles;
#[path = "../../crates/protocol/tests/protocol/checks.rs"]
mod protocol;
#[path = "../../crates/protocol/tests/protocol/wire.rs"]
mod wire;

/// BER-TLV.
pub fn tlv(input: &[u8]) {
    card::tlv(input);
}

/// The answers of a chip, over and over, to every command, and to one whose data is chained.
pub fn apdu_response(input: &[u8]) {
    let Some((length, answers)) = input.split_first() else { return };
    card::channel(&card::answers_of(answers), &vec![0x5A; usize::from(*length) * 4]);
    card::commands(card::EndlessChip::new(card::answers_of(answers)));
}

/// CHUID, CCC, what is in them, and public keys.
pub fn objects(input: &[u8]) {
    card::objects(input);
}

/// An answer to GET METADATA.
pub fn metadata(input: &[u8]) {
    card::metadata(input);
}

/// The text of a frame, and values of every type of the wires.
pub fn frame(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        protocol::text(text);
        // Whatever it is, the helper says so and goes on.
        let _ = cardwright_helper::read_request(text);
    }
    protocol::values(input);
}

/// The request for the WebSocket, as far as it came: whoever is let in named an origin and a host of
/// the door, byte by byte.
pub fn head(input: &[u8]) {
    use cardwright_helper::door::{Door, Judgment};
    let origin = "https://a.example";
    let door = Door::new(vec![origin.to_owned()], None, ([127, 0, 0, 1], 8421).into());
    if let Judgment::Welcome(upgrade) | Judgment::Mistaken(upgrade) = door.judge(input) {
        let has = |part: &[u8]| input.windows(part.len()).any(|window| window == part);
        assert_eq!(upgrade.origin, origin);
        assert!(has(origin.as_bytes()) && (has(b"127.0.0.1:8421") || has(b"localhost:8421")));
        assert!(
            upgrade.answer.starts_with(b"HTTP/1.1 101 ") && upgrade.answer.ends_with(b"\r\n\r\n")
        );
    }
}

/// The text of a profile.
pub fn profile(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        profiles::profile(text);
    }
}

/// The answers of a chip that is inspected, over and over.
pub fn inspect(input: &[u8]) {
    perso::inspection(perso::EndlessChip::from_input(input));
}
