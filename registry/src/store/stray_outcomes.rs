use super::entities::stray_outcomes;
use super::{StoreError, Transaction};
use cardwright_protocol::ids::WorkstationName;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};

/// What a helper signed and no job was waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StrayOutcome<'a> {
    pub(crate) statement: &'a str,
    /// SHA-256 of the statement.
    pub(crate) hash: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) workstation: &'a WorkstationName,
    /// Key of the card that it names, where there is one.
    pub(crate) card: Option<i64>,
}

impl Transaction {
    /// Records it, once; the answer is whether it is new.
    pub(crate) async fn insert_stray_outcome(
        &self,
        stray: StrayOutcome<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let same = stray_outcomes::Column::Hash.eq(stray.hash.to_vec());
        if stray_outcomes::Entity::find().filter(same).count(&self.snapshot.database).await? > 0 {
            return Ok(false);
        }
        let row = stray_outcomes::ActiveModel {
            id: NotSet,
            hash: Set(stray.hash.to_vec()),
            workstation: Set(stray.workstation.0.clone()),
            statement: Set(stray.statement.to_owned()),
            signature: Set(stray.signature.to_vec()),
            card_id: Set(stray.card),
            at: Set(now),
        };
        stray_outcomes::Entity::insert(row).exec(&self.snapshot.database).await?;
        Ok(true)
    }
}
