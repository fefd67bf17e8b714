use super::{ActionError, not_found};
use crate::passwords::Passwords;
use crate::store::{Event, EventKind, Store};
use cardwright_seal::Secret;

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
    transaction.change_password(account.id, &hash).await?;
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
