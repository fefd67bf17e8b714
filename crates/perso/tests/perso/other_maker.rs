//! A chip of another maker, simulated: it has no security domain, tells metadata, comes with an
//! AES-192 management key, refuses another cipher by 6A86, and holds back long answers (61xx).

use crate::support::*;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use cardwright_card::ManagementKeyAlgorithm::{Aes192, Aes256};
use cardwright_card::objects::Guid;
use cardwright_card::{Transport, TransportError, tlv};
use cardwright_perso::{Cause, Condition, Job, Phase, Tries, inspect};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// A PIN or PUK: its 8 bytes, and its tries.
struct Reference {
    value: [u8; 8],
    factory: [u8; 8],
    tries: u8,
    left: u8,
}

impl Reference {
    fn new(value: &[u8; 8], tries: u8) -> Self {
        Self { value: *value, factory: *value, tries, left: tries }
    }

    fn present(&mut self, value: &[u8]) -> u16 {
        if self.left == 0 {
            return 0x6983;
        }
        let is_right = value == self.value;
        self.left = if is_right { self.tries } else { self.left - 1 };
        match (is_right, self.left) {
            (true, _) => 0x9000,
            (false, 0) => 0x6983,
            (false, left) => 0x63C0 | u16::from(left),
        }
    }

    fn metadata(&self) -> Vec<u8> {
        let is_default = u8::from(self.value == self.factory);
        vec![0x01, 0x01, 0xFF, 0x05, 0x01, is_default, 0x06, 0x02, self.tries, self.left]
    }
}

struct OtherMaker {
    key: (u8, Vec<u8>),
    pin: Reference,
    puk: Reference,
    objects: HashMap<Vec<u8>, Vec<u8>>,
    signing_key: Option<SigningKey>,
    // Lost in a reset.
    witness: Option<[u8; 16]>,
    is_admin: bool,
    is_verified: bool,
    /// The rest of an answer that GET RESPONSE fetches.
    held: Vec<u8>,
}

impl OtherMaker {
    fn new() -> Self {
        Self {
            key: (0x0A, FACTORY_KEY.to_vec()),
            pin: Reference::new(b"123456\xFF\xFF", 5),
            puk: Reference::new(b"12345678", 3),
            objects: HashMap::new(),
            signing_key: None,
            witness: None,
            is_admin: false,
            is_verified: false,
            held: Vec::new(),
        }
    }

    fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        let mut block: aes::Block = block.try_into().unwrap();
        match self.key.0 {
            0x0A => aes::Aes192::new_from_slice(&self.key.1).unwrap().encrypt_block(&mut block),
            _ => aes::Aes256::new_from_slice(&self.key.1).unwrap().encrypt_block(&mut block),
        }
        block.to_vec()
    }

    fn answer(&mut self, header: [u8; 4], data: &[u8]) -> Result<Vec<u8>, u16> {
        let field = |tag| tlv::find(data, tag).ok().flatten();
        match header {
            [0x00, 0xA4, 0x04, 0x00] if data.starts_with(&[0xA0, 0x00, 0x00, 0x03, 0x08]) => {
                Ok(vec![0x61, 0x00])
            }
            [0x00, 0xA4, ..] => Err(0x6A82),
            [0x00, 0xFD, ..] => Ok(vec![5, 7, 1]),
            [0x00, 0xF8, ..] => Ok(vec![0, 1, 2, 3]),
            [0x00, 0xF7, 0x00, 0x80] => Ok(self.pin.metadata()),
            [0x00, 0xF7, 0x00, 0x81] => Ok(self.puk.metadata()),
            [0x00, 0xF7, 0x00, 0x9B] => {
                let is_default = u8::from(self.key.1 == FACTORY_KEY);
                Ok(vec![0x01, 0x01, self.key.0, 0x02, 0x02, 0x00, 0x01, 0x05, 0x01, is_default])
            }
            [0x00, 0xF7, 0x00, 0x9A] => {
                let point = self.signing_key.as_ref().ok_or(0x6A88_u16)?;
                let point = point.verifying_key().to_sec1_point(false);
                let mut metadata = vec![0x01, 0x01, 0x11];
                tlv::append(&mut metadata, 0x04, &tlv::encode(0x86, point.as_bytes()));
                Ok(metadata)
            }
            [0x00, 0x20, 0x00, 0x80] if data.is_empty() && self.is_verified => Ok(Vec::new()),
            [0x00, 0x20, 0x00, 0x80] if data.is_empty() => Err(0x63C0 | u16::from(self.pin.left)),
            [0x00, 0x20, 0x00, 0x80] => {
                let status = self.pin.present(data);
                self.is_verified = status == 0x9000;
                done(status)
            }
            [0x00, 0x20, 0xFF, 0x80] => {
                self.is_verified = false;
                Ok(Vec::new())
            }
            [0x00, 0x24, 0x00, reference] => {
                let reference = if reference == 0x80 { &mut self.pin } else { &mut self.puk };
                done(reference.present(&data[..8]))?;
                reference.value.copy_from_slice(&data[8..]);
                Ok(Vec::new())
            }
            [0x00, 0x2C, 0x00, 0x80] => {
                done(self.puk.present(&data[..8]))?;
                self.pin.value.copy_from_slice(&data[8..]);
                self.pin.left = self.pin.tries;
                Ok(Vec::new())
            }
            [0x00, 0x87, algorithm, 0x9B] => {
                if algorithm != self.key.0 {
                    return Err(0x6A86);
                }
                let fields = field(0x7C).ok_or(0x6A80_u16)?.to_vec();
                self.authenticate(&fields)
            }
            [0x00, 0x87, 0x11, 0x9A] => {
                let key = self.signing_key.as_ref().filter(|_| self.is_verified);
                let fields = field(0x7C).ok_or(0x6A80_u16)?;
                let digest = tlv::find(fields, 0x81).ok().flatten().ok_or(0x6A80_u16)?;
                let signature: Signature =
                    key.ok_or(0x6982_u16)?.sign_prehash(digest).map_err(|_| 0x6A80_u16)?;
                let signature: DerSignature = signature.to_der();
                Ok(tlv::encode(0x7C, &tlv::encode(0x82, signature.as_bytes())).to_vec())
            }
            [0x00, 0xCB, 0x3F, 0xFF] => {
                let value =
                    field(0x5C).and_then(|name| self.objects.get(name)).ok_or(0x6A82_u16)?;
                Ok(tlv::encode(0x53, value).to_vec())
            }
            _ if !self.is_admin => Err(0x6982),
            [0x00, 0xDB, 0x3F, 0xFF] => {
                let (name, value) = field(0x5C).zip(field(0x53)).ok_or(0x6A80_u16)?;
                self.objects.insert(name.to_vec(), value.to_vec());
                Ok(Vec::new())
            }
            [0x00, 0x47, 0x00, 0x9A] => {
                let key = SigningKey::from_slice(&[0x42; 32]).unwrap();
                let point = key.verifying_key().to_sec1_point(false);
                self.signing_key = Some(key);
                Ok(tlv::encode(0x7F49, &tlv::encode(0x86, point.as_bytes())).to_vec())
            }
            [0x00, 0xFF, 0xFF, 0xFF] => match data[0] {
                0x0A | 0x0C => {
                    self.key = (data[0], data[3..].to_vec());
                    Ok(Vec::new())
                }
                _ => Err(0x6A80),
            },
            _ => Err(0x6D00),
        }
    }

    fn authenticate(&mut self, fields: &[u8]) -> Result<Vec<u8>, u16> {
        let field = |tag| tlv::find(fields, tag).ok().flatten().map(<[u8]>::to_vec);
        match (field(0x80), field(0x81)) {
            (Some(witness), None) if witness.is_empty() => {
                self.witness = Some([0x5C; 16]);
                Ok(tlv::encode(0x7C, &tlv::encode(0x80, &self.encrypt(&[0x5C; 16]))).to_vec())
            }
            (Some(witness), Some(challenge)) => {
                self.is_admin = self.witness.take().is_some_and(|expected| witness == expected);
                if !self.is_admin {
                    return Err(0x6982);
                }
                Ok(tlv::encode(0x7C, &tlv::encode(0x82, &self.encrypt(&challenge))).to_vec())
            }
            _ => Err(0x6A80),
        }
    }
}

fn done(status: u16) -> Result<Vec<u8>, u16> {
    if status == 0x9000 { Ok(Vec::new()) } else { Err(status) }
}

impl Transport for OtherMaker {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let (header, rest) = command.split_first_chunk::<4>().unwrap();
        let data = match rest {
            [length, data @ ..] if !data.is_empty() => &data[..usize::from(*length)],
            _ => &[],
        };
        let outcome = match header[1] {
            0xC0 => Ok(std::mem::take(&mut self.held)),
            _ => self.answer(*header, data),
        };
        let (mut answer, mut status) = match outcome {
            Ok(answer) => (answer, 0x9000),
            Err(status) => (Vec::new(), status),
        };
        if answer.len() > 60 && header[1] != 0xC0 {
            self.held = answer.split_off(60);
            status = 0x6100 | self.held.len() as u16;
        }
        answer.extend(status.to_be_bytes());
        Ok(Zeroizing::new(answer))
    }
}

impl Desk for OtherMaker {
    fn reset(&mut self) {
        self.witness = None;
        self.is_admin = false;
        self.is_verified = false;
        self.held.clear();
    }
}

#[test]
fn its_metadata_is_told() {
    let facts = inspect(&mut OtherMaker::new()).unwrap();
    let piv = facts.piv.unwrap();
    assert_eq!(facts.ids.cplc, None);
    assert_eq!(facts.ids.serial, Some([0, 1, 2, 3]));
    assert_eq!(piv.version.as_deref(), Some("5.7.1"));
    assert_eq!((piv.pin_tries, piv.puk_tries), (Some(5), Some(3)));
    assert_eq!(piv.management_key_algorithm, Some(Aes192));
    assert_eq!(piv.factory_secrets, Some(true));
}

#[test]
fn a_verified_pin_is_logged_out_to_see_its_tries() {
    let mut desk = OtherMaker::new();
    desk.is_verified = true;
    assert_eq!(inspect(&mut desk).unwrap().piv.unwrap().pin_tries, Some(5));
    assert!(!desk.is_verified);
}

#[test]
fn it_becomes_whole_and_stays_so() {
    let mut desk = Traced::new(OtherMaker::new());
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let receipt = carry_out(job(expected.clone()), &mut desk).unwrap();
    assert_eq!(receipt.written, all_written());
    assert_eq!(receipt.management_key, Aes256);
    assert!(receipt.commands <= 40, "{}", receipt.commands);
    let piv = inspect(&mut desk).unwrap().piv.unwrap();
    assert_eq!(piv.factory_secrets, Some(false));
    assert_eq!((piv.pin_tries, piv.puk_tries), (Some(5), Some(3)));

    // The chip itself tells of its key: nothing is made again.
    desk.reset();
    let again = carry_out(job(expected), &mut desk).unwrap();
    assert_eq!((again.written, again.keys), (Vec::new(), receipt.keys));
}

#[test]
fn a_blocked_pin_is_set_by_the_puk_and_the_last_try_is_kept() {
    for left in [0, 1] {
        let mut desk = OtherMaker::new();
        desk.pin.left = left;
        let expected = inspect(&mut desk).unwrap().ids;
        let receipt = carry_out(job(expected), &mut desk).unwrap();
        assert_eq!(receipt.tries_spent, Tries::default());
        assert_eq!(desk.pin.left, 5);
    }
    let mut desk = OtherMaker::new();
    desk.puk.left = 1;
    let expected = inspect(&mut desk).unwrap().ids;
    let failure = carry_out(job(expected), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Blocked { what: "PUK" });
    assert_eq!(failure.condition, Condition::PartlyWritten);
    assert_eq!(desk.puk.left, 1);
}

#[test]
fn a_whole_chip_with_one_try_left_is_mended() {
    let mut desk = OtherMaker::new();
    let expected = inspect(&mut desk).unwrap().ids;
    carry_out(job(expected.clone()), &mut desk).unwrap();
    desk.reset();
    desk.pin.left = 1;
    let receipt = carry_out(job(expected), &mut desk).unwrap();
    assert_eq!(receipt.written, [Phase::Pin]);
    assert_eq!(desk.pin.left, 5);
}

#[test]
fn a_key_of_another_maker_is_foreign() {
    let mut desk = Traced::new(OtherMaker::new());
    desk.desk.key.1 = vec![9; 24];
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let failure = carry_out(job(expected), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Foreign { what: "management key" });
    assert_eq!((failure.condition, desk.writes()), (Condition::Untouched, 0));
}

#[test]
fn a_chip_without_a_name_is_told_by_all_that_it_holds() {
    let virgin = inspect(&mut OtherMaker::new()).unwrap().ids;
    let mut other_card = wanted(2);
    other_card.guid = Guid::from_random([9; 16]);
    let mut written = OtherMaker::new();
    carry_out(Job { wanted: other_card, ..job(virgin.clone()) }, &mut written).unwrap();
    let held = inspect(&mut written).unwrap().ids;

    // A virgin chip was inspected, and another card's is there, whose key happens to fit.
    written.key = (0x0A, FACTORY_KEY.to_vec());
    let mut written = Traced::new(written);
    let failure = carry_out(job(virgin), &mut written).unwrap_err();
    assert_eq!((failure.cause, written.writes()), (Cause::OtherChip, 0));
    // The other way round.
    let mut virgin = Traced::new(OtherMaker::new());
    let failure = carry_out(job(held), &mut virgin).unwrap_err();
    assert_eq!((failure.cause, virgin.writes()), (Cause::OtherChip, 0));
}
