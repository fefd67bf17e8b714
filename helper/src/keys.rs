//! The helper's two private keys, each a file that only its owner can read.

use crate::Error;
use crate::platform::private_file;
use cardwright_seal::{OpeningKey, Secret, SigningKey};
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

const SIGNING: &str = "signing.key";
const OPENING: &str = "opening.key";

/// What makes this helper itself: whoever has these can speak for it and read its jobs.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs reports, receipts and failures.
    pub signing: SigningKey,
    /// Opens jobs.
    pub opening: OpeningKey,
}

impl Keys {
    /// Reads the keys of a data folder.
    ///
    /// # Errors
    /// [`Error::KeyMissing`] when one is not there, [`Error::File`] when it cannot be read,
    /// [`Error::Exposed`] when others can, [`Error::KeyMalformed`] when it does not hold a key.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let open = |name| {
            let path = folder.join(name);
            read(&path)?.ok_or(Error::KeyMissing { path })
        };
        Self::of(folder, &open(SIGNING)?, &open(OPENING)?)
    }

    /// Reads the keys of a data folder, and makes the folder and those that are not there yet.
    ///
    /// # Errors
    /// As [`Self::open`], but for [`Error::KeyMissing`].
    pub fn open_or_make(folder: &Path) -> Result<Self, Error> {
        private_file::make_folder(folder)?;
        let signing = open_or_make(&folder.join(SIGNING), || SigningKey::generate().to_secret())?;
        let opening = open_or_make(&folder.join(OPENING), || OpeningKey::generate().to_secret())?;
        Self::of(folder, &signing, &opening)
    }

    fn of(folder: &Path, signing: &Secret, opening: &Secret) -> Result<Self, Error> {
        let malformed = |name| Error::KeyMalformed { path: folder.join(name) };
        Ok(Self {
            signing: SigningKey::from_secret(signing).map_err(|_| malformed(SIGNING))?,
            opening: OpeningKey::from_secret(opening).map_err(|_| malformed(OPENING))?,
        })
    }
}

fn open_or_make(path: &Path, make: impl FnOnce() -> Secret) -> Result<Secret, Error> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = make();
    let mut text = Zeroizing::new(hex::encode(key.expose()));
    text.push('\n');
    match private_file::create(path, &text) {
        Ok(()) => Ok(key),
        // Somebody else was faster: that key is the one.
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| Error::KeyMissing { path: path.to_owned() })
        }
        Err(cause) => Err(Error::File { path: path.to_owned(), cause }),
    }
}

fn read(path: &Path) -> Result<Option<Secret>, Error> {
    let Some(text) = private_file::read(path)? else { return Ok(None) };
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *bytes)
        .map_err(|_| Error::KeyMalformed { path: path.to_owned() })?;
    Ok(Some(Secret::from(&bytes[..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn keys_are_made_once_and_only_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        assert!(matches!(Keys::open(&path), Err(Error::KeyMissing { .. })));
        let first = Keys::open_or_make(&path).unwrap();
        assert!(Keys::open_or_make(&path).is_ok());
        let again = Keys::open(&path).unwrap();
        assert_eq!(first.signing.verifying_key(), again.signing.verifying_key());
        assert_eq!(first.opening.to_secret(), again.opening.to_secret());
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["opening.key", "signing.key"]);
    }

    #[test]
    fn a_file_that_is_not_a_key_is_refused_and_kept() {
        for text in ["", "00", "zz", &"0".repeat(66)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("signing.key");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Keys::open_or_make(folder.path()).unwrap_err();
            assert!(matches!(error, Error::KeyMalformed { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
