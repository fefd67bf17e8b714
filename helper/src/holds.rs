//! Which chips this helper has for itself, so that pages are not told that another program has.

use crate::readers::{Content, Observed};
use std::collections::HashMap;
use std::ffi::{CStr, CString};

/// The readers that this helper works with, or did a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    held: HashMap<CString, Hold>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Work is going on.
    Working,
    /// Work is over, but the service's last word may be from before.
    Released,
}

impl Holds {
    /// Work begins in this reader.
    pub(crate) fn take(&mut self, name: &CStr) {
        self.held.insert(name.to_owned(), Hold::Working);
    }

    /// Work is over in this reader, where there was any.
    pub(crate) fn release(&mut self, name: &CStr) {
        if let Some(hold) = self.held.get_mut(name) {
            *hold = Hold::Released;
        }
    }

    /// This helper did not get the chip: whoever has it is another program.
    pub(crate) fn forget(&mut self, name: &CStr) {
        self.held.remove(name);
    }

    /// Whether it is this helper that has the chip for itself.
    pub(crate) fn explain(&self, name: &CStr) -> bool {
        self.held.contains_key(name)
    }

    /// A reader that was released and seen free is nobody's: from then on it is another program
    /// that has it.
    pub(crate) fn settle(&mut self, observed: &[Observed]) {
        self.held.retain(|name, hold| {
            let seen = observed.iter().find(|observation| observation.name == *name);
            let taken = matches!(
                seen.map(|observation| observation.content),
                Some(Content::Chip { exclusive: true, .. })
            );
            *hold == Hold::Working || taken
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_reader_is_ours_until_it_was_seen_free() {
        let see = |exclusive| {
            let content = Content::Chip { counter: 1, exclusive };
            [Observed { name: c"a".to_owned(), content }]
        };
        let mut holds = Holds::default();
        holds.take(c"a");
        holds.settle(&see(false));
        assert!(holds.explain(c"a"), "the work has begun, the service has not said so");
        holds.release(c"a");
        holds.settle(&see(true));
        assert!(holds.explain(c"a"), "a word from before the release");
        holds.settle(&see(false));
        assert!(!holds.explain(c"a"));

        holds.release(c"a");
        assert!(!holds.explain(c"a"), "it was not taken");
        holds.take(c"a");
        holds.forget(c"a");
        assert!(!holds.explain(c"a"), "another program has it");
    }
}
