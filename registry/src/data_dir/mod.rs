//! The folder with everything that a registry keeps: its database and its key files.

mod exchange;
mod in_use;
mod key_files;
mod keys;
mod owner;
mod rotate;

pub(crate) use exchange::Alone;
pub(crate) use in_use::InUse;
pub(crate) use keys::{Keys, NamedKey};
pub(crate) use rotate::Rotated;

use crate::files::for_owner_alone;
use crate::store::{Store, StoreError};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{io, sync::Arc};

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
    /// A folder has no database.
    #[error("{path} is not there: name the folder that `serve --data` has, or start `serve` first")]
    NoRegistry {
        /// The database that it would have.
        path: PathBuf,
    },
    /// The database failed.
    #[error("the database cannot be opened or read")]
    Store(#[from] StoreError),
    /// A key file that the database needs is not there.
    #[error(
        "{path} is missing, but the database was written with it. Put the file back from where \
         it is kept, or bring it back with import-root-key, or start this program with its \
         systemd credential: without all versions of the root key what the database holds \
         encrypted under them can never be read, and without signing-key no helper takes a job."
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
    /// A key file is another than the one that is to be brought back.
    #[error("{path} is another key; it is kept, and nothing was written")]
    KeyKept {
        /// The key file.
        path: PathBuf,
    },
    /// A key is in a file and, differently, in a credential.
    #[error(
        "{file} and the credential {credential} are two different keys of the same name. The one \
         that the database was written with is the right one: keep that, and move the other away"
    )]
    TwoKeys {
        /// The key file.
        file: PathBuf,
        /// The credential.
        credential: PathBuf,
    },
    /// Card ids have one byte for the version.
    #[error("there are 255 versions of the root key, and card ids cannot name another one")]
    NoVersionLeft,
    /// A new version of the root key is there and counts; the database does not say so yet.
    #[error(
        "{path} is written and good, and is used from the next start on; that could not be recorded"
    )]
    NotRecorded {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// A key file is not of the shape that it was written in, or holds another version than its
    /// name says.
    #[error("{path} is not a key file, or not that of the version in its name")]
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
    /// The folder is another user's, who could not use what root makes in it.
    #[error(
        "{path} belongs to another user, who could not use what root makes in it; run this command \
         as that user: sudo -u '#{user}' cardwright-registry ..."
    )]
    OthersFolder {
        /// The folder.
        path: PathBuf,
        /// Number of the user whom it belongs to.
        user: u32,
    },
    /// Another database is being put in the place of the folder's.
    #[error("a copy is being restored into {path}; try again when that is done")]
    BeingRestored {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody uses the database of the folder.
    #[error("{path} is in use: stop the registry, and let its other commands end, first")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
}

/// The folder of a registry, in use: while a value of this lives, nobody puts another database in
/// the place of the folder's.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Shared with the stores that are opened here, which end it when they are closed.
    in_use: Arc<InUse>,
}

impl DataDir {
    /// Uses a folder that exists, or makes it.
    pub(crate) fn open_or_make(path: &Path) -> Result<Self, DataError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|source| at(path, source))?;
        owner::check(path)?;
        let in_use = Arc::new(exchange::use_together(path)?);
        Ok(Self { path: path.to_owned(), in_use })
    }

    /// Uses a folder that has a database.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        exchange::has_database(path)?;
        owner::check(path)?;
        let in_use = Arc::new(exchange::use_together(path)?);
        Ok(Self { path: path.to_owned(), in_use })
    }

    /// The configuration file of a folder that is used unless another is named.
    pub(crate) fn config(path: &Path) -> PathBuf {
        path.join("registry.toml")
    }

    /// Opens the database, and makes it where there is none.
    pub(crate) async fn open_store(&self) -> Result<Store, DataError> {
        let database = database(&self.path);
        keep_from_others(&database).map_err(|source| at(&database, source))?;
        Ok(Store::open(&database, Arc::clone(&self.in_use)).await?)
    }

    /// Opens the database to read it as it is.
    pub(crate) async fn open_store_to_read(&self) -> Result<Store, DataError> {
        Ok(Store::open_to_read(&database(&self.path), Arc::clone(&self.in_use)).await?)
    }

    /// Whether there is a database.
    pub(crate) fn has_database(&self) -> bool {
        exchange::has_database(&self.path).is_ok()
    }
}

/// The database file of a folder.
fn database(folder: &Path) -> PathBuf {
    folder.join("registry.sqlite")
}

/// Makes the database file, where there is none, for its owner alone: it holds hashes of passwords
/// and the escrow, and the folder may be open to others. SQLite gives its other files the same mode.
fn keep_from_others(database: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    for_owner_alone(&mut options);
    match options.open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn at(path: &Path, source: io::Error) -> DataError {
    DataError::File { path: path.to_owned(), source }
}
