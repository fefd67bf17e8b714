//! How long the next login waits after failed ones.

use crate::store::LoginTries;

/// The longest wait, which is that of a lock, in seconds.
pub(super) const LOCK: i64 = 15 * 60;

/// The first wait, in seconds; each next one is twice as long.
const FIRST_WAIT: i64 = 5;

/// What failures in a row cost.
pub(super) struct Policy {
    /// So many cost nothing.
    free: u32,
    /// From so many on each is a lock.
    locks_at: u32,
    /// After so many seconds without any they are forgotten.
    forgets_after: i64,
}

/// Failures for one account, or one name that no account has.
pub(super) const ACCOUNT: Policy = Policy { free: 5, locks_at: 10, forgets_after: 24 * 60 * 60 };

/// Failures from one address: many people can be behind it.
pub(super) const ADDRESS: Policy = Policy { free: 50, locks_at: 60, forgets_after: 60 * 60 };

impl Policy {
    /// How long the next try waits after so many failures in a row, in seconds.
    fn wait(&self, failures: u32) -> i64 {
        match failures {
            failures if self.is_lock(failures) => LOCK,
            failures if failures > self.free => {
                let doublings = (failures - self.free - 1).min(16);
                (FIRST_WAIT << doublings).min(LOCK)
            }
            _ => 0,
        }
    }

    /// Whether so many failures in a row are a lock.
    pub(super) fn is_lock(&self, failures: u32) -> bool {
        failures >= self.locks_at
    }

    /// One failure more.
    pub(super) fn after(&self, tries: LoginTries, now: i64) -> LoginTries {
        let failures = self.remembered(tries, now).saturating_add(1);
        LoginTries { failures, tried_at: now, blocked_until: now + self.wait(failures) }
    }

    /// How long a try waits, in seconds, where `under_way` others are being looked at, all of
    /// which may be failures.
    pub(super) fn wait_now(&self, tries: LoginTries, under_way: u32, now: i64) -> i64 {
        let expected = match under_way {
            0 => 0,
            more => self.wait(self.remembered(tries, now).saturating_add(more)),
        };
        remaining(tries, now).max(expected)
    }

    fn remembered(&self, tries: LoginTries, now: i64) -> u32 {
        match now - tries.tried_at >= self.forgets_after {
            true => 0,
            false => tries.failures,
        }
    }
}

/// For how many seconds more nothing is looked at. A clock that was set back locks nobody out for
/// longer than the lock.
pub(super) fn remaining(tries: LoginTries, now: i64) -> i64 {
    match (tries.tried_at..tries.blocked_until).contains(&now) {
        true => tries.blocked_until - now,
        false => 0,
    }
}

/// A wait, for people.
pub(super) fn in_words(seconds: i64) -> String {
    match (seconds, (seconds + 59) / 60) {
        (1, _) => "1 second".to_owned(),
        (seconds @ ..60, _) => format!("{seconds} seconds"),
        (_, 1) => "1 minute".to_owned(),
        (_, minutes) => format!("{minutes} minutes"),
    }
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
        let tries = LoginTries { failures: 20, tried_at: 900, blocked_until: 0 };
        let tries = ACCOUNT.after(tries, 1000);
        let left = |now| remaining(tries, now);
        assert_eq!((left(1000), left(1899), left(1900), left(999)), (900, 1, 0, 0));
    }

    #[test]
    fn tries_under_way_count_as_failures_of_others() {
        let tries = LoginTries { failures: 4, tried_at: 1000, blocked_until: 0 };
        let wait = |under_way| ACCOUNT.wait_now(tries, under_way, 1000);
        assert_eq!((wait(0), wait(1), wait(2), wait(6)), (0, 0, 5, LOCK));
        let alone = LoginTries { failures: 30, tried_at: 100, blocked_until: 1000 };
        assert_eq!(ACCOUNT.wait_now(alone, 0, 1000), 0, "one is looked at when the wait is over");
    }
}
