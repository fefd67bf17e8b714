//! How often somebody may be wrong about a password.
//!
//! A try counts as a failure before anything is compared, so that many at once are no more than
//! many in a row; the right password takes that back. Names that no account has are counted like
//! those of accounts, so that nobody learns which exist.

use super::{ActionError, refused};
use crate::registry::Registry;
use crate::store::{
    AccountRecord, Event, EventKind, LoginTries, Snapshot, StoreError, Transaction, TriedBy,
};
use cardwright_protocol::registry::problem::ProblemCode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The longest wait, which is that of a lock, in seconds.
const LOCK: i64 = 15 * 60;

/// The first wait, in seconds; each next one is twice as long.
const FIRST_WAIT: i64 = 5;

/// How long failures are remembered, in seconds.
const MEMORY: i64 = 24 * 60 * 60;

/// Names and addresses whose failures are remembered.
const MAX_STRANGERS: u64 = 10_000;

/// Refusals of strangers that are written into the audit log within [`LOG_SPAN`].
const MAX_LOGGED: u32 = 60;

/// In seconds.
const LOG_SPAN: i64 = 60 * 60;

/// How many failures cost nothing, from which on there is a lock, and after how many seconds
/// without any they are forgotten.
struct Policy {
    free: u32,
    locks_at: u32,
    forgets_after: i64,
}

const ACCOUNT: Policy = Policy { free: 5, locks_at: 10, forgets_after: MEMORY };

/// Many people can come from one address.
const ADDRESS: Policy = Policy { free: 50, locks_at: 60, forgets_after: 60 * 60 };

impl Policy {
    /// How long the next try waits after so many failures in a row, in seconds.
    fn wait(&self, failures: u32) -> i64 {
        match failures {
            failures if failures >= self.locks_at => LOCK,
            failures if failures > self.free => {
                let doublings = (failures - self.free - 1).min(16);
                (FIRST_WAIT << doublings).min(LOCK)
            }
            _ => 0,
        }
    }

    /// One failure more.
    fn after(&self, tries: LoginTries, now: i64) -> LoginTries {
        let forgotten = now - tries.tried_at >= self.forgets_after;
        let failures = if forgotten { 1 } else { tries.failures.saturating_add(1) };
        LoginTries { failures, tried_at: now, blocked_until: now + self.wait(failures) }
    }
}

/// A try that was let through, and counts as a failure until it is known to be right.
#[must_use]
pub(crate) struct Try {
    who: Counted,
    address: Counted,
    /// The account that it is for, where there is one.
    account: Option<String>,
}

/// What a try counts by, with the count before and after it.
struct Counted {
    by: TriedBy,
    subject: String,
    before: LoginTries,
    after: LoginTries,
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
    let address = (TriedBy::Address, address.to_owned());
    let subjects = [&who, &address];
    // Who waits costs no write.
    let snapshot = registry.store.read().await?;
    refuse_blocked(&snapshot, subjects, now).await?;
    drop(snapshot);
    let transaction = registry.store.begin().await?;
    refuse_blocked(&transaction, subjects, now).await?;
    transaction.forget_old_login_tries(now - MEMORY, MAX_STRANGERS).await?;
    let who = count(&transaction, who, &ACCOUNT, now).await?;
    let address = count(&transaction, address, &ADDRESS, now).await?;
    transaction.commit().await?;
    Ok(Try { who, address, account: account.map(|account| account.name.clone()) })
}

async fn refuse_blocked(
    snapshot: &Snapshot,
    subjects: [&(TriedBy, String); 2],
    now: i64,
) -> Result<(), ActionError> {
    let mut wait = 0;
    for (by, subject) in subjects {
        let tries = snapshot.login_tries(*by, subject).await?;
        wait = wait.max(remaining(tries, now));
    }
    match wait {
        0 => Ok(()),
        wait => Err(refused(
            ProblemCode::TooManyTries,
            format!("Too many failed logins. Try again in {}.", in_words(wait)),
        )),
    }
}

async fn count(
    transaction: &Transaction,
    (by, subject): (TriedBy, String),
    policy: &Policy,
    now: i64,
) -> Result<Counted, StoreError> {
    let before = transaction.login_tries(by, &subject).await?;
    let after = policy.after(before, now);
    transaction.write_login_tries(by, &subject, after).await?;
    Ok(Counted { by, subject, before, after })
}

impl Try {
    /// The password was right: the account's failures are forgotten, and those of the address are
    /// as they were. Others may come from there.
    pub(crate) async fn was_right(self, transaction: &Transaction) -> Result<(), StoreError> {
        transaction.forget_login_tries(self.who.by, &self.who.subject).await?;
        let Counted { by, subject, before, after } = self.address;
        let now = transaction.login_tries(by, &subject).await?;
        let failures = now.failures.saturating_sub(1);
        let corrected = if now == after { before } else { LoginTries { failures, ..now } };
        transaction.write_login_tries(by, &subject, corrected).await
    }

    /// The password was wrong, which stays counted: writes it down, and any lock by it. Of
    /// strangers so much is written down as cannot fill a disk.
    pub(crate) async fn was_wrong(
        self,
        transaction: &Transaction,
        now: i64,
        kind: EventKind,
        what: &str,
    ) -> Result<(), StoreError> {
        let (address, minutes) = (&self.address.subject, LOCK / 60);
        let room = room_in_log(transaction, now).await?;
        let by = self.account.as_deref().unwrap_or("nobody");
        let told = match room {
            1 => "; others of this hour without an account are not written down",
            _ => "",
        };
        if self.account.is_some() || room > 0 {
            let what = format!("{what}, from {address}{told}");
            transaction.record(event(now, by, kind, what)).await?;
        }
        if let (Some(account), true) = (&self.account, self.who.after.failures >= ACCOUNT.locks_at)
        {
            let failures = self.who.after.failures;
            let what = format!(
                "Account {account} locked for {minutes} minutes after {failures} failed tries"
            );
            transaction.record(event(now, "registry", EventKind::AccountLocked, what)).await?;
        }
        let failures = self.address.after.failures;
        if failures >= ADDRESS.locks_at && room > 0 {
            let what = format!(
                "No login from {address} for {minutes} minutes after {failures} failed tries"
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
    let locked = tries.failures >= ACCOUNT.locks_at && remaining(tries, now) > 0;
    Ok(locked.then_some(tries.blocked_until))
}

/// Forgets the failures of an account, and so its lock.
pub(crate) async fn unlock(
    transaction: &Transaction,
    account: &AccountRecord,
) -> Result<(), StoreError> {
    transaction.forget_login_tries(TriedBy::Account, &account.id.to_string()).await
}

/// For how many seconds more nothing is looked at. A clock that was set back locks nobody out for
/// longer than the lock.
fn remaining(tries: LoginTries, now: i64) -> i64 {
    match (tries.tried_at..tries.blocked_until).contains(&now) {
        true => tries.blocked_until - now,
        false => 0,
    }
}

/// A name that no account has may be a password in the wrong field: it is known by a hash that
/// nobody can guess it from without the registry's key.
fn keyed_hash(registry: &Registry, name: &str) -> String {
    // HMAC takes keys of any length.
    let key = registry.signing_key.to_secret();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any key length fits");
    mac.update(b"cardwright unknown name 1\0");
    mac.update(name.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn in_words(seconds: i64) -> String {
    match (seconds, (seconds + 59) / 60) {
        (1, _) => "1 second".to_owned(),
        (seconds @ ..60, _) => format!("{seconds} seconds"),
        (_, 1) => "1 minute".to_owned(),
        (_, minutes) => format!("{minutes} minutes"),
    }
}

fn event(at: i64, by: &str, kind: EventKind, what: String) -> Event {
    Event { at, by: by.to_owned(), kind, card: None, process: None, what, state: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn waits_double_and_end_in_a_lock() {
        let waits = |policy: &Policy, failures: std::ops::RangeInclusive<u32>| {
            let words: Vec<_> =
                failures.map(|failures| policy.wait(failures).to_string()).collect();
            words.join(" ")
        };
        expect!["0 0 0 0 0 0 5 10 20 40 900 900"].assert_eq(&waits(&ACCOUNT, 0..=11));
        expect!["0 5 10 20 40 80 160 320 640 900 900 900"].assert_eq(&waits(&ADDRESS, 50..=61));
        assert_eq!(ADDRESS.wait(u32::MAX), LOCK);
    }

    #[test]
    fn a_wait_is_told_in_words() {
        let words: Vec<_> = [1, 2, 59, 60, 61, 120, 900].into_iter().map(in_words).collect();
        expect!["1 second, 2 seconds, 59 seconds, 1 minute, 2 minutes, 2 minutes, 15 minutes"]
            .assert_eq(&words.join(", "));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let tries =
            ACCOUNT.after(LoginTries { failures: 20, tried_at: 900, blocked_until: 0 }, 1000);
        let left = |now| remaining(tries, now);
        assert_eq!((left(1000), left(1899), left(1900), left(999)), (900, 1, 0, 0));
    }
}
