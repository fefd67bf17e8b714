//! The folder with everything that a registry keeps: its database and the two key files.

use crate::store::{KeyKind, Store, StoreError, Transaction};
use cardwright_seal::{RootKey, Secret, SigningKey, sha256};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read or made.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database failed.
    #[error("the database cannot be opened or read")]
    Store(#[from] StoreError),
    /// A key file that the database needs is not there.
    #[error(
        "{path} is missing, but the database was written with it. Put the file back from where \
         it is kept: without root-key nothing that the database holds encrypted can ever be read, \
         and without signing-key no helper takes a job."
    )]
    KeyMissing {
        /// The key file.
        path: PathBuf,
    },
    /// A key file is not the one that the database was written with.
    #[error(
        "{path} is another key than the one that the database was written with. Put the right file back."
    )]
    OtherKey {
        /// The key file.
        path: PathBuf,
    },
    /// A key file is not of the shape that it was written in.
    #[error("{path} is not a key file")]
    NotAKey {
        /// The key file.
        path: PathBuf,
    },
    /// Others than the owner can read or write a key file.
    #[error("{path} can be read by others: allow it to its owner alone (chmod 600)")]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
}

/// Both keys of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) root: RootKey,
    pub(crate) signing: SigningKey,
}

/// The folder of a registry.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// Uses a folder that exists, or makes it.
    pub(crate) fn open_or_make(path: &Path) -> Result<Self, DataError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|source| at(path, source))?;
        Ok(Self(path.to_owned()))
    }

    /// Names a folder without looking at it.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Uses a folder that has a database.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let data = Self(path.to_owned());
        let database = data.database();
        fs::metadata(&database).map_err(|source| at(&database, source))?;
        Ok(data)
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("registry.sqlite")
    }

    /// The configuration file that is used unless another is named.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("registry.toml")
    }

    /// Opens the database.
    pub(crate) async fn open_store(&self) -> Result<Store, DataError> {
        let database = self.database();
        keep_from_others(&database).map_err(|source| at(&database, source))?;
        Ok(Store::open(&database).await?)
    }

    /// Reads the keys that belong to the database. A root key is made only when the database
    /// holds nothing that another one encrypted, a signing key only when it knows none.
    pub(crate) async fn open_keys(&self, store: &Store) -> Result<Keys, DataError> {
        let transaction = store.begin().await?;
        let root = match transaction.holds_ciphertext().await? {
            true => self.known_root_key(&transaction).await?,
            false => match read_key(&self.root_key_file())? {
                Some(file) => root_key(&self.root_key_file(), &file)?,
                None => {
                    let key = RootKey::generate();
                    write_key(&self.root_key_file(), key.version(), &key.to_secret())?;
                    key
                }
            },
        };
        transaction.record_key(KeyKind::Root, &root_fingerprint(&root)).await?;
        let signing = self.signing_key(&transaction).await?;
        transaction.commit().await?;
        Ok(Keys { root, signing })
    }

    fn root_key_file(&self) -> PathBuf {
        self.0.join("root-key")
    }

    async fn known_root_key(&self, transaction: &Transaction) -> Result<RootKey, DataError> {
        let path = self.root_key_file();
        let file = read_key(&path)?.ok_or_else(|| DataError::KeyMissing { path: path.clone() })?;
        let key = root_key(&path, &file)?;
        match transaction.key_fingerprint(KeyKind::Root).await? {
            Some(known) if known == root_fingerprint(&key) => Ok(key),
            _ => Err(DataError::OtherKey { path }),
        }
    }

    async fn signing_key(&self, transaction: &Transaction) -> Result<SigningKey, DataError> {
        let path = self.0.join("signing-key");
        let known = transaction.key_fingerprint(KeyKind::Signing).await?;
        let key = match (read_key(&path)?, &known) {
            (Some(file), _) => signing_key(&path, &file)?,
            (None, Some(_)) => return Err(DataError::KeyMissing { path }),
            (None, None) => {
                let key = SigningKey::generate();
                write_key(&path, 1, &key.to_secret())?;
                key
            }
        };
        let fingerprint = key.verifying_key().to_string();
        match known {
            Some(known) if known != fingerprint => return Err(DataError::OtherKey { path }),
            Some(_) => {}
            None => transaction.record_key(KeyKind::Signing, &fingerprint).await?,
        }
        Ok(key)
    }
}

/// What a key file holds.
struct KeyFile {
    version: u8,
    secret: Secret,
}

fn root_key(path: &Path, file: &KeyFile) -> Result<RootKey, DataError> {
    let key = RootKey::from_secret(file.version, &file.secret);
    key.ok_or_else(|| DataError::NotAKey { path: path.to_owned() })
}

fn signing_key(path: &Path, file: &KeyFile) -> Result<SigningKey, DataError> {
    SigningKey::from_secret(&file.secret).map_err(|_| DataError::NotAKey { path: path.to_owned() })
}

/// A hash of a value derived from the key: it tells two keys apart and says nothing of either.
fn root_fingerprint(key: &RootKey) -> String {
    let derived = key.escrow_key();
    let text = Zeroizing::new([b"cardwright root key fingerprint", derived.expose()].concat());
    sha256(&text).to_string()
}

/// A key file is one line: version, space, 64 hexadecimal digits.
fn read_key(path: &Path) -> Result<Option<KeyFile>, DataError> {
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

/// Makes the database file, where there is none, for its owner alone: it holds hashes of passwords
/// and the escrow, and the folder may be open to others. SQLite gives its other files the same mode.
fn keep_from_others(database: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes a new key file that only the owner can read, and waits until it is on the disk.
fn write_key(path: &Path, version: u8, secret: &Secret) -> Result<(), DataError> {
    let write = || {
        // Under another name first: a key file is whole or not there.
        let unfinished = path.with_extension("new");
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        let digits = Zeroizing::new(hex::encode(secret.expose()));
        writeln!(file, "{version} {}", *digits)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|source| at(path, source))
}

fn at(path: &Path, source: io::Error) -> DataError {
    DataError::File { path: path.to_owned(), source }
}
