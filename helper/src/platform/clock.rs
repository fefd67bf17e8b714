//! The clock by which challenges, tickets and nonces end.

use rustix::time::{ClockId, clock_gettime};
use std::ops::Add;
use std::time::Duration;

/// A moment of this computer's own time: nobody can set it, and it goes on while the computer
/// sleeps, so that what was good for a minute is not good the next morning.
///
/// [`Instant`](std::time::Instant) stands still while Linux sleeps (clock_gettime(2),
/// `CLOCK_MONOTONIC`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    /// This one.
    pub(crate) fn now() -> Self {
        let now = clock_gettime(CLOCK);
        // It counts from the start of the computer, and its nanoseconds are below a second.
        Self(Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32))
    }

    /// How long it is after an earlier one; zero where it is not.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }
}

#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;

/// Elsewhere it goes on, too.
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_the_start_of_the_computer_with_its_sleep() {
        // Seconds with two digits behind the point, sleep included (proc_uptime(5)).
        let uptime = || {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
            Moment(Duration::from_secs_f64(seconds))
        };
        let (before, now, after) = (uptime(), Moment::now(), uptime());
        let digit = Duration::from_millis(10);
        assert!(before <= now && now <= after + digit, "{before:?} {now:?} {after:?}");
        assert_eq!((now + digit).since(now), digit);
        assert_eq!(now.since(now + digit), Duration::ZERO);
    }
}
