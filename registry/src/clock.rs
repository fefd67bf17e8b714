//! Time, so that tests can turn it.

use time::{OffsetDateTime, macros::format_description};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970 in UTC.
    fn now(&self) -> i64;
}

/// The clock of this computer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        OffsetDateTime::now_utc().unix_timestamp()
    }
}

/// RFC 3339 in UTC with seconds.
pub(crate) fn timestamp(seconds: i64) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // A time of this range has all that the format wants.
    time.format(format).unwrap_or_default()
}

/// A moment as part of a file's name: in UTC, with milliseconds.
pub(crate) fn file_stamp(time: OffsetDateTime) -> String {
    let format =
        format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    // A time has all that the format wants.
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// Whether the text is a day that exists, written `YYYY-MM-DD`.
pub(crate) fn is_day(text: &str) -> bool {
    day_begins(text).is_some()
}

/// When a day begins that exists and is written `YYYY-MM-DD`: seconds since 1970 in UTC.
pub(crate) fn day_begins(text: &str) -> Option<i64> {
    let format = format_description!("[year]-[month]-[day]");
    let day = time::Date::parse(text, format).ok().filter(|_| text.len() == 10)?;
    Some(day.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_wire_wants_them() {
        assert_eq!(timestamp(1_795_330_800), "2026-11-22T07:00:00Z");
    }

    #[test]
    fn only_days_that_exist_are_days() {
        assert!(is_day("2028-02-29"));
        for text in ["2026-02-29", "2026-2-9", "20260209", "", "+2026-02-09"] {
            assert!(!is_day(text), "{text}");
        }
    }
}
