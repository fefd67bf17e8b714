//! The helper's two private keys, each a file that only its owner can read.

use crate::Error;
use cardwright_seal::{OpeningKey, Secret, SigningKey};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// What makes this helper itself: whoever has these can speak for it and read its jobs.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs reports, receipts and failures.
    pub signing: SigningKey,
    /// Opens jobs.
    pub opening: OpeningKey,
}

impl Keys {
    /// Reads the keys of a data folder, and makes the folder and those that are not there yet.
    ///
    /// # Errors
    /// [`Error::File`] when a file cannot be read or written, [`Error::KeyExposed`] when others
    /// can read one, [`Error::KeyMalformed`] when one does not hold a key.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| Error::File { path: folder.to_owned(), cause })?;
        let path = folder.join("signing.key");
        let signing =
            SigningKey::from_secret(&open_or_make(&path, || SigningKey::generate().to_secret())?)
                .map_err(|_| Error::KeyMalformed { path })?;
        let path = folder.join("opening.key");
        let opening =
            OpeningKey::from_secret(&open_or_make(&path, || OpeningKey::generate().to_secret())?)
                .map_err(|_| Error::KeyMalformed { path })?;
        Ok(Self { signing, opening })
    }
}

fn open_or_make(path: &Path, make: impl FnOnce() -> Secret) -> Result<Secret, Error> {
    let file_error = |cause| Error::File { path: path.to_owned(), cause };
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let key = make();
            match write(path, &key) {
                Ok(()) => Ok(key),
                // Another start of the helper was faster: its key is the one.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                    read(path, File::open(path).map_err(file_error)?)
                }
                Err(cause) => Err(file_error(cause)),
            }
        }
        Err(cause) => Err(file_error(cause)),
    }
}

fn read(path: &Path, mut file: File) -> Result<Secret, Error> {
    let file_error = |cause| Error::File { path: path.to_owned(), cause };
    // Asked of the open file, so that nobody exchanges it between the question and the reading.
    let mode = file.metadata().map_err(file_error)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::KeyExposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(128));
    file.read_to_string(&mut text).map_err(file_error)?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *bytes)
        .map_err(|_| Error::KeyMalformed { path: path.to_owned() })?;
    Ok(Secret::from(&bytes[..]))
}

/// Writes beside and links into place, so that the file is there as a whole or not at all.
fn write(path: &Path, key: &Secret) -> io::Result<()> {
    let beside = path.with_extension(format!("{:016x}.new", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let mut text = Zeroizing::new(hex::encode(key.expose()));
    text.push('\n');
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside)?;
    written?;
    // The folder's entry is on disk only when the folder is.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_only_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = Keys::open(&path).unwrap();
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
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keys::open(folder.path()).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o610] {
            let key = folder.path().join("opening.key");
            fs::set_permissions(key, fs::Permissions::from_mode(mode)).unwrap();
            let error = Keys::open(folder.path()).unwrap_err();
            assert!(matches!(error, Error::KeyExposed { .. }), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_a_key_is_refused_and_kept() {
        for text in ["", "00", "zz", &"0".repeat(66)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("signing.key");
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = Keys::open(folder.path()).unwrap_err();
            assert!(matches!(error, Error::KeyMalformed { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
