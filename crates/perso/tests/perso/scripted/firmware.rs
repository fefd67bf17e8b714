use super::{Kind, Scripted};
use crate::support::FACTORY_KEY;
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use cardwright_card::tlv;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{DerSignature, Signature, SigningKey};

impl Scripted {
    /// What the chip answers to a command.
    pub(super) fn execute(&mut self, command: &[u8]) -> Vec<u8> {
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
        answer
    }

    fn answer(&mut self, header: [u8; 4], data: &[u8]) -> Result<Vec<u8>, u16> {
        match header {
            [0x00, 0xA4, 0x04, 0x00] => self.select(data),
            [0x00, 0x1D, 0x00, 0x00] if self.is_managed => Ok(vec![3, 0x04, 0x01, 0x81]),
            _ if self.is_managed => Err(0x6D00),
            [0x00, 0xFD, ..] => self.kind.version.map(|version| version.to_vec()).ok_or(0x6D00),
            [0x00, 0xF8, ..] if self.kind.has_serial => Ok(self.serial.to_vec()),
            [0x00, 0xF7, 0x00, reference] if self.kind.tells_metadata => self.metadata(reference),
            [0x00, 0x20, ..] => self.verify(header[2], data),
            [0x00, 0x24, 0x00, reference] => self.change(reference, data),
            [0x00, 0x2C, 0x00, 0x80] => self.unblock(data),
            [0x00, 0x87, algorithm, 0x9B] => self.authenticate(algorithm, data),
            [0x00, 0x87, 0x11, 0x9A] => self.sign(data),
            [0x00, 0xCB, 0x3F, 0xFF] => self.read(data),
            [0x00, 0xFB, 0x00, 0x00] => self.set_back(),
            [0x00, 0xDB | 0x47 | 0xFA | 0xFF, ..] if !self.is_admin => Err(0x6982),
            [0x00, 0xDB, 0x3F, 0xFF] => self.write(data),
            [0x00, 0x47, 0x00, 0x9A] => Ok(self.generate()),
            [0x00, 0xFA, pin, puk] if self.kind.is_extended => self.set_tries(pin, puk),
            [0x00, 0xFF, 0xFF, 0xFF] if self.kind.is_extended => self.set_key(data),
            _ => Err(0x6D00),
        }
    }

    fn select(&mut self, name: &[u8]) -> Result<Vec<u8>, u16> {
        self.is_managed = self.kind.is_fips && name.starts_with(&[0xA0, 0x00, 0x00, 0x05, 0x27]);
        match name.starts_with(&[0xA0, 0x00, 0x00, 0x03, 0x08]) {
            true => Ok(hex::decode(self.kind.properties.replace(' ', "")).unwrap()),
            false if self.is_managed => Ok(Vec::new()),
            false => Err(0x6A82),
        }
    }

    fn metadata(&self, reference: u8) -> Result<Vec<u8>, u16> {
        match reference {
            0x80 => Ok(self.pin.metadata()),
            0x81 => Ok(self.puk.metadata()),
            0x9B => {
                let is_default = u8::from(self.key.1 == FACTORY_KEY);
                Ok(vec![0x01, 0x01, self.key.0, 0x02, 0x02, 0x00, 0x01, 0x05, 0x01, is_default])
            }
            0x9A => {
                let point = self.signing_key.as_ref().ok_or(0x6A88_u16)?;
                let point = point.verifying_key().to_sec1_point(false);
                let mut metadata = vec![0x01, 0x01, 0x11];
                tlv::append(&mut metadata, 0x04, &tlv::encode(0x86, point.as_bytes()));
                Ok(metadata)
            }
            _ => Err(0x6A88),
        }
    }

    fn verify(&mut self, p1: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        match (p1, data.is_empty(), self.is_verified) {
            (0xFF, ..) => self.is_verified = false,
            (_, true, _) if !self.kind.pin_status => return Err(0x6700),
            (_, true, true) => {}
            (_, true, false) => return Err(0x63C0 | u16::from(self.pin.left)),
            (_, false, _) => {
                let status = self.pin.present(data);
                self.is_verified = status == 0x9000;
                return self.presented(status);
            }
        }
        Ok(Vec::new())
    }

    fn change(&mut self, reference: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        self.check_length(data)?;
        let is_puk = reference == 0x81;
        let is_let_pass = is_puk && self.is_unblocked && self.kind.is_applet;
        let reference = if is_puk { &mut self.puk } else { &mut self.pin };
        let status = if is_let_pass { 0x9000 } else { reference.present(&data[..8]) };
        if status == 0x9000 {
            self.writes += usize::from(data[..8] != data[8..]);
            reference.set(&data[8..]);
            self.is_unblocked |= is_puk;
        }
        match status {
            0x63C0..=0x63CF if self.kind.is_silent => Err(0x6300),
            status => self.presented(status),
        }
    }

    fn unblock(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        self.check_length(data)?;
        let status = self.puk.present(&data[..8]);
        if status == 0x9000 {
            let is_called_factory = self.pin.is_called_factory;
            self.pin.set(&data[8..]);
            self.pin.is_called_factory |= is_called_factory && self.kind.is_applet;
            self.pin.left = self.pin.tries;
            self.writes += 1;
        }
        self.presented(status)
    }

    /// The FIPS series takes no new value that is shorter than 8 digits.
    fn check_length(&self, data: &[u8]) -> Result<(), u16> {
        match self.kind.is_fips && data[15] == 0xFF {
            true => Err(0x6A80),
            false => Ok(()),
        }
    }

    fn presented(&self, status: u16) -> Result<Vec<u8>, u16> {
        match status {
            0x9000 => Ok(Vec::new()),
            0x6983 if self.kind.is_applet => Err(0x63C0),
            status => Err(status),
        }
    }

    fn authenticate(&mut self, algorithm: u8, data: &[u8]) -> Result<Vec<u8>, u16> {
        let Kind { key_refusals: (other_algorithm, other_key), .. } = self.kind;
        if algorithm != self.key.0 {
            return Err(other_algorithm);
        }
        let fields = tlv::find(data, 0x7C).ok().flatten().ok_or(0x6A80_u16)?;
        let field = |tag| tlv::find(fields, tag).ok().flatten().map(<[u8]>::to_vec);
        match (field(0x80), field(0x81)) {
            (Some(witness), None) if witness.is_empty() => {
                let witness = vec![0x5C; if algorithm == 0x03 { 8 } else { 16 }];
                let encrypted = self.encrypt(&witness);
                self.witness = Some(witness);
                Ok(tlv::encode(0x7C, &tlv::encode(0x80, &encrypted)).to_vec())
            }
            (Some(witness), Some(challenge)) => {
                let is_right = self.witness.take().is_some_and(|expected| witness == expected);
                if self.key_left == Some(0) {
                    return Err(0x6983);
                }
                self.key_last_tries += usize::from(self.key_left == Some(1) && self.is_key_told);
                self.is_admin = is_right;
                match is_right {
                    true => {
                        self.key_left = self.kind.key_tries;
                        let answer = tlv::encode(0x82, &self.encrypt(&challenge));
                        Ok(tlv::encode(0x7C, &answer).to_vec())
                    }
                    false => match self.key_left.as_mut() {
                        Some(left) => {
                            *left -= 1;
                            self.is_key_told = *left == 1;
                            Err(0x63C0 | u16::from(*left))
                        }
                        None => Err(other_key),
                    },
                }
            }
            _ => Err(0x6A80),
        }
    }

    fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        fn with<C: KeyInit + BlockCipherEncrypt>(key: &[u8], block: &[u8]) -> Vec<u8> {
            let mut block: Block<C> = block.try_into().unwrap();
            C::new_from_slice(key).unwrap().encrypt_block(&mut block);
            block.to_vec()
        }
        match self.key.0 {
            0x03 => with::<des::TdesEde3>(&self.key.1, block),
            0x08 => with::<aes::Aes128>(&self.key.1, block),
            0x0A => with::<aes::Aes192>(&self.key.1, block),
            _ => with::<aes::Aes256>(&self.key.1, block),
        }
    }

    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, u16> {
        let key = self.signing_key.as_ref().filter(|_| self.is_verified);
        let fields = tlv::find(data, 0x7C).ok().flatten().ok_or(0x6A80_u16)?;
        let digest = tlv::find(fields, 0x81).ok().flatten().ok_or(0x6A80_u16)?;
        let signature: Signature =
            key.ok_or(0x6982_u16)?.sign_prehash(digest).map_err(|_| 0x6A80_u16)?;
        let signature: DerSignature = signature.to_der();
        Ok(tlv::encode(0x7C, &tlv::encode(0x82, signature.as_bytes())).to_vec())
    }

    fn generate(&mut self) -> Vec<u8> {
        self.keys_made += 1;
        self.writes += 1;
        let key = SigningKey::from_slice(&[self.keys_made; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        self.signing_key = Some(key);
        tlv::encode(0x7F49, &tlv::encode(0x86, point.as_bytes())).to_vec()
    }

    fn read(&self, data: &[u8]) -> Result<Vec<u8>, u16> {
        let name = tlv::find(data, 0x5C).ok().flatten().ok_or(0x6A80_u16)?;
        match name {
            [0x7E] => self.discovery.clone().ok_or(0x6A82),
            _ => {
                let value = self.objects.get(name).ok_or(0x6A82_u16)?;
                Ok(tlv::encode(0x53, value).to_vec())
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        let field = |tag| tlv::find(data, tag).ok().flatten();
        match (field(0x7E), field(0x5C).zip(field(0x53))) {
            (Some(_), _) if self.kind.discovery.is_none() => self.discovery = Some(data.to_vec()),
            (Some(_), _) => return Err(0x6A81),
            (None, Some((name, value))) => {
                let mut kept = value.to_vec();
                if let Some(most) = self.most_written {
                    // What was there before, or nothing, is behind it.
                    let mut before = self.objects.get(name).cloned().unwrap_or_default();
                    before.resize(value.len(), 0);
                    kept.truncate(most);
                    kept.extend(&before[kept.len()..]);
                }
                self.objects.insert(name.to_vec(), kept);
            }
            (None, None) => return Err(0x6A80),
        }
        self.writes += 1;
        Ok(Vec::new())
    }

    fn set_key(&mut self, data: &[u8]) -> Result<Vec<u8>, u16> {
        if !self.kind.ciphers.contains(&data[0]) {
            return Err(0x6A80);
        }
        let key = (data[0], data[3..].to_vec());
        self.writes += usize::from(self.key != key);
        self.key = key;
        Ok(Vec::new())
    }

    fn set_tries(&mut self, pin: u8, puk: u8) -> Result<Vec<u8>, u16> {
        if !self.is_verified {
            return Err(0x6982);
        }
        self.pin.factory(pin);
        self.puk.factory(puk);
        self.writes += 1;
        Ok(Vec::new())
    }

    fn set_back(&mut self) -> Result<Vec<u8>, u16> {
        let refusal = self.kind.reset?;
        if self.pin.left > 0 || self.puk.left > 0 {
            return Err(refusal);
        }
        self.is_half_wiped = self.kind.is_applet && self.key.0 != 0x03;
        self.key = (self.kind.ciphers[0], FACTORY_KEY.to_vec());
        self.key_left = self.kind.key_tries;
        self.pin.factory(self.kind.pin_tries);
        self.puk.factory(3);
        self.objects.clear();
        self.signing_key = None;
        self.is_verified = false;
        self.is_admin = false;
        self.writes += 1;
        Ok(Vec::new())
    }
}
