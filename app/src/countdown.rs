//! How long something is good for yet.

/// Milliseconds on this page's own clock, which nobody sets.
pub(crate) fn now() -> f64 {
    leptos::prelude::window().performance().map_or(0.0, |clock| clock.now())
}

/// Seconds left of a span, by how many milliseconds of this page's own clock went by.
pub(crate) fn left(span_seconds: u32, gone_milliseconds: f64) -> u32 {
    // A float to integer cast saturates: before the beginning nothing went by.
    span_seconds.saturating_sub((gone_milliseconds / 1000.0) as u32)
}

/// Seconds as minutes and seconds, such as *14:05*.
pub(crate) fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_ends_at_nothing() {
        for (gone, expected) in [
            (-5.0, 900),
            (0.0, 900),
            (999.0, 900),
            (1_000.0, 899),
            (899_999.0, 1),
            (900_000.0, 0),
            (1e12, 0),
            (f64::NAN, 900),
        ] {
            assert_eq!(left(900, gone), expected, "{gone}");
        }
    }

    #[test]
    fn what_is_left_is_said_in_minutes_and_seconds() {
        for (seconds, words) in [(900, "15:00"), (845, "14:05"), (59, "0:59"), (0, "0:00")] {
            assert_eq!(clock(seconds), words);
        }
    }
}
