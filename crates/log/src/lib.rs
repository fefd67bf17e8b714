//! A limit for logs, so that nobody fills a disk with what a program says of being flooded.
//!
//! The lines of one place in the code are of one kind. Of each kind [`MOST`] are written in a
//! minute; the others are counted, and one line says at the end of that minute how many they were.
//! Lines of the levels DEBUG and TRACE have no limit: whoever asks for those wants all of them.

mod limit;

use limit::{Limit, Line, Omitted};
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};
use tracing_subscriber::fmt::format;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::{Context, Filter};

pub use limit::{MOST, WINDOW};

/// How much of a message is told again with the number of lines that were not written, in
/// characters.
const MAX_MESSAGE: usize = 200;

/// Lets through what the limit allows: the filter of the layer that writes.
#[derive(Debug)]
pub struct Limited(Arc<Shared>);

/// Tells how many lines were not written. Dropped, it tells the rest of them, and waits until that
/// is written.
#[derive(Debug)]
pub struct Counting {
    shared: Arc<Shared>,
    /// There until it is dropped.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    counts: Mutex<Counts>,
    /// Something is to be told that was not when the thread looked last.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Counts {
    limit: Limit<Identifier>,
    /// All is told now, and nothing later.
    is_over: bool,
}

/// A limit for the log that goes to `out`, as a filter of the layer that writes there. A thread
/// tells what was not written.
///
/// # Errors
/// When the system gives no thread.
pub fn limited(mut out: impl Write + Send + 'static) -> io::Result<(Limited, Counting)> {
    let shared = Arc::new(Shared::default());
    let of_thread = Arc::clone(&shared);
    let thread = thread::Builder::new()
        .name("log-counts".to_owned())
        .spawn(move || tell_until_over(&of_thread, &mut out))?;
    Ok((Limited(Arc::clone(&shared)), Counting { shared, thread: Some(thread) }))
}

impl<S> Filter<S> for Limited {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    /// Asked once for each line that no other filter holds back.
    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO {
            return true;
        }
        let mut counts = self.0.counts();
        let says = || description(event);
        let line = counts.limit.admit(metadata.callsite(), Instant::now(), says);
        if line == Line::FirstOmitted {
            self.0.changed.notify_one();
        }
        line == Line::Written
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.shared.counts().is_over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, there is nothing more to tell.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // No code that holds the lock leaves it half changed where it could panic.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_until_over(shared: &Shared, out: &mut dyn Write) {
    let mut counts = shared.counts();
    loop {
        let (now, is_over) = (Instant::now(), counts.is_over);
        let omitted = match is_over {
            true => counts.limit.take_all(),
            false => counts.limit.take_due(now),
        };
        if !omitted.is_empty() {
            // Whoever logs meanwhile does not wait for `out`.
            drop(counts);
            omitted.iter().for_each(|omitted| tell(omitted, out));
            counts = shared.counts();
        } else if is_over {
            return;
        } else {
            counts = match counts.limit.next_due() {
                None => shared.changed.wait(counts).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let time = due.saturating_duration_since(now);
                    let waited = shared.changed.wait_timeout(counts, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// One line, in the form of the others.
fn tell(Omitted { says, more }: &Omitted, out: &mut dyn Write) {
    let mut line = String::new();
    // A clock that cannot be told leaves a line without its time.
    let _ = SystemTime.format_time(&mut format::Writer::new(&mut line));
    let Says { level, target, message } = says;
    let _ = writeln!(line, " {level:>5} {target}: {more} more lines like this one: {message}");
    // A log that cannot be written costs lines, and nothing else.
    let _ = out.write_all(line.as_bytes());
}

/// What the first line of a kind said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Says {
    level: Level,
    target: String,
    message: String,
}

fn description(event: &Event<'_>) -> Says {
    let mut message = Message(String::new());
    event.record(&mut message);
    let message = message.0.chars().take(MAX_MESSAGE).flat_map(char::escape_debug).collect();
    let metadata = event.metadata();
    Says { level: *metadata.level(), target: metadata.target().to_owned(), message }
}

/// Takes the message of an event, without its values.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a text does not fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

    /// What was written, for both who log and the thread that counts.
    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_or_counted_and_details_have_no_limit() {
        let out = Out::default();
        let (limited, counting) = limited(out.clone()).unwrap();
        let lines = out.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || lines.clone());
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(limited));
        let most = u64::from(MOST);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..most + 1234 {
                tracing::warn!(number, "no\nentry");
                tracing::debug!(number, "a detail");
                if number < most {
                    tracing::info!(number, "as many as may be");
                }
            }
        });
        drop(counting);
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let count = |part: &str| text.matches(part).count() as u64;
        assert_eq!(count("a detail"), most + 1234);
        assert_eq!(count("as many as may be"), most);
        assert_eq!(count(" more lines like this one: "), 1, "{text}");
        let told = " WARN cardwright_log::tests: 1234 more lines like this one: no\\nentry\n";
        assert!(text.ends_with(told), "{text}");
        assert_eq!(count("WARN"), most + 1, "{text}");
    }
}
