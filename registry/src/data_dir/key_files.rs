use super::{DataError, at};
use crate::files::NewFile;
use crate::key_name::KeyName;
use cardwright_seal::{RootKey, RootKeys, Secret, SigningKey, sha256};
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use zeroize::Zeroizing;

/// Permissions that a key file must not give: anything to others than its owner.
const FILE_MODE: u32 = 0o077;

/// Permissions that a credential must not give. The service manager owns it and lets the service's
/// user read it, on some systems by a list of access rights, which shows as the group's right.
const CREDENTIAL_MODE: u32 = 0o037;

/// Where the keys of a registry are: in files of its folder and, where the service manager gives
/// the program any, in credentials of the same names.
#[derive(Debug)]
pub(super) struct KeyPlaces {
    folder: PathBuf,
    credentials: Option<PathBuf>,
}

impl KeyPlaces {
    /// The places of a folder and of this program's credentials (systemd.exec(5), "Credentials").
    pub(super) fn of(folder: &Path) -> Self {
        let credentials = env::var_os("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty());
        Self { folder: folder.to_owned(), credentials: credentials.map(PathBuf::from) }
    }

    /// The file that a key has, or would have.
    pub(super) fn file(&self, name: KeyName) -> PathBuf {
        self.folder.join(&*name.name())
    }

    /// Where a key is: for people.
    pub(super) fn place(&self, name: KeyName) -> PathBuf {
        self.credential(name).filter(|path| path.exists()).unwrap_or_else(|| self.file(name))
    }

    /// Whether a key is given to this program as a credential.
    pub(super) fn is_credential(&self, name: KeyName) -> bool {
        self.credential(name).is_some_and(|path| path.exists())
    }

    /// Reads a key, wherever it is; a credential and a file must not differ.
    pub(super) fn read(&self, name: KeyName) -> Result<Option<Secret>, DataError> {
        let file = self.file(name);
        let in_file = read_key(&file, name, FILE_MODE)?;
        let Some(path) = self.credential(name) else { return Ok(in_file) };
        match (read_key(&path, name, CREDENTIAL_MODE)?, in_file) {
            (Some(credential), Some(in_file)) if credential != in_file => {
                Err(DataError::TwoKeys { file, credential: path })
            }
            (credential, in_file) => Ok(credential.or(in_file)),
        }
    }

    /// Reads all versions of the root key that there are.
    pub(super) fn root_keys(&self) -> Result<Option<RootKeys>, DataError> {
        let mut keys = Vec::new();
        for version in 1..=u8::MAX {
            let name = KeyName::Root(version);
            if let Some(secret) = self.read(name)? {
                let key = RootKey::from_secret(version, &secret);
                keys.push(key.ok_or_else(|| DataError::NotAKey { path: self.place(name) })?);
            }
        }
        Ok(RootKeys::new(keys))
    }

    /// Reads the signing key, where there is one.
    pub(super) fn signing_key(&self) -> Result<Option<SigningKey>, DataError> {
        let not_a_key = |_| DataError::NotAKey { path: self.place(KeyName::Signing) };
        let secret = self.read(KeyName::Signing)?;
        secret.map(|secret| SigningKey::from_secret(&secret).map_err(not_a_key)).transpose()
    }

    /// Writes a new key file that only the owner can read, and waits until it is on the disk: one
    /// line of version, space, 64 hexadecimal digits.
    pub(super) fn write(&self, name: KeyName, secret: &Secret) -> Result<(), DataError> {
        let path = self.file(name);
        let digits = Zeroizing::new(hex::encode(secret.expose()));
        let line = Zeroizing::new(format!("{} {}\n", name.version(), *digits));
        NewFile::write(&path, line.as_bytes()).map_err(|source| at(&path, source))
    }

    fn credential(&self, name: KeyName) -> Option<PathBuf> {
        Some(self.credentials.as_ref()?.join(&*name.name()))
    }
}

/// A hash of a value derived from the key: it tells two keys apart and says nothing of either.
pub(super) fn root_fingerprint(key: &RootKey) -> String {
    let derived = key.escrow_key();
    let text = Zeroizing::new([b"cardwright root key fingerprint", derived.expose()].concat());
    sha256(&text).to_string()
}

fn read_key(path: &Path, name: KeyName, exposed: u32) -> Result<Option<Secret>, DataError> {
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(at(path, source)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(|source| at(path, source))?.permissions().mode();
        if mode & exposed != 0 {
            return Err(DataError::Exposed { path: path.to_owned() });
        }
    }
    #[cfg(not(unix))]
    let _ = exposed;
    let parsed = std::str::from_utf8(&text).ok().and_then(|text| {
        let (version, digits) = text.trim_end().split_once(' ')?;
        let secret = Secret::new(hex::decode(digits).ok()?);
        // A file that was renamed is not the key that its name says.
        (version.parse() == Ok(name.version())).then_some(secret)
    });
    parsed.map(Some).ok_or_else(|| DataError::NotAKey { path: path.to_owned() })
}
