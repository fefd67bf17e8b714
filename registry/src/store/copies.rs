//! Copies of a whole database: made while it is in use, and checked before one takes its place.

use super::entities::{audit_events, cards, chips, jobs, nonces, sessions};
use super::{
    CORRUPT, NOTADB, Recorded, Snapshot, Store, StoreError, Transaction, connect, migration,
    result_code,
};
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::{
    ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, PaginatorTrait as _, QueryOrder as _,
    Statement,
};
use sea_orm_migration::MigratorTrait as _;
use std::collections::HashSet;
use std::path::Path;

/// How much a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) cards: u64,
    pub(crate) chips: u64,
    pub(crate) jobs: u64,
}

/// Why a file cannot take the place of a registry's database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyFault {
    /// It is something else.
    #[error("it is not the database of a registry")]
    NotOurs,
    /// Something of it is missing or changed.
    #[error("it is damaged, or not all of it is there")]
    Damaged,
    /// A later version of this program wrote it.
    #[error("a newer version of cardwright-registry wrote it: restore it with that one")]
    Newer,
    /// It cannot be read.
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for CopyFault {
    fn from(error: E) -> Self {
        match error.into() {
            StoreError::Database(error) => match result_code(&error) {
                Some(NOTADB) => Self::NotOurs,
                Some(CORRUPT) => Self::Damaged,
                _ => Self::Store(StoreError::Database(error)),
            },
            error => Self::Store(error),
        }
    }
}

impl Store {
    /// Writes a copy of one moment to an empty file, while others go on reading and writing. What
    /// it wrote need not be on the disk yet.
    pub(crate) async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let file = file
            .to_str()
            .ok_or_else(|| DbErr::Custom("SQLite takes names of files in UTF-8 only".to_owned()))?;
        let sql = "VACUUM INTO ?";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [file.into()]);
        self.database.execute_raw(statement).await?;
        Ok(())
    }

    /// Length of the database in bytes; a copy has about as many.
    pub(crate) async fn length(&self) -> Result<u64, StoreError> {
        let pages = self.pragma("page_count").await?;
        let page = self.pragma("page_size").await?;
        Ok(u64::try_from(pages.saturating_mul(page)).unwrap_or_default())
    }

    async fn pragma(&self, name: &str) -> Result<i64, StoreError> {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
        let row = self.database.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get("", name)).transpose()?.unwrap_or_default())
    }

    /// Opens a copy that nobody else uses, once it is sure that it is whole and of a version that
    /// this program knows. It is one file all the time.
    pub(crate) async fn open_copy(file: &Path) -> Result<Self, CopyFault> {
        let database =
            connect(file, 1, |options| options.journal_mode(SqliteJournalMode::Memory)).await?;
        let store = Self { database, in_use: None, recorded: Recorded::default() };
        match store.check_copy(file).await {
            Ok(()) => Ok(store),
            Err(fault) => {
                // It is the fault that matters.
                let _ = store.close().await;
                Err(fault)
            }
        }
    }

    /// Brings the tables of a copy up to date.
    pub(crate) async fn upgrade_copy(&self) -> Result<(), StoreError> {
        self.bring_up_to_date().await
    }

    async fn check_copy(&self, file: &Path) -> Result<(), CopyFault> {
        let sql = "PRAGMA integrity_check(1)";
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let found = self.database.query_all_raw(statement).await?;
        let found: Result<Vec<String>, _> =
            found.iter().map(|row| row.try_get("", "integrity_check")).collect();
        if found? != ["ok"] {
            return Err(CopyFault::Damaged);
        }
        let sql = "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'";
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        if self.database.query_one_raw(statement).await?.is_none() {
            return Err(CopyFault::NotOurs);
        }
        let applied = migration::Migrator::get_migration_models(&self.database).await?;
        let migrations = migration::Migrator::migrations();
        let known: HashSet<&str> = migrations.iter().map(|migration| migration.name()).collect();
        let first = migrations.first().map(|migration| migration.name());
        if !applied.iter().any(|applied| Some(applied.version.as_str()) == first) {
            return Err(CopyFault::NotOurs);
        }
        if !applied.iter().all(|applied| known.contains(applied.version.as_str())) {
            return Err(CopyFault::Newer);
        }
        // SQLite reads zeros where the end of the last page is missing, and finds no fault where
        // that page is of a table without rows.
        let length = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        match length == self.length().await? {
            true => Ok(()),
            false => Err(CopyFault::Damaged),
        }
    }
}

impl Snapshot {
    /// How much the database holds.
    pub(crate) async fn counts(&self) -> Result<Counts, StoreError> {
        Ok(Counts {
            cards: cards::Entity::find().count(&self.database).await?,
            chips: chips::Entity::find().count(&self.database).await?,
            jobs: jobs::Entity::find().count(&self.database).await?,
        })
    }

    /// When the last thing happened that the database knows of, in seconds since 1970.
    pub(crate) async fn last_event_at(&self) -> Result<Option<i64>, StoreError> {
        let newest = audit_events::Entity::find().order_by_desc(audit_events::Column::Seq);
        Ok(newest.one(&self.database).await?.map(|row| row.at))
    }
}

impl Transaction {
    /// Forgets what only the time before a restoration may use: sessions, one-time codes, and
    /// nonces that no job has answered.
    pub(crate) async fn forget_sessions_and_nonces(&self) -> Result<(), StoreError> {
        sessions::Entity::delete_many().exec(&self.database).await?;
        nonces::Entity::delete_many().exec(&self.database).await?;
        self.end_all_invitations().await?;
        Ok(())
    }
}
