use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// Tells how far the chain of the audit log goes, as far as this program made it longer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded(watch::Sender<u64>);

impl Recorded {
    /// Sees each event after it was made lasting.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    pub(super) fn begin(&self) -> NotYetLasting {
        NotYetLasting { seq: AtomicU64::new(0), recorded: self.clone() }
    }
}

/// The events of one transaction: nobody is told of them before they last.
#[derive(Debug)]
pub(super) struct NotYetLasting {
    /// The last one; 0 when there is none.
    seq: AtomicU64,
    recorded: Recorded,
}

impl NotYetLasting {
    pub(super) fn add(&self, seq: u64) {
        self.seq.store(seq, Ordering::Relaxed);
    }

    pub(super) fn lasts(&self) {
        let seq = self.seq.load(Ordering::Relaxed);
        self.recorded.0.send_if_modified(|known| {
            let is_later = seq > *known;
            *known = seq.max(*known);
            is_later
        });
    }
}
