use super::entities::{generations, key_exports, keys};
use super::{Snapshot, StoreError, Transaction};
use sea_orm::{ActiveValue::Set, EntityTrait as _, PaginatorTrait as _, sea_query::OnConflict};

/// A key that is kept in a file beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// The key from which the secrets of all chips follow.
    Root,
    /// The key that signs jobs and acknowledgements.
    Signing,
}

impl KeyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Signing => "signing",
        }
    }
}

impl Snapshot {
    /// Fingerprint of the key that belongs to this database.
    pub(crate) async fn key_fingerprint(
        &self,
        kind: KeyKind,
    ) -> Result<Option<String>, StoreError> {
        let row = keys::Entity::find_by_id(kind.name()).one(&self.database).await?;
        Ok(row.map(|row| row.fingerprint))
    }

    /// When the root key that belongs to this database was exported, in seconds since 1970;
    /// `None` when it never was.
    pub(crate) async fn root_key_exported_at(&self) -> Result<Option<i64>, StoreError> {
        let Some(fingerprint) = self.key_fingerprint(KeyKind::Root).await? else { return Ok(None) };
        let row = key_exports::Entity::find_by_id(fingerprint).one(&self.database).await?;
        Ok(row.map(|row| row.exported_at))
    }

    /// Whether anything in the database can be read with the root key only.
    pub(crate) async fn holds_ciphertext(&self) -> Result<bool, StoreError> {
        Ok(generations::Entity::find().count(&self.database).await? > 0)
    }
}

impl Transaction {
    /// Says which key belongs to this database.
    pub(crate) async fn record_key(
        &self,
        kind: KeyKind,
        fingerprint: &str,
    ) -> Result<(), StoreError> {
        let row = keys::ActiveModel {
            name: Set(kind.name().to_owned()),
            fingerprint: Set(fingerprint.to_owned()),
        };
        let replace = OnConflict::column(keys::Column::Name)
            .update_column(keys::Column::Fingerprint)
            .to_owned();
        keys::Entity::insert(row).on_conflict(replace).exec(&self.database).await?;
        Ok(())
    }

    /// Remembers that the root key of this fingerprint was exported.
    pub(crate) async fn record_export(
        &self,
        fingerprint: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = key_exports::ActiveModel {
            fingerprint: Set(fingerprint.to_owned()),
            exported_at: Set(now),
        };
        let replace = OnConflict::column(key_exports::Column::Fingerprint)
            .update_column(key_exports::Column::ExportedAt)
            .to_owned();
        key_exports::Entity::insert(row).on_conflict(replace).exec(&self.database).await?;
        Ok(())
    }
}
