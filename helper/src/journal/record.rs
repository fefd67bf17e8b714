//! How a record lies in its part of a file: magic, length, SHA-256, JSON, zeros to the end.

use cardwright_seal::sha256;
use serde::{Serialize, de::DeserializeOwned};
use std::io;

/// Begins every record; its last digit is the version of the format.
const MAGIC: &[u8; 8] = b"cwjrnl 1";

/// Bytes before the JSON: magic, length (4 bytes, big-endian), SHA-256 of the JSON.
const HEAD: usize = 8 + 4 + 32;

/// What is in a part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// Zeros: no record.
    Nothing,
    /// Neither zeros nor a record: it was torn while it was written, or the disk is broken.
    Garbled,
    /// A whole record.
    Record(T),
}

/// The bytes of a record, as many as its part of the file has.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] when it is too long.
pub(super) fn to_bytes<T: Serialize>(record: &T, length: usize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(record)?;
    if HEAD + json.len() > length {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(MAGIC);
    // Parts have far fewer than 4 GiB.
    bytes.extend_from_slice(&(json.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&sha256(&json).0);
    bytes.extend_from_slice(&json);
    bytes.resize(length, 0);
    Ok(bytes)
}

/// Reads a record.
pub(super) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Found<T> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Found::Nothing;
    }
    whole(bytes)
        .and_then(|json| serde_json::from_slice(json).ok())
        .map_or(Found::Garbled, Found::Record)
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk()?;
    let (hash, rest) = rest.split_at_checked(32)?;
    let json = rest.get(..u32::from_be_bytes(*length) as usize)?;
    (sha256(json).0 == hash).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_found() {
        let bytes = to_bytes(&"text", 64).unwrap();
        assert_eq!(from_bytes::<String>(&bytes), Found::Record("text".to_owned()));
        for index in 0..HEAD + "\"text\"".len() {
            let mut garbled = bytes.clone();
            garbled[index] ^= 1;
            assert_eq!(from_bytes::<String>(&garbled), Found::Garbled, "{index}");
        }
        for length in 1..HEAD + "\"text\"".len() {
            assert_eq!(from_bytes::<String>(&bytes[..length]), Found::Garbled, "{length}");
        }
        assert_eq!(from_bytes::<String>(&[0; 64]), Found::Nothing);
        assert_eq!(from_bytes::<u8>(&bytes), Found::Garbled, "a record of another kind");
        assert_eq!(from_bytes::<u8>(b"\xFF\xFF"), Found::Garbled);
        assert!(to_bytes(&"t".repeat(64), 64).is_err());
    }
}
