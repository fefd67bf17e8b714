use std::{sync::mpsc, time::Duration};

/// Lets `time` pass: for the polls of the PC/SC service, which nothing announces.
pub(crate) fn pause(time: Duration) {
    let (_nobody_sends, never) = mpsc::channel::<()>();
    // The only outcome is the timeout, which is what is wanted.
    let _ = never.recv_timeout(time);
}
