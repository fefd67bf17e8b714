//! How often somebody may be wrong about a password: counted by account and by address, in the
//! database, so that it holds for all servers and outlives a restart.
//!
//! Tries under way count as failures of whoever comes after, so that many at once are no more
//! than many in a row. Names that no account has are counted like those of accounts, so that
//! nobody learns which exist.

use super::waits::{ACCOUNT, ADDRESS, LOCK, Policy, in_words, remaining};
use super::{ActionError, refused};
use crate::registry::Registry;
use crate::store::{
    AccountRecord, Event, EventKind, LoginTries, Snapshot, StoreError, Transaction, TriedBy,
};
use cardwright_protocol::registry::problem::ProblemCode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long failures are kept, in seconds.
const MEMORY: i64 = 24 * 60 * 60;

/// Names and addresses whose failures are kept.
const MAX_STRANGERS: u64 = 10_000;

/// Refusals of strangers that are written into the audit log within [`LOG_SPAN`].
const MAX_LOGGED: u32 = 60;

/// In seconds.
const LOG_SPAN: i64 = 60 * 60;

/// Tries that are being looked at, by what they count by.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<Subject, u32>>>);

/// By what a try counts.
type Subject = (TriedBy, String);

/// A try that was let through: one that is under way.
#[must_use]
pub(crate) struct Try {
    who: Counted,
    address: Counted,
    /// The account that it is for, where there is one.
    account: Option<String>,
}

/// A try that counts, as long as this lives.
struct Counted {
    subject: Subject,
    /// How many others were under way.
    others: u32,
    under_way: UnderWay,
}

/// Lets a try through, or says how long it is to wait.
pub(crate) async fn begin(
    registry: &Registry,
    name: &str,
    account: Option<&AccountRecord>,
    address: &str,
) -> Result<Try, ActionError> {
    let now = registry.now();
    let who = match account {
        Some(account) => (TriedBy::Account, account.id.to_string()),
        None => (TriedBy::Name, keyed_hash(registry, name)),
    };
    let tried = Try {
        who: registry.under_way.count(who),
        address: registry.under_way.count((TriedBy::Address, address.to_owned())),
        account: account.map(|account| account.name.clone()),
    };
    let snapshot = registry.store.read().await?;
    let waits = [
        tried.who.wait(&snapshot, &ACCOUNT, now).await?,
        tried.address.wait(&snapshot, &ADDRESS, now).await?,
    ];
    match waits.into_iter().max() {
        None | Some(0) => Ok(tried),
        Some(wait) => Err(refused(
            ProblemCode::TooManyTries,
            format!("Too many failed logins. Try again in {}.", in_words(wait)),
        )),
    }
}

impl UnderWay {
    fn count(&self, subject: Subject) -> Counted {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(subject.clone()).or_default();
        let others = *count;
        *count += 1;
        Counted { subject, others, under_way: self.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.subject) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.subject)),
        }
    }
}

impl Counted {
    async fn wait(
        &self,
        snapshot: &Snapshot,
        policy: &Policy,
        now: i64,
    ) -> Result<i64, StoreError> {
        let tries = snapshot.login_tries(self.subject.0, &self.subject.1).await?;
        Ok(policy.wait_now(tries, self.others, now))
    }

    /// Writes a failure down; how many there are now.
    async fn failed(
        &self,
        transaction: &Transaction,
        policy: &Policy,
        now: i64,
    ) -> Result<u32, StoreError> {
        let (by, subject) = &self.subject;
        let tries = policy.after(transaction.login_tries(*by, subject).await?, now);
        transaction.write_login_tries(*by, subject, tries).await?;
        Ok(tries.failures)
    }
}

impl Try {
    /// The password was right: the account's failures are forgotten. Those of the address are not,
    /// since others may come from there.
    pub(crate) async fn was_right(self, transaction: &Transaction) -> Result<(), StoreError> {
        let (by, subject) = &self.who.subject;
        transaction.forget_login_tries(*by, subject).await
    }

    /// The password was wrong: counts it, and writes it down, and any lock by it. Of strangers so
    /// much is written down as cannot fill a disk. The transaction is to be committed before this
    /// is dropped.
    pub(crate) async fn was_wrong(
        &self,
        transaction: &Transaction,
        now: i64,
        kind: EventKind,
        what: &str,
    ) -> Result<(), StoreError> {
        transaction.forget_old_login_tries(now - MEMORY, MAX_STRANGERS).await?;
        let failures = self.who.failed(transaction, &ACCOUNT, now).await?;
        let from_address = self.address.failed(transaction, &ADDRESS, now).await?;
        let room = room_in_log(transaction, now).await?;
        let (address, minutes) = (&self.address.subject.1, LOCK / 60);
        let by = self.account.as_deref().unwrap_or("nobody");
        let told = match room {
            1 => "; others of this hour without an account are not written down",
            _ => "",
        };
        if self.account.is_some() || room > 0 {
            let what = format!("{what}, from {address}{told}");
            transaction.record(event(now, by, kind, what)).await?;
        }
        if let (Some(account), true) = (&self.account, ACCOUNT.is_lock(failures)) {
            let what = format!(
                "Account {account} locked for {minutes} minutes after {failures} failed tries"
            );
            transaction.record(event(now, "registry", EventKind::AccountLocked, what)).await?;
        }
        if ADDRESS.is_lock(from_address) && room > 0 {
            let what = format!(
                "No login from {address} for {minutes} minutes after {from_address} failed tries"
            );
            transaction.record(event(now, "registry", EventKind::AddressLocked, what)).await?;
        }
        Ok(())
    }
}

/// How many refusals of strangers may still be written down in this hour; this one takes one.
async fn room_in_log(transaction: &Transaction, now: i64) -> Result<u32, StoreError> {
    let by = TriedBy::Everybody;
    let logged = transaction.login_tries(by, "").await?;
    // Here the moment is that of the first one.
    let fresh = LoginTries { tried_at: now, ..LoginTries::default() };
    let logged = if (0..LOG_SPAN).contains(&(now - logged.tried_at)) { logged } else { fresh };
    let failures = logged.failures.saturating_add(1);
    transaction.write_login_tries(by, "", LoginTries { failures, ..logged }).await?;
    Ok(MAX_LOGGED.saturating_sub(logged.failures))
}

/// Until when an account is locked, where it is.
pub(crate) async fn locked_until(
    snapshot: &Snapshot,
    account: &AccountRecord,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let tries = snapshot.login_tries(TriedBy::Account, &account.id.to_string()).await?;
    let locked = ACCOUNT.is_lock(tries.failures) && remaining(tries, now) > 0;
    Ok(locked.then_some(tries.blocked_until))
}

/// Forgets the failures of an account, and so its lock.
pub(crate) async fn unlock(
    transaction: &Transaction,
    account: &AccountRecord,
) -> Result<(), StoreError> {
    transaction.forget_login_tries(TriedBy::Account, &account.id.to_string()).await
}

/// A name that no account has may be a password in the wrong field: it is known by a hash that
/// nobody can guess it from without the registry's key.
fn keyed_hash(registry: &Registry, name: &str) -> String {
    let key = registry.signing_key.to_secret();
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any key length fits");
    mac.update(b"cardwright unknown name 1\0");
    mac.update(name.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn event(at: i64, by: &str, kind: EventKind, what: String) -> Event {
    Event { at, by: by.to_owned(), kind, card: None, process: None, what, state: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config::{Config, PasswordCost};
    use std::collections::BTreeMap;

    /// Stands still, so that no wait is over before the flood is.
    struct Still;

    impl Clock for Still {
        fn now(&self) -> i64 {
            1_795_330_800
        }
    }

    /// How many events of each kind a flood of wrong passwords leaves.
    #[tokio::test]
    async fn a_flood_does_not_fill_the_audit_log() {
        let folder = tempfile::TempDir::new().unwrap();
        let password_cost = PasswordCost { memory: 8, passes: 1 };
        let config = Config { password_cost, clock: Arc::new(Still), ..Config::default() };
        let (registry, _) = Registry::open(folder.path(), config).await.unwrap();
        let account = registry.store.read().await.unwrap().account("operator").await.unwrap();
        let mut refused = 0;
        for number in 0..400 {
            let (name, account) = match number % 2 {
                0 => ("operator".to_owned(), account.as_ref()),
                _ => (format!("name-{number}"), None),
            };
            let address = format!("192.0.2.{}", number % 5);
            let Ok(tried) = begin(&registry, &name, account, &address).await else {
                refused += 1;
                continue;
            };
            let transaction = registry.store.begin().await.unwrap();
            let kind = EventKind::LoginRefused;
            let now = registry.now();
            tried.was_wrong(&transaction, now, kind, "Login refused").await.unwrap();
            transaction.commit().await.unwrap();
        }
        assert!(refused > 190, "{refused}");
        let mut counts = BTreeMap::new();
        for (kind, by) in registry.store.read().await.unwrap().events().await.unwrap() {
            *counts.entry(format!("{kind} {by}")).or_insert(0) += 1;
        }
        let count = |name: &str| counts.get(name).copied().unwrap_or_default();
        assert_eq!(count("session.refused operator"), 6, "{counts:?}");
        assert!((50..=60).contains(&count("session.refused nobody")), "{counts:?}");
    }
}
