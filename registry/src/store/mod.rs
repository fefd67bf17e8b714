//! The database. SQL and SeaORM are here and nowhere else.
//!
//! What a caller may do is a value that it holds: a [`Snapshot`] reads one state of the database,
//! a [`Transaction`] reads and changes it, and changes nothing unless it is committed.

mod accounts;
mod audit;
mod cards;
mod chips;
mod entities;
mod jobs;
mod keys;
mod migration;
mod processes;
mod search;
mod templates;

pub(crate) use accounts::AccountRecord;
pub(crate) use audit::{Event, EventKind};
pub(crate) use cards::{CardRecord, NewCard, search_key};
pub(crate) use chips::{ChipRecord, GenerationRecord, GenerationState, NewGeneration};
pub(crate) use jobs::{JobRecord, JobState, NewJob, SettledJob};
pub(crate) use keys::KeyKind;
pub(crate) use processes::{NewProcess, ProcessRecord};
pub(crate) use templates::TemplateRecord;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait as _;
use std::{ops::Deref, path::Path, time::Duration};

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
            _ => Self::Database(error),
        }
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: DatabaseConnection,
}

impl Store {
    /// Opens a database file, makes it when there is none, and brings its tables up to date.
    pub(crate) async fn open(file: &Path) -> Result<Self, StoreError> {
        let file = file.to_owned();
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(8).sqlx_logging(false).map_sqlx_sqlite_opts(move |options| {
            options
                .in_memory(false)
                .shared_cache(false)
                .filename(&file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT)
        });
        let database = Database::connect(options).await?;
        let store = Self { database };
        // One program at a time: others that open the same new database wait.
        let transaction = store.begin().await?;
        migration::Migrator::up(&transaction.snapshot.database, None).await?;
        transaction.commit().await?;
        Ok(store)
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
        Ok(Transaction { snapshot: Snapshot { database } })
    }

    /// Closes all connections; what is in the write-ahead log goes into the file.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        Ok(self.database.close().await?)
    }
}

/// The database as it is at one moment.
pub(crate) struct Snapshot {
    database: DatabaseTransaction,
}

/// The right to change the database. Dropped without a commit, it changed nothing.
pub(crate) struct Transaction {
    snapshot: Snapshot,
}

impl Transaction {
    /// Makes all changes lasting, together.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.snapshot.database.commit().await?)
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
    use super::*;
    use sea_orm::{ConnectionTrait as _, Statement};

    #[tokio::test]
    async fn every_connection_writes_durably_and_checks_references() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("registry.sqlite")).await.unwrap();
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
