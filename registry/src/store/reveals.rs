use super::entities::reveals;
use super::{Snapshot, StoreError, Transaction};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

impl Snapshot {
    /// When secrets were revealed to an account after this moment, the oldest first.
    pub(crate) async fn reveals_since(
        &self,
        account: &str,
        after: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let rows = reveals::Entity::find()
            .filter(reveals::Column::Account.eq(account))
            .filter(reveals::Column::At.gt(after))
            .order_by_asc(reveals::Column::At)
            .all(&self.database)
            .await?;
        Ok(rows.into_iter().map(|row| row.at).collect())
    }
}

impl Transaction {
    /// Counts that a secret was revealed to an account; those of before this moment count no more.
    pub(crate) async fn count_reveal(
        &self,
        account: &str,
        now: i64,
        before: i64,
    ) -> Result<(), StoreError> {
        reveals::Entity::delete_many()
            .filter(reveals::Column::At.lte(before))
            .exec(&self.database)
            .await?;
        let row =
            reveals::ActiveModel { id: NotSet, account: Set(account.to_owned()), at: Set(now) };
        reveals::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }
}
