use super::entities::accounts;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::{Permission, Role};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccountRecord {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Counts what admins change of it.
    pub(crate) version: u64,
    pub(crate) role: Role,
    /// Permissions beyond the role.
    pub(crate) granted: Vec<Permission>,
    /// Nobody can log in to it.
    pub(crate) disabled: bool,
    /// PHC string of Argon2id.
    pub(crate) password_hash: String,
    /// Its owner can do nothing else before.
    pub(crate) must_change_password: bool,
    pub(crate) logged_in_at: Option<i64>,
}

impl AccountRecord {
    pub(super) fn from_row(row: accounts::Model) -> Result<Self, StoreError> {
        const UNREADABLE: StoreError = StoreError::Unreadable("accounts");
        let granted = row.granted.split_whitespace().map(Permission::from_name);
        Ok(Self {
            id: row.id,
            name: row.name,
            version: row.version.try_into().map_err(|_| UNREADABLE)?,
            role: Role::from_name(&row.role).ok_or(UNREADABLE)?,
            granted: granted.collect::<Option<_>>().ok_or(UNREADABLE)?,
            disabled: row.disabled,
            password_hash: row.password_hash,
            must_change_password: row.must_change_password,
            logged_in_at: row.logged_in_at,
        })
    }
}

/// An account to be made.
pub(crate) struct NewAccountRecord<'a> {
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) password_hash: &'a str,
    pub(crate) must_change_password: bool,
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

    /// All accounts, by name.
    pub(crate) async fn accounts(&self) -> Result<Vec<AccountRecord>, StoreError> {
        let rows = accounts::Entity::find()
            .order_by_asc(accounts::Column::Name)
            .all(&self.database)
            .await?;
        rows.into_iter().map(AccountRecord::from_row).collect()
    }
}

impl Transaction {
    /// Makes an account.
    pub(crate) async fn insert_account(
        &self,
        account: NewAccountRecord<'_>,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = accounts::ActiveModel {
            id: NotSet,
            name: Set(account.name.to_owned()),
            role: Set(account.role.name().to_owned()),
            password_hash: Set(account.password_hash.to_owned()),
            created_at: Set(now),
            version: Set(1),
            granted: Set(String::new()),
            disabled: Set(false),
            must_change_password: Set(account.must_change_password),
            logged_in_at: Set(None),
        };
        accounts::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Writes role, granted permissions and whether it is disabled; the version is the next one.
    pub(crate) async fn change_account(&self, account: &AccountRecord) -> Result<(), StoreError> {
        let granted: Vec<_> = account.granted.iter().map(|permission| permission.name()).collect();
        let before = i64::try_from(account.version).map_err(|_| StoreError::Stale)?;
        let changed = accounts::Entity::update_many()
            .col_expr(accounts::Column::Role, Expr::value(account.role.name()))
            .col_expr(accounts::Column::Granted, Expr::value(granted.join(" ")))
            .col_expr(accounts::Column::Disabled, Expr::value(account.disabled))
            .col_expr(accounts::Column::Version, Expr::value(before.saturating_add(1)))
            .filter(accounts::Column::Id.eq(account.id))
            .filter(accounts::Column::Version.eq(before))
            .exec(&self.database)
            .await?;
        match changed.rows_affected {
            1 => Ok(()),
            _ => Err(StoreError::Stale),
        }
    }

    /// Gives an account another password, and says whether its owner must choose one themself.
    pub(crate) async fn change_password(
        &self,
        account: i64,
        password_hash: &str,
        must_change_password: bool,
    ) -> Result<(), StoreError> {
        accounts::Entity::update_many()
            .col_expr(accounts::Column::PasswordHash, Expr::value(password_hash))
            .col_expr(accounts::Column::MustChangePassword, Expr::value(must_change_password))
            .filter(accounts::Column::Id.eq(account))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Remembers when somebody logged in to an account.
    pub(crate) async fn touch_account(&self, account: i64, now: i64) -> Result<(), StoreError> {
        accounts::Entity::update_many()
            .col_expr(accounts::Column::LoggedInAt, Expr::value(now))
            .filter(accounts::Column::Id.eq(account))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
