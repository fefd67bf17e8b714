use super::throttle::{self, Try};
use super::{ActionError, Person, refused};
use crate::registry::Registry;
use crate::store::{AccountRecord, Event, EventKind, StoreError};
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::{Login, Me, Notice};
use cardwright_seal::{Secret, VerifyingKey};

/// Longest name and password that are looked at, in bytes.
pub(super) const MAX_LENGTH: usize = 256;

/// A session's use is written down when the last one is so long ago, in seconds.
const TOUCH_INTERVAL: i64 = 60;

/// A session that goes on.
pub(crate) struct Session {
    /// Whose it is.
    pub(crate) person: Person,
    used_at: i64,
}

/// Begins a session: the key that proves the request becomes it.
pub(crate) async fn log_in(
    registry: &Registry,
    login: Login,
    key: &VerifyingKey,
    address: &str,
) -> Result<Me, ActionError> {
    let Login { name, password } = login;
    let password = Secret::from(password.expose().as_bytes());
    let plausible = name.len() <= MAX_LENGTH
        && password.expose().len() <= MAX_LENGTH
        && !name.contains(char::is_control);
    let account = match plausible {
        true => registry.store.read().await?.account(&name).await?,
        false => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let turn = registry.passwords.turn()?;
    let tried = throttle::begin(registry, &name, account.as_ref(), address).await?;
    let matches = plausible && turn.matches(password, hash).await?;
    begin(registry, account, key, Compared { tried, matches }).await
}

/// A try whose password was compared.
struct Compared {
    tried: Try,
    matches: bool,
}

/// Begins a session of an account whose password was compared, if the password still is the one
/// that it was compared with: comparing takes a while.
async fn begin(
    registry: &Registry,
    account: Option<AccountRecord>,
    key: &VerifyingKey,
    Compared { tried, matches }: Compared,
) -> Result<Me, ActionError> {
    let now = registry.now();
    let transaction = registry.store.begin().await?;
    let current = match &account {
        Some(account) => transaction.account(&account.name).await?,
        None => None,
    };
    // What else was changed meanwhile is as it is now.
    let current = current.filter(|current| {
        matches && account.is_some_and(|seen| seen.password_hash == current.password_hash)
    });
    let Some(account) = current else {
        let what = "Login refused";
        tried.was_wrong(&transaction, now, EventKind::LoginRefused, what).await?;
        transaction.commit().await?;
        return Err(refused(
            ProblemCode::WrongPassword,
            "Name or password is wrong. Check both and try again.",
        ));
    };
    if account.disabled {
        let what = "Login refused: the account is disabled";
        tried.was_wrong(&transaction, now, EventKind::LoginRefused, what).await?;
        transaction.commit().await?;
        return Err(refused(
            ProblemCode::NotPermitted,
            "This account is disabled. Ask an admin to enable it.",
        ));
    }
    tried.was_right(&transaction).await?;
    let (begun, used) = limits(registry, now);
    let key = key.to_string();
    // A key is one session: the one that it had ends where everybody can read of it.
    if let Some(owner) = transaction.session_owner(&key).await? {
        transaction.delete_session(&key).await?;
        let what = "Logged out by logging in again";
        transaction.record(event(now, owner, EventKind::LoggedOut, what)).await?;
    }
    transaction.delete_old_sessions(begun, used).await?;
    transaction.insert_session(&key, account.id, now).await?;
    transaction.touch_account(account.id, now).await?;
    transaction.record(event(now, account.name.clone(), EventKind::LoggedIn, "Logged in")).await?;
    transaction.commit().await?;
    me(registry, &Person::of(account, &key)).await
}

/// The session that a key is, where it goes on.
pub(crate) async fn session(
    registry: &Registry,
    key: &VerifyingKey,
) -> Result<Option<Session>, ActionError> {
    let (begun, used) = limits(registry, registry.now());
    let key = key.to_string();
    let found = registry.store.read().await?.session(&key, begun, used).await?;
    let found = found.filter(|(account, _)| !account.disabled);
    Ok(found.map(|(account, used_at)| Session { person: Person::of(account, &key), used_at }))
}

/// Remembers that a session was used, so that it goes on.
pub(crate) async fn used(registry: &Registry, session: &Session) -> Result<(), ActionError> {
    let now = registry.now();
    if now - session.used_at < TOUCH_INTERVAL {
        return Ok(());
    }
    match touch(registry, &session.person.session, now).await {
        // What is only read need not fail because of it.
        Err(StoreError::CannotWrite(cause)) => {
            tracing::warn!(%cause, "the use of a session was not written down");
            Ok(())
        }
        touched => Ok(touched?),
    }
}

async fn touch(registry: &Registry, key: &str, now: i64) -> Result<(), StoreError> {
    let transaction = registry.store.begin().await?;
    transaction.touch_session(key, now).await?;
    transaction.commit().await
}

/// Ends a session.
pub(crate) async fn log_out(registry: &Registry, person: &Person) -> Result<(), ActionError> {
    let transaction = registry.store.begin().await?;
    transaction.delete_session(&person.session).await?;
    let event = event(registry.now(), person.name.clone(), EventKind::LoggedOut, "Logged out");
    transaction.record(event).await?;
    Ok(transaction.commit().await?)
}

/// What a person is told of themselves.
pub(crate) async fn me(registry: &Registry, person: &Person) -> Result<Me, ActionError> {
    Ok(Me {
        name: person.name.clone(),
        role: person.role,
        permissions: person.permissions(),
        helper_ports: registry.config.helper_ports.clone(),
        must_change_password: person.must_change_password,
        notices: notices(registry, person).await?,
    })
}

/// What a person should see to.
async fn notices(registry: &Registry, person: &Person) -> Result<Vec<Notice>, ActionError> {
    let mut notices = Vec::new();
    if person.may(Permission::ReadAudit) {
        if registry.checkpoint_trouble.contradict_log() {
            notices.push(Notice::AuditLogContradicted);
        }
        if registry.checkpoint_trouble.are_not_written() {
            notices.push(Notice::CheckpointsNotWritten);
        }
    }
    // Another program exports the key while this one runs.
    if person.may(Permission::ConfigureTemplates)
        && !registry.store.read().await?.is_every_root_key_exported().await?
    {
        notices.push(Notice::RootKeyNotExported);
    }
    Ok(notices)
}

/// The moments after which a session must have begun and been used.
fn limits(registry: &Registry, now: i64) -> (i64, i64) {
    let ago = |span: std::time::Duration| now - i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    (ago(registry.config.session_length), ago(registry.config.session_idle))
}

fn event(at: i64, by: String, kind: EventKind, what: &str) -> Event {
    Event { at, by, kind, card: None, process: None, what: what.to_owned(), state: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::accounts_at_command_line::{Given, set_password};
    use crate::config::{Config, PasswordCost};
    use cardwright_seal::SigningKey;

    #[tokio::test]
    async fn no_session_begins_with_a_password_that_was_changed_meanwhile() {
        let folder = tempfile::TempDir::new().unwrap();
        let password_cost = PasswordCost { memory: 8, passes: 1 };
        let config = Config { password_cost, ..Config::default() };
        let (registry, _) = Registry::open(folder.path(), config).await.unwrap();
        let seen = registry.store.read().await.unwrap().account("operator").await.unwrap();
        let key = SigningKey::generate().verifying_key();
        let again = async || {
            let name = "operator";
            let tried = throttle::begin(&registry, name, seen.as_ref(), "unknown").await.unwrap();
            begin(&registry, seen.clone(), &key, Compared { tried, matches: true }).await
        };
        assert!(again().await.is_ok());
        let password = Secret::from(&b"correct horse battery"[..]);
        let given = Given { name: "operator", password, must_change_password: false };
        let (store, now) = (&registry.store, registry.now());
        set_password(store, &registry.passwords, now, given).await.unwrap();
        assert!(again().await.is_err());
    }
}
