use super::key_files::{read_key, root_fingerprint, root_key, signing_key, write_key};
use super::{Alone, DataDir, DataError};
use crate::store::{KeyKind, Snapshot, Store, Transaction};
use cardwright_seal::{RootKey, Secret, SigningKey};
use std::path::{Path, PathBuf};

/// Both keys of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) root: RootKey,
    pub(crate) signing: SigningKey,
}

impl Keys {
    /// What a database knows a key by.
    pub(crate) fn fingerprint(&self, kind: KeyKind) -> String {
        match kind {
            KeyKind::Root => root_fingerprint(&self.root),
            KeyKind::Signing => self.signing.verifying_key().to_string(),
        }
    }

    /// Version and secret, as they go into the key's file.
    pub(crate) fn file(&self, kind: KeyKind) -> (u8, Secret) {
        match kind {
            KeyKind::Root => (self.root.version(), self.root.to_secret()),
            KeyKind::Signing => (1, self.signing.to_secret()),
        }
    }
}

impl DataDir {
    /// Reads the keys that belong to the database. A root key is made only when the database
    /// holds nothing that another one encrypted and nobody has exported it, a signing key only
    /// when the database knows none.
    pub(crate) async fn open_keys(&self, store: &Store) -> Result<Keys, DataError> {
        let transaction = store.begin().await?;
        let root = match is_bound(&transaction).await? {
            true => known_root_key(&self.path, &transaction).await?,
            false => {
                let path = key_file(&self.path, KeyKind::Root);
                match read_key(&path)? {
                    Some(file) => root_key(&path, &file)?,
                    None => {
                        let key = RootKey::generate();
                        write_key(&path, key.version(), &key.to_secret())?;
                        key
                    }
                }
            }
        };
        let fingerprint = root_fingerprint(&root);
        // What is known is not written again: a registry can start while its disk is full.
        if transaction.key_fingerprint(KeyKind::Root).await?.as_ref() != Some(&fingerprint) {
            transaction.record_key(KeyKind::Root, &fingerprint).await?;
        }
        let signing = signing_key_or_new(&self.path, &transaction).await?;
        transaction.commit().await?;
        Ok(Keys { root, signing })
    }

    /// Reads the keys that a database was used with; none is made.
    pub(crate) async fn keys_of(&self, database: &Snapshot) -> Result<Keys, DataError> {
        keys_of(&self.path, database).await
    }

    /// Writes the key files that are not there.
    ///
    /// # Errors
    /// [`DataError::KeyKept`] when the folder has another key; nothing was written then.
    pub(crate) fn bring_back(&self, keys: &Keys) -> Result<(), DataError> {
        let mut missing = Vec::new();
        for kind in [KeyKind::Root, KeyKind::Signing] {
            let path = key_file(&self.path, kind);
            let (version, secret) = keys.file(kind);
            match read_key(&path)? {
                None => missing.push((path, version, secret)),
                Some(file) if (file.version, &file.secret) == (version, &secret) => {}
                Some(_) => return Err(DataError::KeyKept { path }),
            }
        }
        missing.iter().try_for_each(|(path, version, secret)| write_key(path, *version, secret))
    }
}

impl Alone {
    /// Reads the keys that a database was used with; none is made.
    pub(crate) async fn keys_of(&self, database: &Snapshot) -> Result<Keys, DataError> {
        keys_of(self.path(), database).await
    }
}

/// Whether the root key of a database must not become another.
async fn is_bound(database: &Snapshot) -> Result<bool, DataError> {
    Ok(database.holds_ciphertext().await? || database.root_key_exported_at().await?.is_some())
}

async fn keys_of(folder: &Path, database: &Snapshot) -> Result<Keys, DataError> {
    let root = known_root_key(folder, database).await?;
    let path = key_file(folder, KeyKind::Signing);
    let file = read_key(&path)?.ok_or_else(|| DataError::KeyMissing { path: path.clone() })?;
    let signing = signing_key(&path, &file)?;
    let fingerprint = signing.verifying_key().to_string();
    match database.key_fingerprint(KeyKind::Signing).await? == Some(fingerprint) {
        true => Ok(Keys { root, signing }),
        false => Err(DataError::OtherKey { path }),
    }
}

async fn known_root_key(folder: &Path, database: &Snapshot) -> Result<RootKey, DataError> {
    let path = key_file(folder, KeyKind::Root);
    let file = read_key(&path)?.ok_or_else(|| DataError::KeyMissing { path: path.clone() })?;
    let key = root_key(&path, &file)?;
    match database.key_fingerprint(KeyKind::Root).await? {
        Some(known) if known == root_fingerprint(&key) => Ok(key),
        _ => Err(DataError::OtherKey { path }),
    }
}

async fn signing_key_or_new(
    folder: &Path,
    transaction: &Transaction,
) -> Result<SigningKey, DataError> {
    let path = key_file(folder, KeyKind::Signing);
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

fn key_file(folder: &Path, kind: KeyKind) -> PathBuf {
    folder.join(match kind {
        KeyKind::Root => "root-key",
        KeyKind::Signing => "signing-key",
    })
}
