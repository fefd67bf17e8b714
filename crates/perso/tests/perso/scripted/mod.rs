//! A simulated chip of any of the makers that are known, and of others.

mod firmware;
mod reference;

use crate::support::{Desk, FACTORY_KEY};
use cardwright_card::{Transport, TransportError};
use p256::ecdsa::SigningKey;
pub(crate) use reference::Reference;
use std::collections::HashMap;
use zeroize::Zeroizing;

/// How a chip behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Kind {
    /// Its answer to SELECT, in hexadecimal.
    pub(crate) properties: &'static str,
    /// Its answer to `FD`.
    pub(crate) version: Option<[u8; 3]>,
    /// It answers `F8`.
    pub(crate) has_serial: bool,
    /// It answers `F7`.
    pub(crate) tells_metadata: bool,
    /// It knows `FF` and `FA`.
    pub(crate) is_extended: bool,
    /// What it says to `FB` while it is not blocked; or always, where it has no reset.
    pub(crate) reset: Result<u16, u16>,
    /// Tries of its management key, where it counts them.
    pub(crate) key_tries: Option<u8>,
    /// Its management application says that it is of the FIPS series.
    pub(crate) is_fips: bool,
    /// Algorithm identifiers of the management keys that it takes, its maker's first.
    pub(crate) ciphers: &'static [u8],
    /// What it says to a management key of another cipher, and to another key.
    pub(crate) key_refusals: (u16, u16),
    pub(crate) pin_tries: u8,
    /// VERIFY without data tells how many of them are left.
    pub(crate) pin_status: bool,
    /// As PivApplet: `63C0` for a PIN that is blocked, a PIN set by the PUK is still called the
    /// maker's, a PUK that was right is not compared again, a reset wants 3DES.
    pub(crate) is_applet: bool,
    /// A PUK that is wrong to be changed is refused without a counter.
    pub(crate) is_silent: bool,
    /// It keeps its discovery object: `None` where it has none and takes one.
    pub(crate) discovery: Option<&'static str>,
}

pub(crate) const DISCOVERY: &str = "7E124F0BA0000003080000100001005F2F024000";

/// A chip that says a version of the YubiKey, and is of another maker.
pub(crate) const ASKED: Kind = Kind {
    properties: "6100",
    version: Some([5, 7, 1]),
    has_serial: true,
    tells_metadata: true,
    is_extended: true,
    reset: Ok(0x6985),
    key_tries: None,
    is_fips: false,
    ciphers: &[0x0A, 0x0C],
    key_refusals: (0x6A86, 0x6982),
    pin_tries: 5,
    pin_status: true,
    is_applet: false,
    is_silent: false,
    discovery: Some(DISCOVERY),
};

pub(crate) const YUBIKEY_5_7: Kind = Kind {
    properties: "61114F0600001000010079074F05A000000308",
    ciphers: &[0x0A, 0x03, 0x08, 0x0C],
    key_refusals: (0x6A80, 0x6982),
    pin_tries: 3,
    ..ASKED
};

pub(crate) const YUBIKEY_5_4: Kind =
    Kind { version: Some([5, 4, 3]), ciphers: &[0x03, 0x08, 0x0A, 0x0C], ..YUBIKEY_5_7 };

pub(crate) const YUBIKEY_4: Kind = Kind {
    version: Some([4, 3, 5]),
    has_serial: false,
    tells_metadata: false,
    ciphers: &[0x03],
    ..YUBIKEY_5_7
};

pub(crate) const PIV_APPLET: Kind = Kind {
    properties: "611F4F0BA0000003080000100001005010506976417070\
                 6C65742076302E392E30",
    version: Some([5, 4, 0]),
    ciphers: &[0x03, 0x08, 0x0A, 0x0C],
    key_refusals: (0x6A86, 0x6A80),
    reset: Ok(0x6982),
    pin_tries: 5,
    is_applet: true,
    ..ASKED
};

pub(crate) const NITROKEY: Kind = Kind {
    properties: "611B4F0BA000000308000010000100500C4E6974726F6B657920504956",
    version: Some([6, 6, 6]),
    tells_metadata: false,
    ciphers: &[0x03, 0x0C],
    key_refusals: (0x6A86, 0x6A80),
    pin_tries: 3,
    is_silent: true,
    discovery: None,
    ..ASKED
};

/// The standard, a discovery object that can be written, and nothing else.
pub(crate) const STANDARD: Kind = Kind {
    properties: "61114F0BA00000030800001000010079024F00",
    version: None,
    has_serial: false,
    tells_metadata: false,
    is_extended: false,
    reset: Err(0x6D00),
    ciphers: &[0x03],
    discovery: None,
    ..ASKED
};

/// A card torn out at a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tear {
    /// The number of the command from now, from 1.
    at: usize,
    how: How,
}

/// What the chip still does with the command.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// Nothing.
    Before,
    /// It carries it out.
    Inside,
    /// It writes so many bytes of the object, where the command writes one; otherwise it carries it
    /// out.
    Part(usize),
    /// As [`Self::Part`]; and nobody notices, since it is not torn out.
    PartUnnoticed(usize),
}

impl Tear {
    pub(crate) fn new(at: usize, inside: bool) -> Self {
        Self { at, how: if inside { How::Inside } else { How::Before } }
    }

    /// So many bytes of an object are written.
    pub(crate) fn part(at: usize, bytes: usize) -> Self {
        Self { at, how: How::Part(bytes) }
    }

    /// As [`Self::part`], and the chip stays and says that all is well.
    pub(crate) fn part_unnoticed(at: usize, bytes: usize) -> Self {
        Self { at, how: How::PartUnnoticed(bytes) }
    }
}

/// One chip.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) kind: Kind,
    /// Its answer to `F8`, where it has one.
    pub(crate) serial: [u8; 4],
    /// Algorithm identifier and key.
    pub(crate) key: (u8, Vec<u8>),
    /// Tries that are left of it, where they are counted.
    pub(crate) key_left: Option<u8>,
    /// How often the last of them was sent, though the chip had told of it.
    pub(crate) key_last_tries: usize,
    pub(crate) pin: Reference,
    pub(crate) puk: Reference,
    pub(crate) objects: HashMap<Vec<u8>, Vec<u8>>,
    pub(crate) discovery: Option<Vec<u8>>,
    pub(crate) signing_key: Option<SigningKey>,
    /// Its application was set back to the maker's while its management key was not 3DES.
    pub(crate) is_half_wiped: bool,
    /// Commands that change what it keeps.
    pub(crate) writes: usize,
    tear: Option<Tear>,
    is_out: bool,
    /// The command that is carried out writes so many bytes of its object.
    most_written: Option<usize>,
    // Lost in a reset.
    witness: Option<Vec<u8>>,
    /// It told that one try of the management key is left.
    is_key_told: bool,
    pub(crate) is_admin: bool,
    pub(crate) is_verified: bool,
    /// A right PUK was presented.
    is_unblocked: bool,
    /// The management application is the selected one.
    is_managed: bool,
    /// The rest of an answer that GET RESPONSE fetches.
    held: Vec<u8>,
    /// How many keys were made: each is another.
    keys_made: u8,
}

impl Scripted {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            serial: [0, 1, 2, 3],
            key: (kind.ciphers[0], FACTORY_KEY.to_vec()),
            key_left: kind.key_tries,
            key_last_tries: 0,
            pin: Reference::new(b"123456\xFF\xFF", kind.pin_tries),
            puk: Reference::new(b"12345678", 3),
            objects: HashMap::new(),
            discovery: kind.discovery.map(|object| hex::decode(object).unwrap()),
            signing_key: None,
            is_half_wiped: false,
            writes: 0,
            tear: None,
            is_out: false,
            most_written: None,
            witness: None,
            is_key_told: false,
            is_admin: false,
            is_verified: false,
            is_unblocked: false,
            is_managed: false,
            held: Vec::new(),
            keys_made: 0,
        }
    }

    /// Tears the chip out at a command to come.
    pub(crate) fn tear(&mut self, tear: Tear) {
        self.tear = Some(tear);
    }

    /// Puts the chip in again; a tear that did not come is forgotten.
    pub(crate) fn insert_again(&mut self) {
        self.tear = None;
        self.is_out = false;
        self.reset();
    }

    /// What the last try was spent on, and what was malformed, so far.
    pub(crate) fn burnt(&self) -> (usize, usize) {
        let Self { pin, puk, key_last_tries, .. } = self;
        (pin.last_tries + puk.last_tries + key_last_tries, pin.malformed + puk.malformed)
    }
}

impl Transport for Scripted {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let is_torn = self.tear.as_mut().is_some_and(|tear| {
            tear.at -= 1;
            tear.at == 0
        });
        let tear = self.tear.take_if(|_| is_torn);
        let is_over = self.is_out;
        let how = tear.map(|tear| tear.how);
        self.is_out |= how.is_some_and(|how| !matches!(how, How::PartUnnoticed(_)));
        if is_over || how == Some(How::Before) {
            return Err(TransportError::Removed);
        }
        self.most_written = match how {
            Some(How::Part(bytes) | How::PartUnnoticed(bytes)) => Some(bytes),
            Some(How::Before | How::Inside) | None => None,
        };
        let answer = self.execute(command);
        match how {
            Some(How::Before | How::Inside | How::Part(_)) => Err(TransportError::Removed),
            Some(How::PartUnnoticed(_)) | None => Ok(Zeroizing::new(answer)),
        }
    }
}

impl Desk for Scripted {
    fn reset(&mut self) {
        self.witness = None;
        self.is_key_told = false;
        self.is_admin = false;
        self.is_verified = false;
        self.is_unblocked = false;
        self.is_managed = false;
        self.held.clear();
    }
}
