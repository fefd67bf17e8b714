//! The log: lines on the standard error, written by a thread of its own.
//!
//! A log that cannot be written (a full disk, a pipe that nobody reads, a terminal that is held)
//! costs lines and nothing else: nobody who logs waits for it, and nobody fails by it. And whoever
//! floods this helper does not fill the disk with it: each kind of line has its limit.

use cardwright_log::{Counting, limited};
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How many lines may wait to be written.
const WAITING: usize = 1024;

/// How long the last lines may take at the end.
const LAST_TIME: Duration = Duration::from_secs(1);

/// The log of this program. Dropped, it waits a moment for the last lines.
#[derive(Debug)]
pub struct Log {
    lines: SyncSender<Line>,
    /// Tells what its limit held back; taken when it is dropped, before the last line.
    counting: Option<Counting>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    /// The last one; whoever sent it waits until it was come to.
    End(SyncSender<()>),
}

impl Log {
    /// Starts the log. `RUST_LOG` says how much of it is written (default: info).
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (lines, incoming) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Writer { lines: lines.clone(), lost: Arc::clone(&lost) };
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_for_ever(&incoming, &lost, &mut io::stderr()))?;
        let (limited, counting) = limited(writer.clone())?;
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let written = tracing_subscriber::fmt::layer()
            .with_ansi(io::stderr().is_terminal())
            // It would tell of lines that it cannot write on the standard error, by a panic.
            .log_internal_errors(false)
            .with_writer(move || writer.clone())
            .with_filter(filter_fn(is_told).and(limited));
        tracing_subscriber::registry().with(filter).with(written).init();
        // What a panic says may hold anything, so only its place is told; and the usual hook writes
        // to the standard error, and waits for it.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "a thread panicked");
        }));
        Ok(Self { lines, counting: Some(counting) })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.counting.take());
        let (ended, end) = sync_channel(1);
        // A queue that is full belongs to a log that is not written.
        if self.lines.try_send(Line::End(ended)).is_ok() {
            let _ = end.recv_timeout(LAST_TIME);
        }
    }
}

/// Whether `RUST_LOG` may ask for it. Other crates tell whole frames and requests at their most
/// verbose, with the jobs and tickets in them; of those only what goes wrong is told.
fn is_told(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::WARN || metadata.target().starts_with("cardwright")
}

/// Takes the lines of one event. Never fails and never waits.
#[derive(Debug, Clone)]
struct Writer {
    lines: SyncSender<Line>,
    /// How many lines were dropped since the last one that was written.
    lost: Arc<AtomicU64>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Line::Text(bytes.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_for_ever(lines: &Receiver<Line>, lost: &AtomicU64, out: &mut dyn Write) {
    for line in lines {
        match line {
            Line::Text(text) => {
                let lost = lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let _ = writeln!(out, "({lost} lines of the log could not be written)");
                }
                let _ = out.write_all(&text);
            }
            // An error says that nobody waits any more.
            Line::End(ended) => drop(ended.try_send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_logs_never_waits_and_learns_later_what_was_lost() {
        let (lines, incoming) = sync_channel(1);
        let lost = Arc::new(AtomicU64::new(0));
        let mut writer = Writer { lines, lost: Arc::clone(&lost) };
        for text in ["one\n", "two\n", "three\n"] {
            assert_eq!(writer.write(text.as_bytes()).unwrap(), text.len());
        }
        drop(writer);
        let mut out = Vec::new();
        write_for_ever(&incoming, &lost, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "(2 lines of the log could not be written)\none\n");
    }
}
