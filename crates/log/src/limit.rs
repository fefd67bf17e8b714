//! What is written and what is counted: pure, its clock comes in.

use crate::Says;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How many lines of a kind are written in a [`WINDOW`]. Work that goes well stays below it.
pub const MOST: u32 = 30;

/// It begins with the first line of a kind.
pub const WINDOW: Duration = Duration::from_secs(60);

/// How much of each kind was written. There are as many kinds as places in the code that log.
#[derive(Debug)]
pub(crate) struct Limit<K> {
    kinds: HashMap<K, Kind>,
}

#[derive(Debug)]
struct Kind {
    /// The first line of the window.
    says: Says,
    /// When the window began.
    began: Instant,
    /// How many lines were written since.
    written: u32,
    /// How many were not written, and not told either.
    omitted: u64,
    /// When they are told: at the end of the window in which the first of them came.
    due: Instant,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Written,
    /// It is counted, and there is something to tell from now on.
    FirstOmitted,
    /// It is counted.
    Omitted,
}

/// Lines that were not written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Omitted {
    /// What they say.
    pub(crate) says: Says,
    /// How many they are.
    pub(crate) more: u64,
}

impl<K> Default for Limit<K> {
    fn default() -> Self {
        Self { kinds: HashMap::new() }
    }
}

impl<K: Eq + Hash> Limit<K> {
    /// Decides about a line, which `says` describes.
    pub(crate) fn admit(&mut self, kind: K, now: Instant, says: impl Fn() -> Says) -> Line {
        let new = || Kind { says: says(), began: now, written: 0, omitted: 0, due: now };
        let kind = self.kinds.entry(kind).or_insert_with(new);
        if now.saturating_duration_since(kind.began) >= WINDOW {
            (kind.began, kind.written) = (now, 0);
            // What is not told yet is told in the words of its own time.
            if kind.omitted == 0 {
                kind.says = says();
            }
        }
        if kind.written < MOST {
            kind.written += 1;
            return Line::Written;
        }
        kind.omitted += 1;
        if kind.omitted > 1 {
            return Line::Omitted;
        }
        kind.due = kind.began + WINDOW;
        Line::FirstOmitted
    }

    /// What is to be told by now.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<Omitted> {
        self.take(|kind| kind.due <= now)
    }

    /// All that was not told.
    pub(crate) fn take_all(&mut self) -> Vec<Omitted> {
        self.take(|_| true)
    }

    /// When something is to be told, if anything is.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.kinds.values().filter(|kind| kind.omitted > 0).map(|kind| kind.due).min()
    }

    fn take(&mut self, these: impl Fn(&Kind) -> bool) -> Vec<Omitted> {
        let kinds = self.kinds.values_mut().filter(|kind| kind.omitted > 0 && these(kind));
        kinds
            .map(|kind| Omitted {
                says: kind.says.clone(),
                more: std::mem::take(&mut kind.omitted),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    /// What happens to a limit, at so many seconds.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// So many lines of this kind come; so many of them are written.
        Lines(u64, &'static str, u64, u64),
        /// What is due is taken: these kinds, so many of each.
        Due(u64, &'static [(&'static str, u64)]),
        /// The same at the end.
        End(&'static [(&'static str, u64)]),
    }

    fn check(events: &[Event]) {
        let (start, mut limit) = (Instant::now(), Limit::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        let names = |mut omitted: Vec<Omitted>| {
            omitted.sort_by(|one, other| one.says.message.cmp(&other.says.message));
            let names = omitted.into_iter().map(|omitted| (omitted.says.message, omitted.more));
            names.collect::<Vec<_>>()
        };
        let expected = |kinds: &[(&str, u64)]| {
            kinds.iter().map(|(kind, more)| ((*kind).to_owned(), *more)).collect::<Vec<_>>()
        };
        for event in events {
            match *event {
                Event::Lines(seconds, kind, lines, expected) => {
                    let (level, target, message) = (Level::WARN, String::new(), kind.to_owned());
                    let says = || Says { level, target: target.clone(), message: message.clone() };
                    let lines = (0..lines).map(|_| limit.admit(kind, at(seconds), says));
                    let written = lines.filter(|line| *line == Line::Written).count() as u64;
                    assert_eq!(written, expected, "{event:?} of {events:?}");
                }
                Event::Due(seconds, kinds) => {
                    let is_due = limit.next_due().is_some_and(|due| due <= at(seconds));
                    assert_eq!(is_due, !kinds.is_empty(), "{event:?} of {events:?}");
                    let taken = names(limit.take_due(at(seconds)));
                    assert_eq!(taken, expected(kinds), "{event:?} of {events:?}");
                }
                Event::End(kinds) => {
                    let taken = names(limit.take_all());
                    assert_eq!(taken, expected(kinds), "{event:?} of {events:?}");
                    assert_eq!(limit.next_due(), None);
                }
            }
        }
    }

    #[test]
    fn each_kind_has_so_many_lines_a_minute_and_the_others_are_counted() {
        use Event::{Due, End, Lines};
        let cases: &[&[Event]] = &[
            &[Due(0, &[]), End(&[])],
            &[Lines(0, "a", 30, 30), Due(60, &[]), End(&[])],
            &[Lines(0, "a", 31, 30), Due(59, &[]), Due(60, &[("a", 1)]), Due(61, &[]), End(&[])],
            // Kinds do not count for each other, and each has its own minute.
            &[
                Lines(0, "a", 100, 30),
                Lines(10, "b", 29, 29),
                Lines(20, "b", 29, 1),
                Due(60, &[("a", 70)]),
                Due(69, &[]),
                Due(70, &[("b", 28)]),
            ],
            // The second one to have something to tell may be the first that tells it.
            &[
                Lines(0, "a", 30, 30),
                Lines(1, "b", 31, 30),
                Lines(2, "a", 1, 0),
                Due(60, &[("a", 1)]),
                Due(61, &[("b", 1)]),
            ],
            // A new minute begins with the first line behind the last one.
            &[
                Lines(0, "a", 40, 30),
                Lines(59, "a", 2, 0),
                Due(60, &[("a", 12)]),
                Lines(65, "a", 40, 30),
                Due(124, &[]),
                Due(125, &[("a", 10)]),
            ],
            // Whoever tells comes late: nothing is lost, and nothing is told twice.
            &[
                Lines(0, "a", 40, 30),
                Lines(60, "a", 35, 30),
                Due(61, &[("a", 15)]),
                Lines(62, "a", 3, 0),
                Due(119, &[]),
                Due(120, &[("a", 3)]),
                End(&[]),
            ],
            // The end does not wait for the minute.
            &[Lines(0, "a", 33, 30), Lines(0, "b", 31, 30), End(&[("a", 3), ("b", 1)]), End(&[])],
            // A minute without lines leaves nothing behind.
            &[Lines(0, "a", 30, 30), Lines(600, "a", 30, 30), Due(700, &[]), End(&[])],
        ];
        for events in cases {
            check(events);
        }
    }

    #[test]
    fn whoever_tells_is_waked_once_for_each_kind() {
        let now = Instant::now();
        let says = || Says { level: Level::WARN, target: String::new(), message: String::new() };
        let mut limit = Limit::default();
        let lines: Vec<Line> = (0..MOST + 3).map(|_| limit.admit(0, now, says)).collect();
        let omitted = &lines[MOST as usize..];
        assert_eq!(omitted, [Line::FirstOmitted, Line::Omitted, Line::Omitted]);
    }
}
