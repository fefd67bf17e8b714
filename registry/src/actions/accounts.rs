//! Accounts, as admins see and change them.

use super::passwords::shown;
use super::{ActionError, Person, invalid, not_found, stale_version, throttle};
use crate::access;
use crate::clock::timestamp;
use crate::passwords::{PasswordError, random_password};
use crate::registry::Registry;
use crate::store::{
    AccountRecord, Event, EventKind, NewAccountRecord, Snapshot, StoreError, Transaction,
};
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::account_name::check_account_name;
use cardwright_protocol::registry::accounts::{Account, AddAccount, ChangeAccount, NewPassword};

/// Whether a new account can have this name.
pub(crate) fn check_name(name: &str) -> Result<(), ActionError> {
    check_account_name(name).map_err(|bad| invalid("name", bad.to_string()))
}

/// All accounts, by name.
pub(crate) async fn list(registry: &Registry) -> Result<Vec<Account>, ActionError> {
    let snapshot = registry.store.read().await?;
    let mut accounts = Vec::new();
    for record in snapshot.accounts().await? {
        accounts.push(view(&snapshot, record, registry.now()).await?);
    }
    Ok(accounts)
}

/// Makes an account with a password that its owner replaces at the first login.
pub(crate) async fn add(
    registry: &Registry,
    person: &Person,
    request: AddAccount,
) -> Result<NewPassword, ActionError> {
    let AddAccount { name, role } = request;
    check_name(&name)?;
    let password = random_password().map_err(PasswordError::from)?;
    let hash = registry.passwords.hash(password.clone()).await?;
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let new =
        NewAccountRecord { name: &name, role, password_hash: &hash, must_change_password: true };
    insert(&transaction, new, now).await?;
    let what = format!("Account {name} added as {}", role.name());
    transaction.record(event(now, person, EventKind::AccountAdded, what)).await?;
    let account = read(&transaction, &name, now).await?;
    transaction.commit().await?;
    Ok(shown(account, &password))
}

/// Inserts an account, or says that its name is taken.
pub(super) async fn insert(
    transaction: &Transaction,
    account: NewAccountRecord<'_>,
    now: i64,
) -> Result<(), ActionError> {
    match transaction.insert_account(account, now).await {
        Err(StoreError::Taken) => Err(invalid("name", "There is an account of this name already.")),
        other => Ok(other?),
    }
}

/// Changes role, granted permissions, and whether an account is disabled. Its sessions end where
/// it may do less from then on.
pub(crate) async fn change(
    registry: &Registry,
    person: &Person,
    name: &str,
    request: ChangeAccount,
) -> Result<Account, ActionError> {
    check_granted(&request.granted)?;
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let before = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    if before.version != request.version {
        return Err(stale_version());
    }
    let (role, disabled) = (request.role, request.disabled);
    let is_granted = |permission: &Permission| request.granted.contains(permission);
    let granted = Permission::GRANTABLE.iter().copied().filter(is_granted).collect();
    let after = AccountRecord { role, disabled, granted, ..before.clone() };
    if after == before {
        return view(&transaction, before, now).await;
    }
    keep_an_admin(&transaction, person, &before, &after).await?;
    transaction.change_account(&after).await?;
    for (kind, what) in in_words(&before, &after) {
        transaction.record(event(now, person, kind, what)).await?;
    }
    if after.disabled || !permissions(&before).iter().all(|it| permissions(&after).contains(it)) {
        transaction.delete_sessions(after.id).await?;
    }
    let account = read(&transaction, name, now).await?;
    transaction.commit().await?;
    Ok(account)
}

/// Ends the lock of an account.
pub(crate) async fn unlock(
    registry: &Registry,
    person: &Person,
    name: &str,
) -> Result<Account, ActionError> {
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let account = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    throttle::unlock(&transaction, &account).await?;
    let what = format!("Account {name} unlocked");
    transaction.record(event(now, person, EventKind::AccountUnlocked, what)).await?;
    let account = view(&transaction, account, now).await?;
    transaction.commit().await?;
    Ok(account)
}

/// The account of this name.
pub(super) async fn read(
    snapshot: &Snapshot,
    name: &str,
    now: i64,
) -> Result<Account, ActionError> {
    let record = snapshot.account(name).await?.ok_or_else(|| not_found("account"))?;
    view(snapshot, record, now).await
}

async fn view(
    snapshot: &Snapshot,
    record: AccountRecord,
    now: i64,
) -> Result<Account, ActionError> {
    let locked_until = throttle::locked_until(snapshot, &record, now).await?;
    Ok(Account {
        name: record.name,
        version: record.version,
        role: record.role,
        granted: record.granted,
        disabled: record.disabled,
        must_change_password: record.must_change_password,
        locked_until: locked_until.map(timestamp),
        logged_in_at: record.logged_in_at.map(timestamp),
    })
}

/// What the owner of an account may do.
fn permissions(account: &AccountRecord) -> Vec<Permission> {
    [access::permissions(account.role), &account.granted].concat()
}

fn check_granted(granted: &[Permission]) -> Result<(), ActionError> {
    for (index, permission) in granted.iter().enumerate() {
        let title = permission.title();
        if !Permission::GRANTABLE.contains(permission) {
            let message = format!("{title}: a role has it, and no single account is granted it.");
            return Err(invalid("granted", message));
        }
        if granted[..index].contains(permission) {
            return Err(invalid("granted", format!("{title} is there twice.")));
        }
    }
    Ok(())
}

/// Nobody takes their own rights of an admin away, and there is always an admin who can log in.
async fn keep_an_admin(
    snapshot: &Snapshot,
    person: &Person,
    before: &AccountRecord,
    after: &AccountRecord,
) -> Result<(), ActionError> {
    let is_admin = |account: &AccountRecord| account.role == Role::Admin && !account.disabled;
    if !is_admin(before) || is_admin(after) {
        return Ok(());
    }
    let field = if after.disabled { "disabled" } else { "role" };
    if before.name == person.name {
        let message = "This is your own account: another admin can take its rights away.";
        return Err(invalid(field, message));
    }
    let accounts = snapshot.accounts().await?;
    match accounts.iter().any(|account| account.id != before.id && is_admin(account)) {
        true => Ok(()),
        false => Err(invalid(field, "Nobody else is admin. Make another admin first.")),
    }
}

/// What changed, each in an event of its own: permissions that are granted are easily found so.
fn in_words(before: &AccountRecord, after: &AccountRecord) -> Vec<(EventKind, String)> {
    let name = &after.name;
    let mut events = Vec::new();
    if after.role != before.role {
        let (from, to) = (before.role.name(), after.role.name());
        events.push((EventKind::AccountChanged, format!("Account {name} made {to}, was {from}")));
    }
    match (before.disabled, after.disabled) {
        (false, true) => {
            let what = format!("Account {name} disabled; its sessions ended");
            events.push((EventKind::AccountChanged, what));
        }
        (true, false) => {
            events.push((EventKind::AccountChanged, format!("Account {name} enabled")));
        }
        _ => {}
    }
    for permission in Permission::GRANTABLE {
        let title = permission.title();
        match (before.granted.contains(permission), after.granted.contains(permission)) {
            (false, true) => {
                let what = format!("{title} granted to account {name}");
                events.push((EventKind::PermissionGranted, what));
            }
            (true, false) => {
                let what = format!("{title} taken from account {name}");
                events.push((EventKind::PermissionTaken, what));
            }
            _ => {}
        }
    }
    events
}

fn event(at: i64, person: &Person, kind: EventKind, what: String) -> Event {
    Event { at, by: person.name.clone(), kind, card: None, process: None, what, state: None }
}
