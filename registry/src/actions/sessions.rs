use super::{ActionError, Person, refused};
use crate::access::permissions;
use crate::escrow::random_bytes;
use crate::registry::Registry;
use crate::store::{AccountRecord, Event, EventKind, StoreError};
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::{Login, Me, Notice};
use cardwright_seal::{Secret, sha256};

/// Longest name and password that are looked at, in bytes.
const MAX_LENGTH: usize = 256;

/// A session's use is written down when the last one is so long ago, in seconds.
const TOUCH_INTERVAL: i64 = 60;

/// Names a session: 256 random bits, of which the database knows the SHA-256 only.
#[derive(Debug, Clone)]
pub(crate) struct Token(Secret);

impl Token {
    /// Takes what a cookie says.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(Secret::from(text.as_bytes()))
    }

    /// For the cookie, and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        // It was made from text.
        std::str::from_utf8(self.0.expose()).unwrap_or_default()
    }

    fn hash(&self) -> String {
        sha256(self.0.expose()).to_string()
    }
}

/// Begins a session; `old` is the one that the browser had, which ends.
pub(crate) async fn log_in(
    registry: &Registry,
    login: Login,
    old: Option<Token>,
) -> Result<(Token, Me), ActionError> {
    let Login { name, password } = login;
    let password = Secret::new(password.into_bytes());
    let plausible = name.len() <= MAX_LENGTH
        && password.expose().len() <= MAX_LENGTH
        && !name.contains(char::is_control);
    let account = match plausible {
        true => registry.store.read().await?.account(&name).await?,
        false => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let matches = plausible && registry.passwords.matches(password, hash).await?;
    begin(registry, account, matches, old).await
}

/// Begins a session of an account whose password was compared, if the password still is the one
/// that it was compared with: comparing takes a while.
async fn begin(
    registry: &Registry,
    account: Option<AccountRecord>,
    matches: bool,
    old: Option<Token>,
) -> Result<(Token, Me), ActionError> {
    let now = registry.now();
    let transaction = registry.store.begin().await?;
    let is_current = match &account {
        Some(account) => transaction.account(&account.name).await?.as_ref() == Some(account),
        None => false,
    };
    // A name that no account has may be a password in the wrong field: it is not written down.
    let by = account.as_ref().map_or_else(|| "nobody".to_owned(), |account| account.name.clone());
    let Some(account) = account.filter(|_| matches && is_current) else {
        transaction.record(event(now, by, EventKind::LoginRefused, "Login refused")).await?;
        transaction.commit().await?;
        return Err(refused(
            ProblemCode::WrongPassword,
            "Name or password is wrong. Check both and try again.",
        ));
    };
    let token = Token(Secret::new(hex::encode(random_bytes::<32>()?).into_bytes()));
    let (begun, used) = limits(registry, now);
    transaction.delete_old_sessions(begun, used).await?;
    if let Some(old) = old {
        transaction.delete_session(&old.hash()).await?;
    }
    transaction.insert_session(&token.hash(), account.id, now).await?;
    transaction.record(event(now, account.name.clone(), EventKind::LoggedIn, "Logged in")).await?;
    transaction.commit().await?;
    let person = Person { name: account.name, role: account.role };
    let me = me(registry, &person).await?;
    Ok((token, me))
}

/// Who has a session.
pub(crate) async fn person(
    registry: &Registry,
    token: &Token,
) -> Result<Option<Person>, ActionError> {
    let now = registry.now();
    let (begun, used) = limits(registry, now);
    let hash = token.hash();
    let found = registry.store.read().await?.session(&hash, begun, used).await?;
    let Some((account, used_at)) = found else { return Ok(None) };
    if now - used_at >= TOUCH_INTERVAL {
        match touch(registry, &hash, now).await {
            // What is only read need not fail because of it.
            Err(StoreError::CannotWrite(cause)) => {
                tracing::warn!(%cause, "the use of a session was not written down");
            }
            touched => touched?,
        }
    }
    Ok(Some(Person { name: account.name, role: account.role }))
}

async fn touch(registry: &Registry, hash: &str, now: i64) -> Result<(), StoreError> {
    let transaction = registry.store.begin().await?;
    transaction.touch_session(hash, now).await?;
    transaction.commit().await
}

/// Ends a session.
pub(crate) async fn log_out(
    registry: &Registry,
    person: &Person,
    token: &Token,
) -> Result<(), ActionError> {
    let transaction = registry.store.begin().await?;
    transaction.delete_session(&token.hash()).await?;
    let event = event(registry.now(), person.name.clone(), EventKind::LoggedOut, "Logged out");
    transaction.record(event).await?;
    Ok(transaction.commit().await?)
}

/// What a person is told of themselves.
pub(crate) async fn me(registry: &Registry, person: &Person) -> Result<Me, ActionError> {
    Ok(Me {
        name: person.name.clone(),
        role: person.role,
        permissions: permissions(person.role).to_vec(),
        helper_ports: registry.config.helper_ports.clone(),
        must_change_password: false,
        notices: notices(registry, person).await?,
    })
}

/// What a person should see to.
async fn notices(registry: &Registry, person: &Person) -> Result<Vec<Notice>, ActionError> {
    if !person.may(Permission::ConfigureTemplates) {
        return Ok(Vec::new());
    }
    // Another program exports the key while this one runs.
    let exported = registry.store.read().await?.root_key_exported_at().await?;
    Ok(if exported.is_none() { vec![Notice::RootKeyNotExported] } else { Vec::new() })
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
    use crate::actions::accounts;
    use crate::config::{Config, PasswordCost};

    #[tokio::test]
    async fn no_session_begins_with_a_password_that_was_changed_meanwhile() {
        let folder = tempfile::TempDir::new().unwrap();
        let password_cost = PasswordCost { memory: 8, passes: 1 };
        let config = Config { password_cost, ..Config::default() };
        let (registry, _) = Registry::open(folder.path(), config).await.unwrap();
        let seen = registry.store.read().await.unwrap().account("operator").await.unwrap();
        assert!(begin(&registry, seen.clone(), true, None).await.is_ok());
        let (store, new) = (&registry.store, Secret::from(&b"correct horse battery"[..]));
        let now = registry.now();
        accounts::set_password(store, &registry.passwords, now, "operator", new).await.unwrap();
        assert!(begin(&registry, seen, true, None).await.is_err());
    }
}
