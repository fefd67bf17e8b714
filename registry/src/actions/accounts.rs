use super::{ActionError, invalid, not_found};
use crate::passwords::Passwords;
use crate::store::{Event, EventKind, NewAccountRecord, Store, StoreError};
use cardwright_protocol::domain::Role;
use cardwright_seal::Secret;

/// Longest name, in characters.
const MAX_NAME: usize = 64;

/// Whom the audit events call by these names is no account.
const RESERVED: [&str; 2] = ["registry", "nobody"];

/// Whether a new account can have this name. Capital letters are left out so that no two names
/// differ by them alone.
pub(crate) fn check_name(name: &str) -> Result<(), ActionError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if !(1..=MAX_NAME).contains(&name.len()) || !name.chars().all(plain) {
        let message = "A name has 1 to 64 lower case letters, digits and . - _ @";
        return Err(invalid("name", message));
    }
    match RESERVED.contains(&name) {
        true => Err(invalid("name", "The registry itself goes by this name; choose another.")),
        false => Ok(()),
    }
}

/// Makes an account.
pub(crate) async fn add(
    store: &Store,
    passwords: &Passwords,
    now: i64,
    name: &str,
    role: Role,
    password: Secret,
) -> Result<(), ActionError> {
    check_name(name)?;
    let hash = passwords.hash(password).await?;
    let transaction = store.begin().await?;
    // The first start makes its accounts only while there are none.
    if transaction.account_count().await? == 0 {
        return Err(ActionError::Inconsistent(
            "the registry has no accounts yet: start it once before adding one",
        ));
    }
    let account =
        NewAccountRecord { name, role, password_hash: &hash, must_change_password: false };
    match transaction.insert_account(account, now).await {
        Err(StoreError::Taken) => {
            return Err(invalid("name", "There is an account of this name already."));
        }
        other => other?,
    }
    let event = Event {
        at: now,
        by: "registry".to_owned(),
        kind: EventKind::AccountAdded,
        card: None,
        process: None,
        what: format!("Account {name} added at the command line as {}", role.name()),
        state: None,
    };
    transaction.record(event).await?;
    Ok(transaction.commit().await?)
}

/// Gives an account another password and ends its sessions.
pub(crate) async fn set_password(
    store: &Store,
    passwords: &Passwords,
    now: i64,
    name: &str,
    password: Secret,
) -> Result<(), ActionError> {
    let hash = passwords.hash(password).await?;
    let transaction = store.begin().await?;
    let account = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    transaction.change_password(account.id, &hash, false).await?;
    transaction.delete_sessions(account.id).await?;
    let event = Event {
        at: now,
        by: "registry".to_owned(),
        kind: EventKind::PasswordChanged,
        card: None,
        process: None,
        what: format!("Password of {name} changed at the command line"),
        state: None,
    };
    transaction.record(event).await?;
    Ok(transaction.commit().await?)
}
