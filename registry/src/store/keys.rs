use super::entities::{generations, key_exports, keys};
use super::{Snapshot, StoreError, Transaction};
use crate::key_name::KeyName;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, Func, OnConflict, Query},
};
use std::collections::BTreeMap;

impl Snapshot {
    /// Fingerprints of the keys that belong to this database.
    pub(crate) async fn key_fingerprints(&self) -> Result<BTreeMap<KeyName, String>, StoreError> {
        let rows = keys::Entity::find().all(&self.database).await?;
        let named = |row: keys::Model| {
            let name = KeyName::from_name(&row.name).ok_or(StoreError::Unreadable("keys"))?;
            Ok((name, row.fingerprint))
        };
        rows.into_iter().map(named).collect()
    }

    /// Whether every version of the root key that belongs to this database was exported.
    pub(crate) async fn is_every_root_key_exported(&self) -> Result<bool, StoreError> {
        Ok(self.exports().await?.iter().all(Option::is_some))
    }

    /// Whether some version of the root key that belongs to this database was exported.
    pub(crate) async fn is_any_root_key_exported(&self) -> Result<bool, StoreError> {
        Ok(self.exports().await?.iter().any(Option::is_some))
    }

    /// When each version of the root key was exported.
    async fn exports(&self) -> Result<Vec<Option<i64>>, StoreError> {
        let mut exports = Vec::new();
        for (name, fingerprint) in self.key_fingerprints().await? {
            if let KeyName::Root(_) = name {
                let row = key_exports::Entity::find_by_id(fingerprint).one(&self.database).await?;
                exports.push(row.map(|row| row.exported_at));
            }
        }
        Ok(exports)
    }

    /// Whether anything in the database can be read with the root key only.
    pub(crate) async fn holds_ciphertext(&self) -> Result<bool, StoreError> {
        Ok(generations::Entity::find().count(&self.database).await? > 0)
    }

    /// How many chips there are under each version of the root key that belongs to this database,
    /// by the newest keying that is on the chip or may be.
    pub(crate) async fn chips_by_root_key(&self) -> Result<BTreeMap<u8, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for name in self.key_fingerprints().await?.into_keys() {
            if let KeyName::Root(version) = name {
                counts.insert(version, 0);
            }
        }
        let newest = Query::select()
            .expr(Func::max(Expr::col("id")))
            .from("generations")
            .group_by_col("chip_id")
            .take();
        let card_ids = generations::Entity::find()
            .select_only()
            .column(generations::Column::CardId)
            .filter(generations::Column::Id.in_subquery(newest))
            .into_tuple::<Vec<u8>>()
            .all(&self.database)
            .await?;
        for card_id in card_ids {
            let version = card_id.get(12).ok_or(StoreError::Unreadable("generations"))?;
            *counts.entry(*version).or_default() += 1;
        }
        Ok(counts)
    }
}

impl Transaction {
    /// Says which key belongs to this database.
    pub(crate) async fn record_key(
        &self,
        name: KeyName,
        fingerprint: &str,
    ) -> Result<(), StoreError> {
        let row = keys::ActiveModel {
            name: Set(name.name().into_owned()),
            fingerprint: Set(fingerprint.to_owned()),
        };
        let replace = OnConflict::column(keys::Column::Name)
            .update_column(keys::Column::Fingerprint)
            .to_owned();
        keys::Entity::insert(row).on_conflict(replace).exec(&self.database).await?;
        Ok(())
    }

    /// Forgets a key that nothing in this database needs.
    pub(crate) async fn forget_fingerprint(&self, name: KeyName) -> Result<(), StoreError> {
        keys::Entity::delete_by_id(name.name().into_owned()).exec(&self.database).await?;
        Ok(())
    }

    /// Remembers that the key of this fingerprint was exported.
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
