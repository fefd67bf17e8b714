use super::entities::{jobs, recorded_keys};
use super::{JobRecord, Snapshot, StoreError, Transaction};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::KeyReceipt;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _,
};

impl Snapshot {
    /// The public keys that are on a chip by what the jobs of a keying told.
    pub(crate) async fn recorded_keys(
        &self,
        generation: i64,
    ) -> Result<Vec<KeyReceipt>, StoreError> {
        let rows = recorded_keys::Entity::find()
            .filter(recorded_keys::Column::GenerationId.eq(generation))
            .order_by_asc(recorded_keys::Column::Reference)
            .all(&self.database)
            .await?;
        let key = |row: recorded_keys::Model| KeyReceipt {
            reference: HexBytes(row.reference),
            algorithm: row.algorithm,
            public_key: HexBytes(row.public_key),
        };
        Ok(rows.into_iter().map(key).collect())
    }
}

impl Transaction {
    /// Records what a job told of keys, where no later job of the keying told of the same one, or
    /// erased the chip.
    pub(crate) async fn record_keys(
        &self,
        job: &JobRecord,
        keys: &[KeyReceipt],
    ) -> Result<(), StoreError> {
        let erased_since = jobs::Entity::find()
            .filter(jobs::Column::GenerationId.eq(job.generation))
            .filter(jobs::Column::Id.gt(job.id))
            .filter(jobs::Column::Erase.eq(true));
        if erased_since.count(&self.database).await? > 0 {
            return Ok(());
        }
        for key in keys {
            let of = recorded_keys::Entity::find_by_id((job.generation, key.reference.0.clone()));
            if of.one(&self.database).await?.is_some_and(|known| known.job_id > job.id) {
                continue;
            }
            self.forget_key(job.generation, &key.reference).await?;
            let row = recorded_keys::ActiveModel {
                generation_id: Set(job.generation),
                reference: Set(key.reference.0.clone()),
                algorithm: Set(key.algorithm.clone()),
                public_key: Set(key.public_key.0.clone()),
                job_id: Set(job.id),
            };
            recorded_keys::Entity::insert(row).exec_without_returning(&self.database).await?;
        }
        Ok(())
    }

    /// Forgets the keys of a keying: the chip has others, or none.
    pub(crate) async fn forget_keys(&self, generation: i64) -> Result<(), StoreError> {
        recorded_keys::Entity::delete_many()
            .filter(recorded_keys::Column::GenerationId.eq(generation))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    async fn forget_key(&self, generation: i64, reference: &HexBytes) -> Result<(), StoreError> {
        recorded_keys::Entity::delete_by_id((generation, reference.0.clone()))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
