use super::{DataError, at};
use crate::files::NewFile;
use cardwright_seal::{RootKey, Secret, SigningKey, sha256};
use std::{fs, io, path::Path};
use zeroize::Zeroizing;

/// What a key file holds.
pub(super) struct KeyFile {
    pub(super) version: u8,
    pub(super) secret: Secret,
}

pub(super) fn root_key(path: &Path, file: &KeyFile) -> Result<RootKey, DataError> {
    let key = RootKey::from_secret(file.version, &file.secret);
    key.ok_or_else(|| DataError::NotAKey { path: path.to_owned() })
}

pub(super) fn signing_key(path: &Path, file: &KeyFile) -> Result<SigningKey, DataError> {
    SigningKey::from_secret(&file.secret).map_err(|_| DataError::NotAKey { path: path.to_owned() })
}

/// A hash of a value derived from the key: it tells two keys apart and says nothing of either.
pub(super) fn root_fingerprint(key: &RootKey) -> String {
    let derived = key.escrow_key();
    let text = Zeroizing::new([b"cardwright root key fingerprint", derived.expose()].concat());
    sha256(&text).to_string()
}

/// A key file is one line: version, space, 64 hexadecimal digits.
pub(super) fn read_key(path: &Path) -> Result<Option<KeyFile>, DataError> {
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(at(path, source)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(|source| at(path, source))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(DataError::Exposed { path: path.to_owned() });
        }
    }
    let parsed = std::str::from_utf8(&text).ok().and_then(|text| {
        let (version, digits) = text.trim_end().split_once(' ')?;
        let secret = Secret::new(hex::decode(digits).ok()?);
        Some(KeyFile { version: version.parse().ok()?, secret })
    });
    parsed.map(Some).ok_or_else(|| DataError::NotAKey { path: path.to_owned() })
}

/// Writes a new key file that only the owner can read, and waits until it is on the disk.
pub(super) fn write_key(path: &Path, version: u8, secret: &Secret) -> Result<(), DataError> {
    let digits = Zeroizing::new(hex::encode(secret.expose()));
    let line = Zeroizing::new(format!("{version} {}\n", *digits));
    NewFile::write(path, line.as_bytes()).map_err(|source| at(path, source))
}
