use super::accounts::AccountRecord;
use super::entities::{accounts, sessions};
use super::{Snapshot, StoreError, Transaction};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _},
};

impl Snapshot {
    /// The account of a session that began and was used after these moments, and when it was used.
    pub(crate) async fn session(
        &self,
        key: &str,
        begun_after: i64,
        used_after: i64,
    ) -> Result<Option<(AccountRecord, i64)>, StoreError> {
        let session = sessions::Entity::find_by_id(key)
            .filter(sessions::Column::CreatedAt.gt(begun_after))
            .filter(sessions::Column::UsedAt.gt(used_after))
            .one(&self.database)
            .await?;
        let Some(session) = session else { return Ok(None) };
        let account = accounts::Entity::find_by_id(session.account_id).one(&self.database).await?;
        let account = account.ok_or(StoreError::Unreadable("sessions"))?;
        Ok(Some((AccountRecord::from_row(account)?, session.used_at)))
    }

    /// The name of the account that a key has a session of, however old.
    pub(crate) async fn session_owner(&self, key: &str) -> Result<Option<String>, StoreError> {
        let session = sessions::Entity::find_by_id(key).one(&self.database).await?;
        let Some(session) = session else { return Ok(None) };
        let account = accounts::Entity::find_by_id(session.account_id).one(&self.database).await?;
        Ok(account.map(|account| account.name))
    }
}

impl Transaction {
    /// Begins a session; the key has none.
    pub(crate) async fn insert_session(
        &self,
        key: &str,
        account: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = sessions::ActiveModel {
            key: Set(key.to_owned()),
            account_id: Set(account),
            created_at: Set(now),
            used_at: Set(now),
        };
        sessions::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Remembers that a session was used.
    pub(crate) async fn touch_session(&self, key: &str, now: i64) -> Result<(), StoreError> {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::UsedAt, Expr::value(now))
            .filter(sessions::Column::Key.eq(key))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Ends a session, where there is one.
    pub(crate) async fn delete_session(&self, key: &str) -> Result<(), StoreError> {
        sessions::Entity::delete_by_id(key).exec(&self.database).await?;
        Ok(())
    }

    /// Ends all sessions of an account; how many there were.
    pub(crate) async fn delete_sessions(&self, account: i64) -> Result<u64, StoreError> {
        let deleted = sessions::Entity::delete_many()
            .filter(sessions::Column::AccountId.eq(account))
            .exec(&self.database)
            .await?;
        Ok(deleted.rows_affected)
    }

    /// Ends all sessions of an account but that of this key.
    pub(crate) async fn delete_other_sessions(
        &self,
        account: i64,
        key: &str,
    ) -> Result<(), StoreError> {
        sessions::Entity::delete_many()
            .filter(sessions::Column::AccountId.eq(account))
            .filter(sessions::Column::Key.ne(key))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Forgets sessions that are over.
    pub(crate) async fn delete_old_sessions(
        &self,
        begun_before: i64,
        used_before: i64,
    ) -> Result<(), StoreError> {
        sessions::Entity::delete_many()
            .filter(
                sessions::Column::CreatedAt
                    .lte(begun_before)
                    .or(sessions::Column::UsedAt.lte(used_before)),
            )
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
