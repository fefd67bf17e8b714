//! What holds of any bytes that a chip may send. The property tests beside this file and the
//! targets in `fuzz/` check the same.

use cardwright_card::commands::{self, KeyAlgorithm, PublicKey};
use cardwright_card::objects::{CardCapability, CardHolder, ExpiryDate, FascN, Guid};
use cardwright_card::{
    Apdu, CardError, Channel, ManagementKey, ManagementKeyAlgorithm, Pin, Puk, Transport,
    TransportError, tlv,
};
use zeroize::Zeroizing;

const KEY_ALGORITHMS: [KeyAlgorithm; 4] =
    [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa3072];

/// Longest data of an answer, in bytes: what an extended response APDU carries.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Transmissions for one command at most, beside those that carry it: one with a corrected length,
/// and GET RESPONSE.
const MOST_FETCHES: usize = 1 + 64;

/// What is read as TLV is written as the same TLV.
pub(crate) fn tlv(bytes: &[u8]) {
    let Ok(objects) = tlv::parse(bytes) else { return };
    let mut written = Vec::new();
    for object in &objects {
        tlv::append(&mut written, object.tag, object.value);
        let first = objects.iter().find(|other| other.tag == object.tag);
        assert_eq!(tlv::find(bytes, object.tag), Ok(first.map(|first| first.value)));
    }
    // Shorter by padding and by lengths that took more bytes than they need.
    assert!(written.len() <= bytes.len());
    assert_eq!(tlv::parse(&written), Ok(objects));
}

/// What is read as an object of a chip is built as the same object.
pub(crate) fn objects(bytes: &[u8]) {
    if let Ok(found) = CardCapability::parse(bytes) {
        assert_eq!(CardCapability::parse(&found.build()), Ok(found));
    }
    if let Ok(found) = CardHolder::parse(bytes) {
        let built = found.build().expect("the numbers that were read fit their fields");
        assert_eq!(CardHolder::parse(&built), Ok(found));
        assert_eq!(Guid::find(bytes), Some(found.guid));
    }
    if let Ok(found) = ExpiryDate::parse(bytes) {
        assert_eq!(found.to_string().as_bytes(), bytes);
    }
    if let Ok(found) = FascN::parse(bytes) {
        assert_eq!(found.encode().map(|encoded| encoded.to_vec()), Ok(bytes.to_vec()));
    }
    for algorithm in KEY_ALGORITHMS {
        if let Ok(key) = PublicKey::parse(algorithm, bytes) {
            assert!(key.to_bytes().len() > 64);
        }
    }
}

/// A chip that gives its answers over and over, for ever.
pub(crate) struct EndlessChip {
    answers: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl EndlessChip {
    pub(crate) fn new(answers: Vec<Vec<u8>>) -> Self {
        Self { answers, sent: Vec::new() }
    }
}

/// Cuts an input into answers: one byte of length before each, and one that tells how often 32
/// bytes are to be added to it.
pub(crate) fn answers_of(input: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = input;
    let mut answers = Vec::new();
    while let [length, more, after @ ..] = rest {
        let (answer, after) = after.split_at(after.len().min(usize::from(*length)));
        answers.push([&vec![0x5A; usize::from(*more) * 32], answer].concat());
        rest = after;
    }
    answers
}

impl Transport for EndlessChip {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.sent.push(command.to_vec());
        if self.answers.is_empty() {
            return Err(TransportError::Removed);
        }
        Ok(Zeroizing::new(self.answers[self.sent.len() % self.answers.len()].clone()))
    }
}

/// A command of any length comes to an end, and is not taken for accepted unless all of it was
/// sent.
pub(crate) fn channel(answers: &[Vec<u8>], data: &[u8]) {
    let mut chip = EndlessChip::new(answers.to_vec());
    let command = Apdu::new(0xDB, 0x3F, 0xFF).with_data(data.to_vec()).answered();
    let mut channel = Channel::new(&mut chip);
    let answer = channel.send(&command);
    let commands = channel.commands() as usize;
    let parts = data.len().div_ceil(255).max(1);
    assert_eq!(commands, chip.sent.len());
    assert!(commands <= parts + MOST_FETCHES, "{commands} transmissions");
    if let Ok(answer) = answer {
        assert!(answer.data.len() <= LONGEST_ANSWER);
        let carried: Vec<u8> =
            chip.sent.iter().take(parts).flat_map(|part| carried(part)).copied().collect();
        assert!(!answer.status.is_ok() || carried == data);
    }
}

/// The data of a short command APDU that has data and Le, or either.
fn carried(transmission: &[u8]) -> &[u8] {
    match transmission {
        [_, _, _, _, length, data @ ..] if !data.is_empty() => &data[..usize::from(*length)],
        _ => &[],
    }
}

/// Every command comes to an end, whatever it is answered.
pub(crate) fn commands(mut chip: EndlessChip) {
    let keys = ManagementKeyAlgorithm::ALL.map(|algorithm| {
        let key = vec![0x11; algorithm.key_length()];
        ManagementKey::new(algorithm, key).expect("the key has its cipher's length")
    });
    let pin = Pin::parse("804617").expect("6 digits are a PIN");
    let puk = Puk::parse("93058271").expect("8 digits are a PUK");
    let mut check = |send: &dyn Fn(&mut Channel<'_>) -> Result<(), CardError>| {
        let mut channel = Channel::new(&mut chip);
        let outcome = send(&mut channel);
        // The longest are two commands, or a chain of two parts.
        assert!(channel.commands() as usize <= 3 + 2 * MOST_FETCHES, "{outcome:?}");
    };
    check(&|channel| commands::select_piv(channel).map(drop));
    check(&|channel| commands::select_issuer_security_domain(channel).map(drop));
    check(&|channel| commands::life_cycle_data(channel).map(drop));
    check(&|channel| commands::issuer_identification_number(channel).map(drop));
    check(&|channel| commands::card_image_number(channel).map(drop));
    check(&|channel| commands::version(channel).map(drop));
    check(&|channel| commands::serial(channel).map(drop));
    check(&|channel| commands::metadata(channel, commands::PIN).map(drop));
    check(&|channel| {
        let value = commands::object(channel, commands::CARD_HOLDER)?;
        objects(value.as_deref().map_or(&[], Vec::as_slice));
        Ok(())
    });
    check(&|channel| commands::put_object(channel, commands::CARD_CAPABILITY, &[7; 300]));
    check(&|channel| commands::pin_status(channel).map(drop));
    check(&|channel| commands::verify_pin(channel, &pin).map(drop));
    check(&|channel| commands::log_out(channel));
    check(&|channel| commands::change_pin(channel, &pin, &pin).map(drop));
    check(&|channel| commands::change_puk(channel, &puk, &puk).map(drop));
    check(&|channel| commands::reset_pin(channel, &puk, &pin).map(drop));
    for key in &keys {
        check(&|channel| commands::authenticate(channel, key, &[1; 16]).map(drop));
        check(&|channel| commands::set_management_key(channel, key).map(drop));
    }
    for algorithm in KEY_ALGORITHMS {
        check(&|channel| commands::generate_key_pair(channel, 0x9A, algorithm).map(drop));
        check(&|channel| commands::sign(channel, 0x9A, algorithm, &[1; 384]).map(drop));
    }
}

/// Metadata says nothing that its answer does not.
pub(crate) fn metadata(answer: &[u8]) {
    let mut chip = EndlessChip::new(vec![[answer, &[0x90, 0x00]].concat()]);
    let found = commands::metadata(&mut Channel::new(&mut chip), commands::PIN);
    match (tlv::parse(answer), found) {
        (_, Ok(None)) => assert!(answer.is_empty()),
        (Ok(objects), Ok(Some(found))) => {
            let is_there = |tag: u32| objects.iter().any(|object| object.tag == tag);
            assert!(is_there(0x01) || found.algorithm.is_none());
            assert!(is_there(0x04) || found.public_key.is_none());
            assert!(is_there(0x05) || found.is_default.is_none());
            assert!(is_there(0x06) || found.tries_left.is_none());
        }
        (parsed, found) => assert!(parsed.is_err() && found.is_err()),
    }
}
