//! A chip after a case, opened in process and asked by bare commands, so that no code of the
//! product says what is on it.

use aes::Aes256;
use anyhow::{Context as _, bail, ensure};
use cardwright_card::Transport as _;
use cardwright_virtual_card::{CardOptions, Tries, VirtualCard};
use cipher::{BlockCipherEncrypt as _, KeyInit as _};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};

/// Card capability container and card holder unique identifier (SP 800-73-5 part 1, table 3).
const CCC: [u8; 3] = [0x5F, 0xC1, 0x07];
const CHUID: [u8; 3] = [0x5F, 0xC1, 0x02];

/// A chip from the folder that keeps it.
pub struct Chip(VirtualCard);

impl Chip {
    /// Wakes the chip in the folder of its state; no other process has it now.
    ///
    /// # Errors
    /// When it does not start, or has no PIV application.
    pub fn open(options: &CardOptions) -> anyhow::Result<Self> {
        let mut chip = Self(VirtualCard::new(options)?);
        let aid = [0xA0, 0x00, 0x00, 0x03, 0x08];
        chip.send(0xA4, 0x04, 0x00, &aid, "SELECT")?;
        // Tells the tries and spends none; the firmware makes its counters with it.
        let _ = chip.status(0x20, 0x00, 0x80, &[])?;
        Ok(chip)
    }

    /// Tries left, from the chip's own state.
    ///
    /// # Errors
    /// When the chip has no counters.
    pub fn tries(&self) -> anyhow::Result<Tries> {
        self.0.tries().context("the chip has counters")
    }

    /// The card capability container.
    ///
    /// # Errors
    /// When the chip has none.
    pub fn card_capability(&mut self) -> anyhow::Result<Vec<u8>> {
        self.object(CCC)
    }

    /// The card holder unique identifier.
    ///
    /// # Errors
    /// When the chip has none.
    pub fn card_holder(&mut self) -> anyhow::Result<Vec<u8>> {
        self.object(CHUID)
    }

    /// The GUID in the card holder unique identifier, 16 bytes.
    ///
    /// # Errors
    /// When the chip has none, or not where our profile puts it.
    pub fn guid(&mut self) -> anyhow::Result<Vec<u8>> {
        match &self.card_holder()?[..] {
            [0x30, 0x19, rest @ ..] => match rest.get(25..) {
                Some([0x34, 0x10, rest @ ..]) if rest.len() > 16 => Ok(rest[..16].to_vec()),
                _ => bail!("no GUID after the FASC-N"),
            },
            _ => bail!("no FASC-N"),
        }
    }

    /// Whether this is the PIN. A wrong one costs a try.
    ///
    /// # Errors
    /// When the chip does not answer.
    pub fn has_pin(&mut self, pin: &str) -> anyhow::Result<bool> {
        Ok(self.status(0x20, 0x00, 0x80, &padded(pin))?.1 == [0x90, 0x00])
    }

    /// Whether this is the PUK: changing it to itself proves it. A wrong one costs a try.
    ///
    /// # Errors
    /// When the chip does not answer.
    pub fn has_puk(&mut self, puk: &str) -> anyhow::Result<bool> {
        let twice = [padded(puk), padded(puk)].concat();
        Ok(self.status(0x24, 0x00, 0x81, &twice)?.1 == [0x90, 0x00])
    }

    /// Whether this AES-256 key is the management key (SP 800-73-5 part 2, 3.2.4: external
    /// authentication).
    ///
    /// # Errors
    /// When the chip does not answer.
    pub fn has_management_key(&mut self, key: &[u8]) -> anyhow::Result<bool> {
        let (answer, status) = self.status(0x87, 0x0C, 0x9B, &[0x7C, 0x02, 0x81, 0x00])?;
        if status != [0x90, 0x00] {
            return Ok(false);
        }
        let challenge = answer.strip_prefix(&[0x7C, 0x12, 0x81, 0x10]).context("a challenge")?;
        let mut block: [u8; 16] = challenge.try_into()?;
        Aes256::new_from_slice(key)?.encrypt_block((&mut block).into());
        let response = [&[0x7C, 0x12, 0x82, 0x10][..], &block].concat();
        Ok(self.status(0x87, 0x0C, 0x9B, &response)?.1 == [0x90, 0x00])
    }

    /// Whether the P-256 key 9A is this one: it signs, after [`has_pin`](Self::has_pin).
    ///
    /// # Errors
    /// When the chip does not sign, or the public key is none.
    pub fn has_authentication_key(&mut self, point: &[u8]) -> anyhow::Result<bool> {
        let digest: [u8; 32] = std::array::from_fn(|index| index as u8 ^ 0x5A);
        let request = [&[0x7C, 0x24, 0x82, 0x00, 0x81, 0x20][..], &digest].concat();
        let answer = self.send(0x87, 0x11, 0x9A, &request, "GENERAL AUTHENTICATE")?;
        let [0x7C, _, 0x82, length, signature @ ..] = &answer[..] else {
            bail!("no signature in {answer:02X?}")
        };
        ensure!(signature.len() == usize::from(*length), "one signature");
        let key = VerifyingKey::from_sec1_bytes(point)?;
        let signature = DerSignature::from_bytes(signature)?;
        Ok(key.verify_prehash(&digest, &signature).is_ok())
    }

    /// GET DATA, without the outer tag `53`; objects here are below 128 bytes.
    fn object(&mut self, tag: [u8; 3]) -> anyhow::Result<Vec<u8>> {
        let request = [&[0x5C, 0x03][..], &tag].concat();
        let answer = self.send(0xCB, 0x3F, 0xFF, &request, "GET DATA")?;
        let [0x53, length, value @ ..] = &answer[..] else { bail!("no object: {answer:02X?}") };
        ensure!(value.len() == usize::from(*length), "one object");
        Ok(value.to_vec())
    }

    fn send(
        &mut self,
        ins: u8,
        p1: u8,
        p2: u8,
        data: &[u8],
        what: &str,
    ) -> anyhow::Result<Vec<u8>> {
        let (answer, status) = self.status(ins, p1, p2, data)?;
        ensure!(status == [0x90, 0x00], "{what}: {status:02X?}");
        Ok(answer)
    }

    /// One command of at most 255 bytes, with an Le where it sends data.
    fn status(
        &mut self,
        ins: u8,
        p1: u8,
        p2: u8,
        data: &[u8],
    ) -> anyhow::Result<(Vec<u8>, [u8; 2])> {
        let mut command = vec![0x00, ins, p1, p2];
        if !data.is_empty() {
            command.push(u8::try_from(data.len())?);
            command.extend(data);
        }
        // Changing and verifying give nothing back.
        if !matches!(ins, 0x20 | 0x24) {
            command.push(0x00);
        }
        let answer = self.0.transmit(&command)?;
        let (data, status) = answer.split_last_chunk::<2>().context("a status word")?;
        Ok((data.to_vec(), *status))
    }
}

/// 8 bytes, filled up with `FF` (SP 800-73-5 part 2, 2.4.3).
fn padded(digits: &str) -> Vec<u8> {
    let mut bytes = digits.as_bytes().to_vec();
    bytes.resize(8, 0xFF);
    bytes
}
