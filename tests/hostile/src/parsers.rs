use cardwright_helper::door::{Door, Judgment};
use cardwright_helper::read_request;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

const HEAD: &[u8] =
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8421\r\nOrigin: https://cards.example.org\r\n\
                      Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const FRAMES: [&str; 4] = [
    r#"{"id":1,"request":{"type":"hello","protocol":2}}"#,
    r#"{"id":2,"request":{"type":"authenticate","ticket":{"statement":"{\"challenge\":\"00\"}","signature":"00FF"}}}"#,
    r#"{"id":3,"request":{"type":"inspect","reader":"r1","insertion":"i1","registry_nonce":"000102030405060708090A0B0C0D0E0F"}}"#,
    r#"{"id":4,"request":{"type":"execute","job":{"header":"{}","encapsulated_key":"00","ciphertext":"00","signature":"00"}}}"#,
];

/// What the parsers made of what they were given.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    welcome: u64,
    mistaken: u64,
    forbidden: u64,
    incomplete: u64,
    requests: u64,
    malformed: u64,
}

impl Parsed {
    /// Each with its name.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 6] {
        [
            ("heads.welcome", self.welcome),
            ("heads.mistaken", self.mistaken),
            ("heads.forbidden", self.forbidden),
            ("heads.incomplete", self.incomplete),
            ("frames.requests", self.requests),
            ("frames.malformed", self.malformed),
        ]
    }
}

/// Gives so many heads, and as many frames, to the helper's parsers: mostly what is almost right.
/// A welcome head names an origin and a host of the door, or this panics.
pub(crate) fn feed(inputs: u64) -> Parsed {
    let origin = "https://cards.example.org";
    let door = Door::new(vec![origin.to_owned()], None, ([127, 0, 0, 1], 8421).into());
    let mut random = SmallRng::seed_from_u64(0x4361_7264);
    let mut parsed = Parsed::default();
    for _ in 0..inputs {
        let head = change(HEAD, &mut random);
        match door.judge(&head) {
            Judgment::Welcome(upgrade) => {
                assert_eq!(upgrade.origin, origin);
                let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
                assert!(has(origin.as_bytes()), "{}", head.escape_ascii());
                assert!(
                    has(b"127.0.0.1:8421") || has(b"localhost:8421"),
                    "{}",
                    head.escape_ascii()
                );
                parsed.welcome += 1;
            }
            Judgment::Mistaken(_) => parsed.mistaken += 1,
            Judgment::Forbidden => parsed.forbidden += 1,
            Judgment::Incomplete => parsed.incomplete += 1,
        }
        let frame = FRAMES[random.random_range(0..FRAMES.len())];
        let frame = change(frame.as_bytes(), &mut random);
        match read_request(&String::from_utf8_lossy(&frame)) {
            Ok(_) => parsed.requests += 1,
            Err(_) => parsed.malformed += 1,
        }
    }
    parsed
}

/// Up to six changes: bytes altered, lost, doubled, put in, or the rest cut off.
fn change(bytes: &[u8], random: &mut SmallRng) -> Vec<u8> {
    const TOKENS: [&[u8]; 14] = [
        b"\r\n",
        b"\n",
        b"\0",
        b": ",
        b",",
        b" ",
        b"{",
        b"[",
        b"\"",
        b"\\u0000",
        b"\xFF\xFE",
        b"999999999999999999999",
        b"Host: localhost:8421\r\n",
        b"Origin: null\r\n",
    ];
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(0..6) {
        let place = random.random_range(0..=bytes.len());
        let end = (place + random.random_range(0..12)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes[place..end].iter_mut().for_each(|byte| *byte = random.random()),
            1 => drop(bytes.drain(place..end)),
            2 => {
                let part = bytes[place..end].repeat(random.random_range(1..40));
                bytes.splice(place..place, part);
            }
            3 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                bytes.splice(place..place, token.iter().copied());
            }
            4 => bytes[place..end].iter_mut().for_each(|byte| *byte ^= 0x20),
            _ if random.random_range(0..8) == 0 => bytes.truncate(place),
            _ => {}
        }
    }
    bytes
}
