use super::{CliError, DataArgument, explain, print, print_counts};
use crate::clock::{Clock as _, SystemClock, timestamp};
use crate::data_dir::{Alone, DataError};
use crate::files::NewFile;
use crate::store::{CopyFault, Counts, Event, EventKind, Store, StoreError};
use clap::Args;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The copy.
    from: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let folder = Alone::begin(&self.data.data)?;
        let next = folder.next_database()?;
        self.read_into(&next)?;
        let (taken, counts) = self.prepare(&folder, next.unfinished()).await?;
        let kept = folder.exchange(next)?;
        print(&["restored", &self.from.display().to_string()])?;
        print(&["taken", &timestamp(taken)])?;
        print_counts(counts)?;
        if let Some(kept) = kept {
            print(&["kept", &kept.display().to_string()])?;
        }
        explain(
            "Everybody is logged out. Start the registry again; what chips became since the copy \
             was taken they say themselves when they are put into a reader.",
        );
        Ok(())
    }

    /// Copies the copy: the original is never written to.
    fn read_into(&self, next: &NewFile) -> Result<(), CliError> {
        let failed = |source| CliError::File { path: self.from.clone(), source };
        let log = {
            let mut name = self.from.as_os_str().to_owned();
            name.push("-wal");
            PathBuf::from(name)
        };
        if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            return Err(self.refused("it is a database in use: restore a file that backup made"));
        }
        let mut from = File::open(&self.from).map_err(failed)?;
        let unfinished = next.unfinished();
        let written = File::options()
            .write(true)
            .open(unfinished)
            .and_then(|mut file| io::copy(&mut from, &mut file));
        written.map(drop).map_err(|source| CliError::File { path: unfinished.into(), source })
    }

    /// Makes the database of the copy that is to be used next.
    async fn prepare(&self, folder: &Alone, file: &Path) -> Result<(i64, Counts), CliError> {
        let store = Store::open_copy(file).await.map_err(|fault| match fault {
            CopyFault::Store(error) => DataError::from(error).into(),
            fault => self.refused(&fault.to_string()),
        })?;
        let prepared = self.change(folder, &store).await;
        store.close().await.map_err(DataError::from)?;
        prepared
    }

    async fn change(&self, folder: &Alone, store: &Store) -> Result<(i64, Counts), CliError> {
        let database = |error: StoreError| CliError::from(DataError::from(error));
        store.upgrade_copy().await.map_err(database)?;
        let transaction = store.begin().await.map_err(database)?;
        folder.keys_of(&transaction).await.map_err(|error| match error {
            DataError::OtherKey { path } => self.refused(&format!(
                "the copy belongs to another key than {}. Bring the right keys back with \
                 import-root-key, in a folder of their own",
                path.display()
            )),
            DataError::KeyMissing { path } => self.refused(&format!(
                "{} is missing. Bring the keys that belong to the copy back first, with \
                 import-root-key",
                path.display()
            )),
            error => error.into(),
        })?;
        let now = SystemClock.now();
        let taken = transaction.last_event_at().await.map_err(database)?.unwrap_or(now);
        let counts = transaction.counts().await.map_err(database)?;
        transaction.forget_sessions_and_nonces().await.map_err(database)?;
        let what = format!("Restored from a copy of {}", timestamp(taken));
        let event = Event::at_command_line(now, EventKind::Restored, what);
        transaction.record(event).await.map_err(database)?;
        transaction.commit().await.map_err(database)?;
        Ok((taken, counts))
    }

    fn refused(&self, why: &str) -> CliError {
        CliError::Refused(format!("{}: {why}; nothing was changed", self.from.display()))
    }
}
