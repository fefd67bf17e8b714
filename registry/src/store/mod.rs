//! The database. SQL and SeaORM are here and nowhere else.
//!
//! What a caller may do is a value that it holds: a [`Snapshot`] reads one state of the database,
//! a [`Transaction`] reads and changes it, and changes nothing unless it is committed.

mod accounts;
mod audit;
mod audit_search;
mod cards;
mod chips;
mod copies;
mod counters;
mod entities;
mod event_kind;
mod generations;
mod helper_refusals;
mod invitations;
mod jobs;
mod keys;
mod login_tries;
mod migration;
mod migration_accounts;
mod migration_audit_chain;
mod migration_key_exports;
mod migration_root_keys;
mod migration_the_agreement;
mod migration_workstations;
mod processes;
mod recorded;
mod recorded_keys;
mod reveals;
mod search;
mod sessions;
mod stray_outcomes;
mod templates;
mod workstation_keys;
mod workstations;

pub(crate) use accounts::{AccountRecord, NewAccountRecord};
pub(crate) use audit::{Event, Head};
pub(crate) use audit_search::{CardWanted, EventFilter};
pub(crate) use cards::{CardRecord, NewCard, search_key};
pub(crate) use chips::ChipRecord;
pub(crate) use copies::{CopyFault, Counts};
pub(crate) use counters::Bound;
pub(crate) use event_kind::EventKind;
pub(crate) use generations::{GenerationRecord, GenerationState, NewGeneration};
pub(crate) use invitations::CODE_LIFETIME;
pub(crate) use jobs::{JobRecord, JobState, NewJob, SettledJob};
pub(crate) use login_tries::{LoginTries, TriedBy};
pub(crate) use processes::{NewProcess, ProcessRecord};
pub(crate) use recorded::Recorded;
pub(crate) use stray_outcomes::StrayOutcome;
pub(crate) use templates::TemplateRecord;
pub(crate) use workstation_keys::{HelperKeyRecord, KeyState};
pub(crate) use workstations::{HelperSays, WorkstationRecord};

use crate::data_dir::InUse;
use recorded::NotYetLasting;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait as _;
use std::{ops::Deref, path::Path, sync::Arc, time::Duration};

/// How long a writer waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value exists already; nothing was changed.
    #[error("the value exists already")]
    Taken,
    /// A row is no longer as it was read; nothing was changed.
    #[error("somebody else changed it meanwhile")]
    Stale,
    /// The disk is full or failed, or the database can only be read; nothing was changed.
    #[error("the database cannot be written")]
    CannotWrite(#[source] DbErr),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] DbErr),
    /// A row holds what this version does not know.
    #[error("a row of {0} holds what this version does not know")]
    Unreadable(&'static str),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Taken,
            _ => match result_code(&error) {
                Some(READONLY | IOERR | FULL | CANTOPEN) => Self::CannotWrite(error),
                _ => Self::Database(error),
            },
        }
    }
}

/// Primary result codes of SQLite (sqlite.org/rescode.html).
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;

/// The primary result code, where SQLite gave one: the lowest byte of the extended one.
fn result_code(error: &DbErr) -> Option<i32> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return None;
    };
    let RuntimeErr::SqlxError(cause) = cause else { return None };
    let code = cause.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xFF)
}

/// An open database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: DatabaseConnection,
    /// Keeps the file in its place while it is open; a copy that nobody uses needs none.
    in_use: Option<Arc<InUse>>,
    /// Tells whoever signs the end of the audit log that it is longer.
    recorded: Recorded,
}

impl Store {
    /// Opens a database file, makes it when there is none, and brings its tables up to date.
    pub(crate) async fn open(file: &Path, in_use: Arc<InUse>) -> Result<Self, StoreError> {
        let options = |options: SqliteConnectOptions| {
            options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal)
        };
        let database = connect(file, 8, options).await?;
        let store = Self { database, in_use: Some(in_use), recorded: Recorded::default() };
        store.bring_up_to_date().await?;
        Ok(store)
    }

    /// Opens the database of a file to read it as it is: its tables are not brought up to date.
    pub(crate) async fn open_to_read(file: &Path, in_use: Arc<InUse>) -> Result<Self, StoreError> {
        // A log that is written ahead is read, too; a database that a copy became has none.
        let options = |options: SqliteConnectOptions| options.read_only(true);
        let database = connect(file, 1, options).await?;
        Ok(Self { database, in_use: Some(in_use), recorded: Recorded::default() })
    }

    /// Tells when the audit log is longer.
    pub(crate) fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        // One program at a time: others that open the same new database wait.
        let transaction = self.begin().await?;
        migration::Migrator::up(&transaction.snapshot.database, None).await?;
        transaction.commit().await
    }

    /// Reads: everything that is read through it is of one moment.
    pub(crate) async fn read(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot { database: self.database.begin().await? })
    }

    /// Changes: one writer at a time, from the first read on.
    pub(crate) async fn begin(&self) -> Result<Transaction, StoreError> {
        // A deferred transaction of SQLite that turns from reading to writing fails at once when
        // somebody else wrote meanwhile, instead of waiting for its turn.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let database = self.database.begin_with_options(options).await?;
        Ok(Transaction { snapshot: Snapshot { database }, recorded: self.recorded.begin() })
    }

    /// Closes all connections; what is in the write-ahead log goes into the file.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        let closed = self.database.close().await;
        if let Some(in_use) = self.in_use {
            in_use.end();
        }
        Ok(closed?)
    }
}

async fn connect(
    file: &Path,
    connections: u32,
    own: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(connections).sqlx_logging(false).map_sqlx_sqlite_opts(move |options| {
        let options = options
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        own(options)
    });
    options.map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(is_idle(connection)));
    Database::connect(options).await
}

/// Whether a connection can begin a transaction. When the disk is full SQLite may have rolled a
/// transaction back by itself; SQLx then fails to do so, and counts it as open for ever.
async fn is_idle(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may still be on its way; this is answered after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// The database as it is at one moment.
pub(crate) struct Snapshot {
    database: DatabaseTransaction,
}

/// The right to change the database. Dropped without a commit, it changed nothing.
pub(crate) struct Transaction {
    snapshot: Snapshot,
    /// The audit events that it recorded.
    recorded: NotYetLasting,
}

impl Transaction {
    /// Makes all changes lasting, together.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.snapshot.database.commit().await?;
        self.recorded.lasts();
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

#[cfg(test)]
mod tests {
    use crate::data_dir::DataDir;
    use sea_orm::{ConnectionTrait as _, Statement};

    #[tokio::test]
    async fn every_connection_writes_durably_and_checks_references() {
        let folder = tempfile::TempDir::new().unwrap();
        let data = DataDir::open_or_make(folder.path()).unwrap();
        let store = data.open_store().await.unwrap();
        // As SQLite numbers them: synchronous 2 is FULL.
        let pragmas = [("foreign_keys", "1"), ("synchronous", "2"), ("busy_timeout", "10000")];
        for connection in [&store.read().await.unwrap(), &*store.begin().await.unwrap()] {
            for (name, expected) in pragmas {
                let column = if name == "busy_timeout" { "timeout" } else { name };
                let sql = format!("PRAGMA {name}");
                let statement = Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
                let row = connection.database.query_one_raw(statement).await.unwrap().unwrap();
                let value: i64 = row.try_get("", column).unwrap();
                assert_eq!(value.to_string(), expected, "{name}");
            }
        }
        let sql = "PRAGMA journal_mode";
        let statement = Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let snapshot = store.read().await.unwrap();
        let row = snapshot.database.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "journal_mode").unwrap(), "wal");
    }
}
