//! Where a test lets the journal's disk fail.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex};

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing more is carried out from here on: the helper was killed.
    Killed,
    /// The same, with half of what is being written on the disk: the power was lost.
    Torn,
    /// This one fails for want of space, and the next one can be carried out.
    NoSpace,
}

/// Counts operations, and lets one of them meet its fate.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    count: usize,
    at: Option<(usize, Fate)>,
}

impl Faults {
    /// Lets the nth operation from now (from 0) meet its fate.
    pub(super) fn set(&self, at: usize, fate: Fate) {
        *self.0.lock().unwrap() = State { at: Some((at, fate)), ..State::default() };
    }

    /// How many operations were asked for since the fault was set.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().count
    }

    /// Whether the operation that was meant was asked for.
    pub(super) fn has_struck(&self) -> bool {
        let state = self.0.lock().unwrap();
        state.at.is_some_and(|(at, _)| state.count > at)
    }

    pub(super) fn next(&self) -> Option<io::Error> {
        let mut state = self.0.lock().unwrap();
        let number = state.count;
        state.count += 1;
        match state.at {
            Some((at, Fate::NoSpace)) if number == at => Some(io::ErrorKind::StorageFull.into()),
            Some((at, Fate::Killed | Fate::Torn)) if number >= at => {
                Some(io::Error::other("killed"))
            }
            _ => None,
        }
    }

    pub(super) fn next_write(&self, file: &File, bytes: &[u8], offset: u64) -> Option<io::Error> {
        let torn = {
            let state = self.0.lock().unwrap();
            state.at == Some((state.count, Fate::Torn))
        };
        if torn {
            // What is there is at the front: the whole buffer is longer than any record.
            file.write_all_at(&bytes[..100.min(bytes.len())], offset).unwrap();
        }
        self.next()
    }
}
