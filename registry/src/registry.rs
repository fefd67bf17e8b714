use crate::actions::ActionError;
use crate::actions::first_start::{self, NewAccount};
use crate::actions::throttle::UnderWay;
use crate::audit::{CheckpointFile, CheckpointTrouble};
use crate::config::Config;
use crate::data_dir::{DataDir, DataError};
use crate::escrow::Escrow;
use crate::passwords::{PasswordError, Passwords};
use crate::profiles::Profiles;
use crate::store::{Store, StoreError};
use cardwright_seal::{RootKeys, SigningKey, VerifyingKey};
use std::{ops::Deref, path::Path, sync::Arc};

/// An open registry. Clones share it.
#[derive(Clone)]
pub struct Registry(Arc<Parts>);

/// What a registry is made of; nothing of it is visible outside.
pub struct Parts {
    /// Everything that must be true for more than one person.
    pub(crate) store: Store,
    /// The secrets of all chips follow from them.
    pub(crate) root_keys: RootKeys,
    /// Signs jobs and acknowledgements.
    pub(crate) signing_key: SigningKey,
    /// Encrypts PINs.
    pub(crate) escrow: Escrow,
    /// Hashes and compares the passwords of accounts.
    pub(crate) passwords: Passwords,
    /// Passwords that are being compared.
    pub(crate) under_way: UnderWay,
    /// The profiles that chips can follow.
    pub(crate) profiles: Profiles,
    /// What the audit log was, outside the database.
    pub(crate) checkpoints: CheckpointFile,
    /// What is wrong with it.
    pub(crate) checkpoint_trouble: CheckpointTrouble,
    /// As it was given.
    pub(crate) config: Config,
}

/// Why a registry cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of its data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The program's own profiles or parameters are wrong, or there is no randomness, or the
    /// database failed.
    #[error("the registry cannot start")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Registry {
    /// Opens the registry in this folder, and makes one when there is none. At the first start
    /// the accounts that were made are returned, with their passwords: nothing keeps these.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed, but that a first start may leave key files.
    pub async fn open(folder: &Path, config: Config) -> Result<(Self, Vec<NewAccount>), OpenError> {
        let profiles = Profiles::built_in().map_err(|error| OpenError::Start(Box::new(error)))?;
        let passwords = Passwords::new(config.password_cost)
            .map_err(|error: PasswordError| OpenError::Start(Box::new(error)))?;
        let data = DataDir::open_or_make(folder)?;
        let store = data.open_store().await?;
        let keys = data.open_keys(&store, config.clock.now()).await?;
        let registry = Self(Arc::new(Parts {
            store,
            escrow: Escrow::new(&keys.root),
            root_keys: keys.root,
            signing_key: keys.signing,
            passwords,
            under_way: UnderWay::default(),
            profiles,
            checkpoints: CheckpointFile::of(folder, config.audit_checkpoints.as_deref()),
            checkpoint_trouble: CheckpointTrouble::default(),
            config,
        }));
        let accounts = first_start::run(&registry)
            .await
            .map_err(|error: ActionError| OpenError::Start(Box::new(error)))?;
        Ok((registry, accounts))
    }

    /// Verifies jobs and acknowledgements.
    #[must_use]
    pub fn public_key(&self) -> VerifyingKey {
        self.signing_key.verifying_key()
    }

    /// Closes the database.
    ///
    /// # Errors
    /// [`StoreError`] when the write-ahead log could not be put into the file; nothing is lost.
    pub async fn close(self) -> Result<(), StoreError> {
        self.store.clone().close().await
    }

    /// Seconds since 1970 in UTC.
    pub(crate) fn now(&self) -> i64 {
        self.config.clock.now()
    }
}

impl Deref for Registry {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
