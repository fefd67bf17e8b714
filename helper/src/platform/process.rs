use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// How many files this helper wants to be able to have open: every connection is one.
const FILES: u64 = 4096;

/// Sets the limits of this process: as many connections as the door allows, and no file with what
/// was in its memory when it crashes. A limit that cannot be set is as it was before.
pub fn prepare() {
    let files = getrlimit(Resource::Nofile);
    let wanted = files.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if files.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), ..files };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "the number of files stays as it is");
        }
    }
    // Of 0, Linux takes no notice where the system hands dumps to a program (core(5)); of 1, always.
    let least = getrlimit(Resource::Core).maximum.map_or(1, |maximum| maximum.min(1));
    let none = Rlimit { current: Some(least), maximum: Some(least) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a crash may leave a file with secrets behind");
    }
}

/// Done when this process is asked to end: SIGTERM or Ctrl-C, from now on.
///
/// # Errors
/// When the system does not let signals be heard.
pub fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
