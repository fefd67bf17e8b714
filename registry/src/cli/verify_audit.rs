use super::serve::read_config;
use super::{CliError, explain, print};
use crate::audit::{CheckpointFile, LogVerifier, Verified, verify_export};
use crate::data_dir::{DataDir, DataError};
use crate::key_name::KeyName;
use crate::store::{Snapshot, Store, StoreError};
use cardwright_seal::VerifyingKey;
use clap::Args;
use std::path::{Path, PathBuf};

/// How many events are read at a time.
const PAGE: u64 = 1000;

#[derive(Debug, Args)]
pub(super) struct VerifyAudit {
    /// Folder with the database.
    #[arg(long, value_name = "DIR", required_unless_present = "export", conflicts_with = "export")]
    data: Option<PathBuf>,
    /// Configuration file that names the file of checkpoints [default: registry.toml in DIR, where
    /// there is one].
    #[arg(long, value_name = "FILE", requires = "data")]
    config: Option<PathBuf>,
    /// An export.
    #[arg(long, value_name = "FILE", requires = "key")]
    export: Option<PathBuf>,
    /// The registry's key, as public-key prints it [default: the one that the database knows].
    #[arg(long, value_name = "HEX")]
    key: Option<VerifyingKey>,
}

impl VerifyAudit {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let verified = match (&self.export, &self.key, &self.data) {
            (Some(export), Some(key), _) => of_export(export, key),
            (_, _, Some(data)) => self.of_log(data).await,
            // The arguments are declared so that there is one of them.
            _ => Err(CliError::Refused("name --data, or --export and --key".to_owned())),
        };
        let verified = verified.map_err(|error| CliError::AuditUnreadable(Box::new(error)))?;
        tell(&verified)
    }

    async fn of_log(&self, folder: &Path) -> Result<Verified, CliError> {
        let config = read_config(folder, self.config.as_deref())?;
        let file = CheckpointFile::of(folder, config.audit_checkpoints.as_deref());
        let data = DataDir::open(folder)?;
        let store = data.open_store_to_read().await?;
        let found = self.found(&data, &store, &file).await;
        store.close().await.map_err(DataError::from)?;
        found
    }

    async fn found(
        &self,
        data: &DataDir,
        store: &Store,
        file: &CheckpointFile,
    ) -> Result<Verified, CliError> {
        let key = match &self.key {
            Some(key) => key.clone(),
            None => {
                let known = known_key(store).await.map_err(DataError::from)?;
                data.has_no_other_signing_key(&known)?;
                known
            }
        };
        let read = |source| CliError::File { path: file.path().to_owned(), source };
        // Before the events: meanwhile a registry that runs may write more of both.
        let checkpoints = file.read(&key).map_err(read)?;
        if checkpoints.is_empty() {
            explain(&format!(
                "There is no checkpoint in {}: that the chain was cut off, or made anew as a \
                 whole, would not be found. Where the registry writes them elsewhere, name its \
                 configuration with --config.",
                file.path().display()
            ));
        }
        let mut verifier = LogVerifier::new(checkpoints);
        let snapshot = store.read().await.map_err(DataError::from)?;
        read_log(&snapshot, &mut verifier).await.map_err(DataError::from)?;
        Ok(verifier.end())
    }
}

/// The key that the database was used with.
async fn known_key(store: &Store) -> Result<VerifyingKey, StoreError> {
    let known = store.read().await?.key_fingerprints().await?;
    let known = known.get(&KeyName::Signing).and_then(|key| key.parse().ok());
    known.ok_or(StoreError::Unreadable("keys"))
}

/// Reads all events of a database.
pub(super) async fn read_log(
    snapshot: &Snapshot,
    verifier: &mut LogVerifier,
) -> Result<(), StoreError> {
    // No number is so small that somebody could hide an event behind it.
    let mut after = None;
    loop {
        let events = snapshot.events_as_found(after, PAGE).await?;
        let Some(last) = events.last() else { return Ok(()) };
        after = Some(last.seq);
        for found in &events {
            match &found.event {
                Some(event) => verifier.add(event),
                None => verifier.add_unreadable(u64::try_from(found.seq).unwrap_or(0)),
            }
        }
    }
}

fn of_export(file: &Path, key: &VerifyingKey) -> Result<Verified, CliError> {
    let failed = |source| CliError::File { path: file.to_owned(), source };
    // It is read more than once: a pipe would look as if it had been emptied.
    if !std::fs::metadata(file).map_err(failed)?.is_file() {
        return Err(CliError::Refused(format!(
            "{} is no file: write the export into one, and name that",
            file.display()
        )));
    }
    verify_export(file, key).map_err(failed)
}

fn tell(verified: &Verified) -> Result<(), CliError> {
    for (first, last, at) in &verified.lost {
        print(&["lost", &format!("events {first}-{last}"), &format!("restoration of {at}")])?;
    }
    for finding in &verified.findings {
        print(&[&finding.to_string()])?;
    }
    if !verified.findings.is_empty() {
        return Err(CliError::AuditWrong);
    }
    let events = format!("{} events", verified.events);
    let head = verified.head.as_ref().map(|(seq, hash)| format!("head {seq} {hash}"));
    print(&["verified", &events, &head.unwrap_or_default()])
}
