use super::{CliError, DataArgument, check_target, explain, print, print_counts};
use crate::clock::{Clock as _, SystemClock, timestamp};
use crate::data_dir::{DataDir, DataError};
use crate::files::NewFile;
use crate::store::{CopyFault, Counts, Event, EventKind, Store, StoreError};
use clap::Args;
use std::path::{Path, PathBuf};
use std::{fs, io, time::Duration};

/// How often a copy that takes long says how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

/// A million bytes.
const MEGABYTE: u64 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to make, best on another disk.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), CliError> {
        check_target(&self.to, &self.data.data)?;
        let interrupted = super::serve::shutdown()?;
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let copied = tokio::select! {
            copied = copy(&store, &self.to) => copied,
            // What was begun is removed.
            () = interrupted => Err(CliError::Refused("interrupted; no copy was made".to_owned())),
        };
        let (taken, counts) = copied?;
        store.close().await.map_err(DataError::from)?;
        print(&["backup", &self.to.display().to_string()])?;
        print(&["taken", &timestamp(taken)])?;
        print_counts(counts)?;
        explain(
            "The copy has all that the registry knows, but not its keys: without them no PIN of \
             it can be read and no chip opened. Export them once with export-root-key, and keep \
             the two apart.",
        );
        Ok(())
    }
}

async fn copy(store: &Store, to: &Path) -> Result<(i64, Counts), CliError> {
    let failed = |source| CliError::File { path: to.to_owned(), source };
    let new = NewFile::begin(to).map_err(failed)?;
    // Part of the copy, which so says itself when it was taken.
    let begun = SystemClock.now();
    let what = format!("Copy of the database begun: {}", to.display());
    match record(store, Event::at_command_line(begun, EventKind::BackupBegun, what)).await {
        Err(StoreError::CannotWrite(cause)) => {
            // All the more it should be copied.
            explain(&format!("The database cannot be written ({cause}); it is copied as it is."));
        }
        recorded => recorded.map_err(DataError::from)?,
    }
    let length = store.length().await.map_err(DataError::from)?;
    let copied = tokio::select! {
        copied = store.copy_to(new.unfinished()) => copied,
        never = tell_progress(new.unfinished(), length) => match never {},
    };
    copied.map_err(|error| match error {
        StoreError::CannotWrite(cause) => failed(io::Error::other(cause)),
        error => DataError::from(error).into(),
    })?;
    let read = async {
        let copy = Store::open_copy(new.unfinished()).await?;
        let snapshot = copy.read().await?;
        let found = (snapshot.last_event_at().await?, snapshot.counts().await?);
        drop(snapshot);
        copy.close().await?;
        Ok::<_, CopyFault>(found)
    };
    let (taken, counts) = read.await.map_err(|fault| failed(io::Error::other(fault)))?;
    new.finish().map_err(failed)?;
    Ok((taken.unwrap_or(begun), counts))
}

async fn record(store: &Store, event: Event) -> Result<(), StoreError> {
    let transaction = store.begin().await?;
    transaction.record(event).await?;
    transaction.commit().await
}

async fn tell_progress(unfinished: &Path, length: u64) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(PROGRESS);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let copied = fs::metadata(unfinished).map(|file| file.len()).unwrap_or_default();
        explain(&format!("{} of {} MB copied", copied / MEGABYTE, length.div_ceil(MEGABYTE)));
    }
}
