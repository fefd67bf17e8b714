use std::{sync::mpsc, time::Duration};

/// Lets `time` pass: for what is slow on purpose, and for the two polls of the reader driver that
/// nothing announces.
pub(crate) fn pause(time: Duration) {
    let (_nobody_sends, never) = mpsc::channel::<()>();
    // The only outcome is the timeout, which is what is wanted.
    let _ = never.recv_timeout(time);
}
