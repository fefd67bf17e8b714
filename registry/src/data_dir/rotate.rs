//! The next version of the root key.

use super::key_files::KeyPlaces;
use super::keys::{keys_of, record_root_keys};
use super::{Alone, DataError, database};
use crate::key_name::KeyName;
use crate::store::Store;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A version of the root key that was made.
#[derive(Debug)]
pub(crate) struct Rotated {
    /// Its name.
    pub(crate) name: KeyName,
    /// Its file.
    pub(crate) file: PathBuf,
    /// The version before it is a credential, and this one, too, should be.
    pub(crate) wants_credential: bool,
}

impl Alone {
    /// Takes a folder that has a database for oneself.
    pub(crate) fn with_database(path: &Path) -> Result<Self, DataError> {
        super::exchange::has_database(path)?;
        Self::begin(path)
    }

    /// Opens the database.
    pub(crate) async fn open_store(&self) -> Result<Store, DataError> {
        Ok(Store::open(&database(self.path()), Arc::clone(self.in_use())).await?)
    }

    /// Makes the next version of the root key. The moment from which it counts is that its file
    /// has its name: whoever opens the folder next records it where that was not done. So the
    /// database never names a key that is not there.
    pub(crate) async fn rotate_root_key(
        &self,
        store: &Store,
        now: i64,
    ) -> Result<Rotated, DataError> {
        let places = KeyPlaces::of(self.path());
        let transaction = store.begin().await?;
        let keys = keys_of(&places, &transaction).await?.root;
        let before = KeyName::Root(keys.current().version());
        let keys = keys.with_next().ok_or(DataError::NoVersionLeft)?;
        let name = KeyName::Root(keys.current().version());
        let file = places.file(name);
        places.write(name, &keys.current().to_secret())?;
        let record = async {
            record_root_keys(&transaction, &keys, now).await?;
            Ok(transaction.commit().await?)
        };
        record.await.map_err(|error| match error {
            DataError::Store(source) => DataError::NotRecorded { path: file.clone(), source },
            error => error,
        })?;
        Ok(Rotated { name, file, wants_credential: places.is_credential(before) })
    }
}
