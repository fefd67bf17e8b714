use super::terminal::{AskedFor, read_secret};
use super::{CliError, DataArgument, check_target, explain, print};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError, Keys};
use crate::files::NewFile;
use crate::key_export::{self, MIN_PASSPHRASE_LENGTH};
use crate::key_name::KeyName;
use crate::store::{Event, EventKind, Store, StoreError};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ExportRootKey {
    /// The file to make, best on a medium that is locked away.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

impl ExportRootKey {
    pub(super) async fn run(self) -> Result<(), CliError> {
        check_target(&self.to, &self.data.data)?;
        let data = DataDir::open(&self.data.data)?;
        let store = data.open_store().await?;
        let keys = data.keys_of(&store.read().await.map_err(DataError::from)?).await?;
        // Anything that stands in the way of the file is known before somebody types.
        let failed = |source| CliError::File { path: self.to.clone(), source };
        drop(NewFile::begin(&self.to).map_err(failed)?);
        let passphrase = read_secret(AskedFor {
            what: "passphrase",
            prompts: &["Passphrase for the exported keys: ", "The same again: "],
            min_length: MIN_PASSPHRASE_LENGTH,
        })?;
        let now = SystemClock.now();
        let file = key_export::encrypt(&keys, &passphrase, now);
        let file = file.map_err(|error| CliError::Refused(error.to_string()))?;
        NewFile::write(&self.to, &file).map_err(failed)?;
        let recorded = record(&store, &keys, now).await;
        let closed = match recorded {
            Ok(()) => store.close().await,
            failed => failed,
        };
        closed.map_err(|error| {
            let (path, cause) = (self.to.display(), in_words(&error));
            CliError::Refused(format!(
                "{path} is written and good; that it was exported could not be recorded ({cause})"
            ))
        })?;
        print(&["exported", &self.to.display().to_string()])?;
        explain(
            "Keep the file and the passphrase where nobody has both, and away from the copies of \
             the database. All keys come back with import-root-key.",
        );
        Ok(())
    }
}

fn in_words(error: &StoreError) -> String {
    match error {
        StoreError::CannotWrite(cause) | StoreError::Database(cause) => cause.to_string(),
        error => error.to_string(),
    }
}

async fn record(store: &Store, keys: &Keys, now: i64) -> Result<(), StoreError> {
    let transaction = store.begin().await?;
    for key in keys.named().iter().filter(|key| key.name != KeyName::Signing) {
        transaction.record_export(&key.fingerprint, now).await?;
    }
    let versions: Vec<_> = keys.root.iter().map(|key| key.version().to_string()).collect();
    let what = format!(
        "Root key (version {}) and signing key exported at the command line",
        versions.join(", ")
    );
    transaction.record(Event::at_command_line(now, EventKind::KeysExported, what)).await?;
    transaction.commit().await
}
