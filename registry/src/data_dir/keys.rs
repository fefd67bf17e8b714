use super::key_files::{KeyPlaces, root_fingerprint};
use super::{Alone, DataDir, DataError};
use crate::key_name::KeyName;
use crate::store::{Event, EventKind, Snapshot, Store, Transaction};
use cardwright_seal::{RootKeys, Secret, SigningKey, VerifyingKey};

/// The keys of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) root: RootKeys,
    pub(crate) signing: SigningKey,
}

/// One of them, as files and the database know it.
#[derive(Debug)]
pub(crate) struct NamedKey {
    pub(crate) name: KeyName,
    pub(crate) secret: Secret,
    pub(crate) fingerprint: String,
}

impl Keys {
    /// All of them: the versions of the root key, the oldest first, and the signing key.
    pub(crate) fn named(&self) -> Vec<NamedKey> {
        let signing = NamedKey {
            name: KeyName::Signing,
            secret: self.signing.to_secret(),
            fingerprint: self.signing.verifying_key().to_string(),
        };
        named_root_keys(&self.root).chain([signing]).collect()
    }
}

impl DataDir {
    /// Reads the keys that belong to the database. A root key is made only when the database
    /// holds nothing that another one encrypted and nobody has exported it, a signing key only
    /// when the database knows none.
    pub(crate) async fn open_keys(&self, store: &Store, now: i64) -> Result<Keys, DataError> {
        let places = KeyPlaces::of(&self.path);
        let transaction = store.begin().await?;
        // First: where it is missing, no root key is made that nobody wants.
        let signing = signing_key_or_new(&places, &transaction).await?;
        let root = match is_bound(&transaction).await? {
            true => known_root_keys(&places, &transaction).await?,
            false => match places.root_keys()? {
                Some(keys) => keys,
                None => {
                    let keys = RootKeys::from(cardwright_seal::RootKey::generate());
                    places.write(KeyName::Root(1), &keys.current().to_secret())?;
                    keys
                }
            },
        };
        record_root_keys(&transaction, &root, now).await?;
        transaction.commit().await?;
        Ok(Keys { root, signing })
    }

    /// Reads the keys that a database was used with; none is made.
    pub(crate) async fn keys_of(&self, database: &Snapshot) -> Result<Keys, DataError> {
        keys_of(&KeyPlaces::of(&self.path), database).await
    }

    /// Refuses a database that names another signing key than the one that is here, which somebody
    /// else then signed for. Whoever may not read the key, or has a copy without it, is not told.
    ///
    /// # Errors
    /// [`DataError::OtherKey`].
    pub(crate) fn has_no_other_signing_key(&self, known: &VerifyingKey) -> Result<(), DataError> {
        let places = KeyPlaces::of(&self.path);
        match places.signing_key() {
            Ok(Some(key)) if key.verifying_key() != *known => {
                Err(DataError::OtherKey { path: places.place(KeyName::Signing) })
            }
            _ => Ok(()),
        }
    }

    /// Writes the key files that are not there.
    ///
    /// # Errors
    /// [`DataError::KeyKept`] when the folder has another key; nothing was written then.
    pub(crate) fn bring_back(&self, keys: &Keys) -> Result<(), DataError> {
        let places = KeyPlaces::of(&self.path);
        let mut missing = Vec::new();
        for key in keys.named() {
            match places.read(key.name)? {
                None => missing.push(key),
                Some(secret) if secret == key.secret => {}
                Some(_) => return Err(DataError::KeyKept { path: places.place(key.name) }),
            }
        }
        missing.iter().try_for_each(|key| places.write(key.name, &key.secret))
    }
}

impl Alone {
    /// Reads the keys that a database was used with; none is made.
    pub(crate) async fn keys_of(&self, database: &Snapshot) -> Result<Keys, DataError> {
        keys_of(&KeyPlaces::of(self.path()), database).await
    }
}

/// Says which versions of the root key belong to a database, and which no longer do. What is known
/// is not written again: a registry can start while its disk is full.
pub(super) async fn record_root_keys(
    transaction: &Transaction,
    keys: &RootKeys,
    now: i64,
) -> Result<(), DataError> {
    let known = transaction.key_fingerprints().await?;
    let is_first = !known.keys().any(|name| matches!(name, KeyName::Root(_)));
    for key in named_root_keys(keys).filter(|key| known.get(&key.name) != Some(&key.fingerprint)) {
        transaction.record_key(key.name, &key.fingerprint).await?;
        if !is_first {
            let (version, current) = (key.name.version(), keys.current().version());
            let what = match known.contains_key(&key.name) {
                // Only where nothing needs the one before.
                true => format!("Version {version} of the root key is another one from now on"),
                false => format!(
                    "The root key has version {version} from now on; chips are keyed under \
                     version {current}"
                ),
            };
            transaction.record(Event::at_command_line(now, EventKind::RootKeyAdded, what)).await?;
        }
    }
    for name in known.into_keys() {
        // Only where nothing needs it, or the registry would not have come so far.
        if matches!(name, KeyName::Root(version) if keys.version(version).is_none()) {
            transaction.forget_fingerprint(name).await?;
        }
    }
    Ok(())
}

/// Whether the root keys of a database must not become others.
async fn is_bound(database: &Snapshot) -> Result<bool, DataError> {
    Ok(database.holds_ciphertext().await? || database.is_any_root_key_exported().await?)
}

pub(super) async fn keys_of(places: &KeyPlaces, database: &Snapshot) -> Result<Keys, DataError> {
    let root = known_root_keys(places, database).await?;
    let place = || places.place(KeyName::Signing);
    let signing = places.signing_key()?.ok_or_else(|| DataError::KeyMissing { path: place() })?;
    let known = database.key_fingerprints().await?;
    match known.get(&KeyName::Signing) == Some(&signing.verifying_key().to_string()) {
        true => Ok(Keys { root, signing }),
        false => Err(DataError::OtherKey { path: place() }),
    }
}

/// Reads the root keys of a folder, among which must be each that the database was written with.
/// There may be more: a copy from before a rotation is used with the keys of after it.
async fn known_root_keys(places: &KeyPlaces, database: &Snapshot) -> Result<RootKeys, DataError> {
    let keys = places.root_keys()?;
    let missing = |name| DataError::KeyMissing { path: places.place(name) };
    let other = |name| DataError::OtherKey { path: places.place(name) };
    let known = database.key_fingerprints().await?.into_iter();
    let mut known = known.filter(|(name, _)| matches!(name, KeyName::Root(_))).peekable();
    if known.peek().is_none() {
        return Err(match keys {
            Some(keys) => other(KeyName::Root(keys.current().version())),
            None => missing(KeyName::Root(1)),
        });
    }
    for (name, fingerprint) in known {
        let key = keys.as_ref().and_then(|keys| keys.version(name.version()));
        match key.ok_or_else(|| missing(name))? {
            key if root_fingerprint(key) == fingerprint => {}
            _ => return Err(other(name)),
        }
    }
    keys.ok_or_else(|| missing(KeyName::Root(1)))
}

async fn signing_key_or_new(
    places: &KeyPlaces,
    transaction: &Transaction,
) -> Result<SigningKey, DataError> {
    let name = KeyName::Signing;
    let known = transaction.key_fingerprints().await?.remove(&name);
    let key = match (places.signing_key()?, &known) {
        (Some(key), _) => key,
        (None, Some(_)) => return Err(DataError::KeyMissing { path: places.place(name) }),
        (None, None) => {
            let key = SigningKey::generate();
            places.write(name, &key.to_secret())?;
            key
        }
    };
    let fingerprint = key.verifying_key().to_string();
    match known {
        Some(known) if known != fingerprint => {
            return Err(DataError::OtherKey { path: places.place(name) });
        }
        Some(_) => {}
        None => transaction.record_key(name, &fingerprint).await?,
    }
    Ok(key)
}

fn named_root_keys(keys: &RootKeys) -> impl Iterator<Item = NamedKey> {
    keys.iter().map(|key| NamedKey {
        name: KeyName::Root(key.version()),
        secret: key.to_secret(),
        fingerprint: root_fingerprint(key),
    })
}
