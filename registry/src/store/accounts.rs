use super::entities::{accounts, sessions};
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::Role;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _},
};

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccountRecord {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// PHC string of Argon2id.
    pub(crate) password_hash: String,
}

impl AccountRecord {
    fn from_row(row: accounts::Model) -> Result<Self, StoreError> {
        let role = Role::from_name(&row.role).ok_or(StoreError::Unreadable("accounts"))?;
        Ok(Self { id: row.id, name: row.name, role, password_hash: row.password_hash })
    }
}

impl Snapshot {
    /// How many accounts there are: none at the first start.
    pub(crate) async fn account_count(&self) -> Result<u64, StoreError> {
        Ok(accounts::Entity::find().count(&self.database).await?)
    }

    /// The account of this name.
    pub(crate) async fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        let row = accounts::Entity::find()
            .filter(accounts::Column::Name.eq(name))
            .one(&self.database)
            .await?;
        row.map(AccountRecord::from_row).transpose()
    }

    /// The account of a session that began and was used after these moments, and when it was used.
    pub(crate) async fn session(
        &self,
        token_hash: &str,
        begun_after: i64,
        used_after: i64,
    ) -> Result<Option<(AccountRecord, i64)>, StoreError> {
        let session = sessions::Entity::find_by_id(token_hash)
            .filter(sessions::Column::CreatedAt.gt(begun_after))
            .filter(sessions::Column::UsedAt.gt(used_after))
            .one(&self.database)
            .await?;
        let Some(session) = session else { return Ok(None) };
        let account = accounts::Entity::find_by_id(session.account_id).one(&self.database).await?;
        let account = account.ok_or(StoreError::Unreadable("sessions"))?;
        Ok(Some((AccountRecord::from_row(account)?, session.used_at)))
    }
}

impl Transaction {
    /// Makes an account.
    pub(crate) async fn insert_account(
        &self,
        name: &str,
        role: Role,
        password_hash: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = accounts::ActiveModel {
            id: NotSet,
            name: Set(name.to_owned()),
            role: Set(role.name().to_owned()),
            password_hash: Set(password_hash.to_owned()),
            created_at: Set(now),
        };
        accounts::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Gives an account another password and ends its sessions.
    pub(crate) async fn change_password(
        &self,
        account: i64,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        accounts::Entity::update_many()
            .col_expr(accounts::Column::PasswordHash, Expr::value(password_hash))
            .filter(accounts::Column::Id.eq(account))
            .exec(&self.database)
            .await?;
        sessions::Entity::delete_many()
            .filter(sessions::Column::AccountId.eq(account))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Begins a session.
    pub(crate) async fn insert_session(
        &self,
        token_hash: &str,
        account: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = sessions::ActiveModel {
            token_hash: Set(token_hash.to_owned()),
            account_id: Set(account),
            created_at: Set(now),
            used_at: Set(now),
        };
        sessions::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Remembers that a session was used.
    pub(crate) async fn touch_session(&self, token_hash: &str, now: i64) -> Result<(), StoreError> {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::UsedAt, Expr::value(now))
            .filter(sessions::Column::TokenHash.eq(token_hash))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Ends a session, where there is one.
    pub(crate) async fn delete_session(&self, token_hash: &str) -> Result<(), StoreError> {
        sessions::Entity::delete_by_id(token_hash).exec(&self.database).await?;
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
