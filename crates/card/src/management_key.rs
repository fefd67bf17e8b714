use crate::MalformedSecret;
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Cipher of the card management key `9B` (SP 800-78-5, table 6-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManagementKeyAlgorithm {
    /// `03`, 24 bytes.
    TripleDes,
    /// `08`, 16 bytes.
    Aes128,
    /// `0A`, 24 bytes.
    Aes192,
    /// `0C`, 32 bytes.
    Aes256,
}

impl ManagementKeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256];

    /// The algorithm identifier that a chip is sent.
    #[must_use]
    pub fn identifier(self) -> u8 {
        match self {
            Self::TripleDes => 0x03,
            Self::Aes128 => 0x08,
            Self::Aes192 => 0x0A,
            Self::Aes256 => 0x0C,
        }
    }

    /// The algorithm that a chip means by an identifier. `00` is an old name of `03`
    /// (SP 800-78-4, table 6-2).
    #[must_use]
    pub fn from_identifier(identifier: u8) -> Option<Self> {
        let identifier = if identifier == 0x00 { 0x03 } else { identifier };
        Self::ALL.into_iter().find(|algorithm| algorithm.identifier() == identifier)
    }

    /// Length of a key in bytes.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    /// Length of witness and challenge in bytes: one block of the cipher.
    #[must_use]
    pub fn block_length(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }
}

/// A card management key and its cipher.
#[derive(Clone)]
pub struct ManagementKey {
    algorithm: ManagementKeyAlgorithm,
    key: Zeroizing<Vec<u8>>,
}

impl ManagementKey {
    /// A key of the length that its cipher wants.
    ///
    /// # Errors
    /// [`MalformedSecret`] for a key of another length.
    pub fn new(
        algorithm: ManagementKeyAlgorithm,
        key: impl Into<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, MalformedSecret> {
        let key = key.into();
        match key.len() == algorithm.key_length() {
            true => Ok(Self { algorithm, key }),
            false => Err(MalformedSecret("a management key of the cipher's length")),
        }
    }

    /// Its cipher.
    #[must_use]
    pub fn algorithm(&self) -> ManagementKeyAlgorithm {
        self.algorithm
    }

    /// The key as a chip is sent it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.key
    }

    /// Encrypts one block; `None` when it has not the cipher's block length.
    pub(crate) fn encrypt(&self, block: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self.algorithm {
            ManagementKeyAlgorithm::TripleDes => encrypt::<des::TdesEde3>(&self.key, block),
            ManagementKeyAlgorithm::Aes128 => encrypt::<aes::Aes128>(&self.key, block),
            ManagementKeyAlgorithm::Aes192 => encrypt::<aes::Aes192>(&self.key, block),
            ManagementKeyAlgorithm::Aes256 => encrypt::<aes::Aes256>(&self.key, block),
        }
    }

    /// Decrypts one block; `None` when it has not the cipher's block length.
    pub(crate) fn decrypt(&self, block: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self.algorithm {
            ManagementKeyAlgorithm::TripleDes => decrypt::<des::TdesEde3>(&self.key, block),
            ManagementKeyAlgorithm::Aes128 => decrypt::<aes::Aes128>(&self.key, block),
            ManagementKeyAlgorithm::Aes192 => decrypt::<aes::Aes192>(&self.key, block),
            ManagementKeyAlgorithm::Aes256 => decrypt::<aes::Aes256>(&self.key, block),
        }
    }
}

impl fmt::Debug for ManagementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagementKey({:?}, ***)", self.algorithm)
    }
}

impl PartialEq for ManagementKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.key.ct_eq(&other.key).into()
    }
}

impl Eq for ManagementKey {}

fn encrypt<C: KeyInit + BlockCipherEncrypt>(
    key: &[u8],
    block: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut bytes = Zeroizing::new(block.to_vec());
    cipher.encrypt_block(bytes.as_mut_slice().try_into().ok()?);
    Some(bytes)
}

fn decrypt<C: KeyInit + BlockCipherDecrypt>(
    key: &[u8],
    block: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut bytes = Zeroizing::new(block.to_vec());
    cipher.decrypt_block(bytes.as_mut_slice().try_into().ok()?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cipher_undoes_itself_and_refuses_other_lengths() {
        for algorithm in ManagementKeyAlgorithm::ALL {
            let key: Vec<u8> = (0..algorithm.key_length() as u8).collect();
            let key = ManagementKey::new(algorithm, key).unwrap();
            let block = vec![0x5A; algorithm.block_length()];
            let encrypted = key.encrypt(&block).unwrap();
            assert_ne!(*encrypted, block);
            assert_eq!(*key.decrypt(&encrypted).unwrap(), block);
            assert_eq!(key.encrypt(&block[1..]), None);
            assert_eq!(key.decrypt(&[]), None);
            assert!(ManagementKey::new(algorithm, vec![0; 23]).is_err());
        }
    }

    #[test]
    fn aes_128_encrypts_as_in_fips_197() {
        let key = ManagementKey::new(ManagementKeyAlgorithm::Aes128, (0..16).collect::<Vec<u8>>());
        let block = hex::decode("00112233445566778899aabbccddeeff").unwrap();
        let encrypted = key.unwrap().encrypt(&block).unwrap();
        assert_eq!(hex::encode(&*encrypted), "69c4e0d86a7b0430d8cdb78070b4c55a");
    }

    #[test]
    fn keys_print_as_stars() {
        let key = ManagementKey::new(ManagementKeyAlgorithm::Aes128, vec![7; 16]).unwrap();
        assert_eq!(format!("{key:?}"), "ManagementKey(Aes128, ***)");
    }
}
