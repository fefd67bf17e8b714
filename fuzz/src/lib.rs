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
    }
    protocol::values(input);
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
