use super::entities::helper_refusals;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::ids::WorkstationId;
use sea_orm::{ActiveValue::Set, EntityTrait as _};

impl Snapshot {
    /// Whether it is known that a helper refused what has this SHA-256.
    pub(crate) async fn has_helper_refusal(&self, hash: &[u8]) -> Result<bool, StoreError> {
        let row = helper_refusals::Entity::find_by_id(hash).one(&self.database).await?;
        Ok(row.is_some())
    }
}

impl Transaction {
    /// Remembers that a helper refused what has this SHA-256.
    pub(crate) async fn insert_helper_refusal(
        &self,
        hash: &[u8],
        workstation: &WorkstationId,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = helper_refusals::ActiveModel {
            refused_hash: Set(hash.to_vec()),
            workstation_id: Set(workstation.0.clone()),
            at: Set(now),
        };
        helper_refusals::Entity::insert(row).exec_without_returning(&self.database).await?;
        Ok(())
    }
}
