use super::serve::read_config;
use super::verify_audit::read_log;
use super::{CliError, DataArgument, explain, print, print_counts};
use crate::audit::{CheckpointFile, Line, LogVerifier, Wrong};
use crate::clock::{Clock as _, SystemClock, timestamp};
use crate::data_dir::{Alone, DataError};
use crate::files::NewFile;
use crate::store::{CopyFault, Counts, Event, EventKind, Snapshot, Store, StoreError};
use cardwright_protocol::registry::audit::AuditRestoration;
use cardwright_seal::SigningKey;
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
    /// Configuration file that names the file of the audit log's checkpoints [default:
    /// registry.toml in DIR, where there is one].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What the database was when its copy was taken, and what is to be said of that.
struct Prepared {
    taken: i64,
    counts: Counts,
    key: SigningKey,
    restoration: AuditRestoration,
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let config = read_config(&self.data.data, self.config.as_deref())?;
        let folder = Alone::begin(&self.data.data)?;
        let file = CheckpointFile::of(folder.path(), config.audit_checkpoints.as_deref());
        let next = folder.next_database()?;
        self.read_into(&next)?;
        let prepared = self.prepare(&folder, &file, next.unfinished()).await?;
        // Signed before it is done, for nobody could say of an audit log afterwards whether it was
        // restored or cut off. When it is not done after all, its event is not in the chain.
        let failed = |source| CliError::File { path: file.path().to_owned(), source };
        file.append_restoration(&prepared.key, &prepared.restoration).map_err(failed)?;
        let kept = folder.exchange(next)?;
        print(&["restored", &self.from.display().to_string()])?;
        print(&["taken", &timestamp(prepared.taken)])?;
        print_counts(prepared.counts)?;
        if let Some(kept) = kept {
            print(&["kept", &kept.display().to_string()])?;
        }
        explain(
            "Everybody is logged out. Start the registry again; what chips became since the copy \
             was taken they say themselves when they are put into a reader. Whoever was revoked, \
             disabled or given another password since then is not any more: revoke, disable and \
             set it again, before anybody logs in.",
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
    async fn prepare(
        &self,
        folder: &Alone,
        checkpoints: &CheckpointFile,
        copy: &Path,
    ) -> Result<Prepared, CliError> {
        let store = Store::open_copy(copy).await.map_err(|fault| match fault {
            CopyFault::Store(error) => DataError::from(error).into(),
            fault => self.refused(&fault.to_string()),
        })?;
        let prepared = self.change(folder, checkpoints, &store).await;
        store.close().await.map_err(DataError::from)?;
        prepared
    }

    async fn change(
        &self,
        folder: &Alone,
        checkpoints: &CheckpointFile,
        store: &Store,
    ) -> Result<Prepared, CliError> {
        let database = |error: StoreError| CliError::from(DataError::from(error));
        store.upgrade_copy().await.map_err(database)?;
        let transaction = store.begin().await.map_err(database)?;
        let keys = folder.keys_of(&transaction).await.map_err(|error| match error {
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
        let read = |source| CliError::File { path: checkpoints.path().to_owned(), source };
        let known = checkpoints.read(&keys.signing.verifying_key()).map_err(read)?;
        let mut what = format!("Restored from a copy of {}", timestamp(taken));
        if !is_known(&transaction, &known).await.map_err(database)? {
            what.push_str(DOUBT);
            explain(&format!("Restored{DOUBT}; see verify-audit of the folder it was taken from."));
        }
        let copy = transaction.audit_head().await.map_err(database)?;
        let event = Event::at_command_line(now, EventKind::Restored, what);
        transaction.record(event).await.map_err(database)?;
        let event = transaction.audit_head().await.map_err(database)?.hash;
        transaction.commit().await.map_err(database)?;
        let restoration = AuditRestoration {
            seq: copy.seq,
            hash: copy.hash,
            event,
            known: last_known(&known),
            at: timestamp(now),
        };
        Ok(Prepared { taken, counts, key: keys.signing, restoration })
    }

    fn refused(&self, why: &str) -> CliError {
        CliError::Refused(format!("{}: {why}; nothing was changed", self.from.display()))
    }
}

/// What is said of a copy whose audit log is in doubt.
const DOUBT: &str = ", whose audit log is not what the checkpoints know";

/// Whether the audit log of a copy is whole and what the checkpoints know, as far as it goes.
async fn is_known(copy: &Snapshot, checkpoints: &[Line]) -> Result<bool, StoreError> {
    let mut verifier = LogVerifier::new(checkpoints.to_vec());
    read_log(copy, &mut verifier).await?;
    // A copy is older than what is known since.
    Ok(verifier.end().findings.iter().all(|finding| finding.wrong == Wrong::Truncated))
}

/// The last event that the checkpoints know.
fn last_known(checkpoints: &[Line]) -> u64 {
    let known = |line: &Line| match line {
        Line::Head(head) => Some(head.seq),
        Line::Restored(it) => Some(it.known.max(it.seq + 1)),
        Line::Wrong => None,
    };
    checkpoints.iter().rev().find_map(known).unwrap_or(0)
}
