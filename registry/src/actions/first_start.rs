use super::ActionError;
use crate::passwords::random_password;
use crate::registry::Registry;
use crate::store::{Event, EventKind, NewAccountRecord};
use cardwright_protocol::domain::Role;
use cardwright_seal::Secret;

/// The template that a new registry has.
pub(crate) const TEMPLATE: &str = "temporary-card";

/// Days of validity after an assignment, unless an admin says otherwise.
const VALIDITY_DAYS: i32 = 14;

/// An account that was made at the first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its password: shown once, kept nowhere.
    pub password: Secret,
}

/// Fills an empty database: the template and one account per role.
pub(crate) async fn run(registry: &Registry) -> Result<Vec<NewAccount>, ActionError> {
    if registry.store.read().await?.account_count().await? > 0 {
        return Ok(Vec::new());
    }
    let mut accounts = Vec::new();
    let mut hashes = Vec::new();
    for role in Role::ALL {
        let password = random_password()?;
        hashes.push((*role, registry.passwords.hash(password.clone()).await?));
        accounts.push(NewAccount { name: role.name().to_owned(), password });
    }
    let now = registry.now();
    let transaction = registry.store.begin().await?;
    if transaction.account_count().await? > 0 {
        // Another start on the same folder was faster.
        return Ok(Vec::new());
    }
    for (role, hash) in hashes {
        let account = NewAccountRecord {
            name: role.name(),
            role,
            password_hash: &hash,
            must_change_password: false,
        };
        transaction.insert_account(account, now).await?;
    }
    let profile = &registry.profiles.first().profile.name;
    transaction.insert_template(TEMPLATE, "Temporary card", profile, VALIDITY_DAYS).await?;
    let event = Event {
        at: now,
        by: "registry".to_owned(),
        kind: EventKind::FirstStart,
        card: None,
        process: None,
        what: "First start: accounts and template made".to_owned(),
        state: None,
    };
    transaction.record(event).await?;
    transaction.commit().await?;
    Ok(accounts)
}
