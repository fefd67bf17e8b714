//! What is done to accounts at the command line, where nobody is logged in.

use super::accounts::{check_name, insert};
use super::{ActionError, not_found, passwords::check, throttle};
use crate::passwords::Passwords;
use crate::store::{Event, EventKind, NewAccountRecord, Store};
use cardwright_protocol::domain::Role;
use cardwright_seal::Secret;

/// A password for an account.
pub(crate) struct Given<'a> {
    /// Name of the account.
    pub(crate) name: &'a str,
    pub(crate) password: Secret,
    /// Whether its owner must choose another one at the next login.
    pub(crate) must_change_password: bool,
}

/// Makes an account.
pub(crate) async fn add(
    store: &Store,
    passwords: &Passwords,
    now: i64,
    role: Role,
    given: Given<'_>,
) -> Result<(), ActionError> {
    let Given { name, password, must_change_password } = given;
    check_name(name)?;
    check(name, &password)?;
    let password_hash = &passwords.hash(password).await?;
    let transaction = store.begin().await?;
    // The first start makes its accounts only while there are none.
    if transaction.account_count().await? == 0 {
        return Err(ActionError::Inconsistent(
            "the registry has no accounts yet: start it once before adding one",
        ));
    }
    let account = NewAccountRecord { name, role, password_hash, must_change_password };
    insert(&transaction, account, now).await?;
    let what = format!("Account {name} added at the command line as {}", role.name());
    transaction.record(Event::at_command_line(now, EventKind::AccountAdded, what)).await?;
    Ok(transaction.commit().await?)
}

/// Gives an account another password; its sessions end, and so does its lock.
pub(crate) async fn set_password(
    store: &Store,
    passwords: &Passwords,
    now: i64,
    given: Given<'_>,
) -> Result<(), ActionError> {
    let Given { name, password, must_change_password } = given;
    check(name, &password)?;
    let hash = passwords.hash(password).await?;
    let transaction = store.begin().await?;
    let account = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    transaction.change_password(account.id, &hash, must_change_password).await?;
    transaction.delete_sessions(account.id).await?;
    throttle::unlock(&transaction, &account).await?;
    let what = format!("Password of {name} set at the command line; its sessions ended");
    transaction.record(Event::at_command_line(now, EventKind::PasswordSet, what)).await?;
    Ok(transaction.commit().await?)
}

/// Ends the lock of an account.
pub(crate) async fn unlock(store: &Store, now: i64, name: &str) -> Result<(), ActionError> {
    let transaction = store.begin().await?;
    let account = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    throttle::unlock(&transaction, &account).await?;
    let what = format!("Account {name} unlocked at the command line");
    transaction.record(Event::at_command_line(now, EventKind::AccountUnlocked, what)).await?;
    Ok(transaction.commit().await?)
}
