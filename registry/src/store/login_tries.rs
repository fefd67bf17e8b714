use super::entities::login_tries;
use super::{Snapshot, StoreError, Transaction};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

/// What failed logins are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TriedBy {
    /// An account, by its number.
    Account,
    /// A name that no account has, by its keyed hash.
    Name,
    /// An address of the network.
    Address,
    /// All of them: how many were written into the audit log.
    Everybody,
}

impl TriedBy {
    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Name => "name",
            Self::Address => "address",
            Self::Everybody => "everybody",
        }
    }
}

/// Failed logins in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LoginTries {
    pub(crate) failures: u32,
    /// When the last one was.
    pub(crate) tried_at: i64,
    /// No other one is looked at before.
    pub(crate) blocked_until: i64,
}

impl Snapshot {
    /// What is known of failed logins.
    pub(crate) async fn login_tries(
        &self,
        by: TriedBy,
        subject: &str,
    ) -> Result<LoginTries, StoreError> {
        let id = (by.name().to_owned(), subject.to_owned());
        let row = login_tries::Entity::find_by_id(id).one(&self.database).await?;
        let Some(row) = row else { return Ok(LoginTries::default()) };
        let failures =
            row.failures.try_into().map_err(|_| StoreError::Unreadable("login_tries"))?;
        let (tried_at, blocked_until) = (row.tried_at, row.blocked_until);
        Ok(LoginTries { failures, tried_at, blocked_until })
    }
}

impl Transaction {
    /// Remembers failed logins.
    pub(crate) async fn write_login_tries(
        &self,
        by: TriedBy,
        subject: &str,
        tries: LoginTries,
    ) -> Result<(), StoreError> {
        self.forget_login_tries(by, subject).await?;
        let row = login_tries::ActiveModel {
            kind: Set(by.name().to_owned()),
            subject: Set(subject.to_owned()),
            failures: Set(tries.failures.try_into().unwrap_or(i32::MAX)),
            tried_at: Set(tries.tried_at),
            blocked_until: Set(tries.blocked_until),
        };
        login_tries::Entity::insert(row).exec_without_returning(&self.database).await?;
        Ok(())
    }

    /// Forgets failed logins.
    pub(crate) async fn forget_login_tries(
        &self,
        by: TriedBy,
        subject: &str,
    ) -> Result<(), StoreError> {
        let id = (by.name().to_owned(), subject.to_owned());
        login_tries::Entity::delete_by_id(id).exec(&self.database).await?;
        Ok(())
    }

    /// Forgets failed logins of before a moment; and of names and addresses, of which strangers
    /// can have as many as they like, all but the newest.
    pub(crate) async fn forget_old_login_tries(
        &self,
        tried_before: i64,
        kept: u64,
    ) -> Result<(), StoreError> {
        let of_strangers =
            login_tries::Column::Kind.is_in([TriedBy::Name.name(), TriedBy::Address.name()]);
        let first_too_many = login_tries::Entity::find()
            .filter(of_strangers.clone())
            .order_by_desc(login_tries::Column::TriedAt)
            .offset(kept)
            .limit(1)
            .one(&self.database)
            .await?;
        let mut old = Condition::any().add(login_tries::Column::TriedAt.lt(tried_before));
        if let Some(row) = first_too_many {
            let too_many = login_tries::Column::TriedAt.lte(row.tried_at);
            old = old.add(Condition::all().add(of_strangers).add(too_many));
        }
        login_tries::Entity::delete_many().filter(old).exec(&self.database).await?;
        Ok(())
    }
}
