use super::terminal::{AskedFor, read_secret};
use super::{CliError, DataArgument, explain, print};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError, Keys, NamedKey};
use crate::key_export;
use crate::key_name::KeyName;
use crate::store::{Event, EventKind, Transaction};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ImportRootKey {
    /// The file.
    from: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

impl ImportRootKey {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let file = std::fs::read(&self.from)
            .map_err(|source| CliError::File { path: self.from.clone(), source })?;
        let passphrase = read_secret(AskedFor {
            what: "passphrase",
            prompts: &["Passphrase of the exported keys: "],
            min_length: 1,
        })?;
        let keys = key_export::decrypt(&file, &passphrase)
            .map_err(|error| self.refused(&error.to_string()))?;
        let data = DataDir::open_or_make(&self.data.data)?;
        match data.has_database() {
            true => self.import_beside_database(&data, &keys).await?,
            false => data.bring_back(&keys)?,
        }
        print(&["imported", &self.from.display().to_string()])?;
        let names: Vec<_> = keys.named().iter().map(|key| key.name.name()).collect();
        explain(&format!("In their place: {}.", names.join(", ")));
        Ok(())
    }

    async fn import_beside_database(&self, data: &DataDir, keys: &Keys) -> Result<(), CliError> {
        let store = data.open_store().await?;
        // Nobody else makes a key meanwhile.
        let transaction = store.begin().await.map_err(DataError::from)?;
        let known = transaction.key_fingerprints().await.map_err(DataError::from)?;
        // Versions that the database does not know are of after a copy of it was made.
        for NamedKey { name, fingerprint, .. } in keys.named() {
            if known.get(&name).is_some_and(|known| *known != fingerprint) {
                let name = match name {
                    KeyName::Root(_) => "root key",
                    KeyName::Signing => "signing key",
                };
                return Err(self.refused(&format!(
                    "the database of the folder was written with another {name}"
                )));
            }
        }
        data.bring_back(keys)?;
        record(transaction).await?;
        Ok(store.close().await.map_err(DataError::from)?)
    }

    fn refused(&self, why: &str) -> CliError {
        CliError::Refused(format!("{}: {why}; nothing was written", self.from.display()))
    }
}

async fn record(transaction: Transaction) -> Result<(), DataError> {
    let what = "Root key and signing key imported at the command line".to_owned();
    let event = Event::at_command_line(SystemClock.now(), EventKind::KeysImported, what);
    transaction.record(event).await?;
    Ok(transaction.commit().await?)
}
