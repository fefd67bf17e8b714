use crate::desk::Desk;
use crate::readers::{Content, Observed};
use cardwright_protocol::helper::Service;
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{io, thread};

/// How many readers are asked for in one call. The client library takes 16 entries, the
/// pseudo-reader that tells of new readers included.
const READERS_PER_CALL: usize = 15;

/// How long one call waits for a change. Then the readers are listed anew: a reader that came
/// between two calls, or while the machine slept, is found all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The same where the readers need more than one call, each of which sees only its own.
const SHARED_WAIT: Duration = Duration::from_millis(150);

/// How long to wait before the service is tried again: doubled from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Starts the thread that tells the desk what is in the readers. It ends when the sender that is
/// given back is dropped.
pub(crate) fn watch_readers(desk: Arc<Desk>) -> io::Result<Sender<()>> {
    let (ends, end) = channel();
    thread::Builder::new().name("watch".to_owned()).spawn(move || watch_for_ever(&desk, &end))?;
    Ok(ends)
}

fn watch_for_ever(desk: &Desk, end: &Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        // A context is never used again after an error: it may be from before a restart of the
        // service, and cannot be asked.
        let error = match Context::establish(Scope::User) {
            Ok(context) => match watch(&context, desk, end, &mut pause) {
                Ok(()) => return,
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::debug!(%error, "the PC/SC service");
        desk.lose_service(match error {
            // polkit, by the action org.debian.pcsc-lite.access_pcsc.
            Error::SecurityViolation => Service::Denied,
            _ => Service::Stopped,
        });
        if ended_within(end, pause) {
            return;
        }
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Watches with one context until it fails, or until the helper ends.
fn watch(
    context: &Context,
    desk: &Desk,
    end: &Receiver<()>,
    pause: &mut Duration,
) -> Result<(), Error> {
    let mut readers = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    while !ended_within(end, Duration::ZERO) {
        let now = list(context)?;
        let changed = now != readers || calls.is_empty();
        if changed {
            readers = now;
            calls = Call::all(&readers);
        }
        let wait = match calls.len() {
            _ if changed => Duration::ZERO,
            1 => LONGEST_WAIT,
            _ => SHARED_WAIT,
        };
        let mut known = true;
        for call in &mut calls {
            known &= call.wait(context, wait)?;
        }
        match known {
            true => desk.observe(calls.iter().flat_map(Call::observed).collect()),
            // A reader went away between the list and the question.
            false => calls.clear(),
        }
        *pause = FIRST_PAUSE;
    }
    Ok(())
}

/// The names of all readers, in the service's order.
pub(super) fn list(context: &Context) -> Result<Vec<CString>, Error> {
    match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        listed => listed,
    }
}

fn ended_within(end: &Receiver<()>, wait: Duration) -> bool {
    matches!(end.recv_timeout(wait), Err(RecvTimeoutError::Disconnected) | Ok(()))
}

/// The readers of one call.
pub(super) struct Call {
    /// The pseudo-reader first.
    entries: Vec<ReaderState>,
    /// What was last said of each reader; without an entry for the pseudo-reader.
    last: Vec<Content>,
}

impl Call {
    /// As many calls as these readers need, at least one.
    pub(super) fn all(readers: &[CString]) -> Vec<Self> {
        let mut calls: Vec<Self> = readers.chunks(READERS_PER_CALL).map(Self::new).collect();
        if calls.is_empty() {
            calls.push(Self::new(&[]));
        }
        calls
    }

    fn new(readers: &[CString]) -> Self {
        let mut entries = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        entries.extend(readers.iter().map(|name| ReaderState::new(name.clone(), State::UNAWARE)));
        Self { entries, last: vec![Content::Empty; readers.len()] }
    }

    /// Whether the service knows all readers of this call.
    pub(super) fn wait(&mut self, context: &Context, wait: Duration) -> Result<bool, Error> {
        match context.get_status_change(wait, &mut self.entries) {
            // A reader that becomes exclusive while nobody used it is no change to the client
            // library, but its state says so when the time is over.
            Err(Error::Timeout) => {}
            Ok(()) => self.entries[0].sync_current_state(),
            Err(Error::UnknownReader) => return Ok(false),
            Err(error) => return Err(error),
        }
        for entry in &mut self.entries[1..] {
            if entry.event_state().intersects(State::PRESENT | State::EMPTY) {
                entry.sync_current_state();
            }
        }
        for (entry, last) in self.entries[1..].iter().zip(&mut self.last) {
            *last = content(entry);
        }
        Ok(true)
    }

    /// What the service said last.
    pub(super) fn observed(&self) -> impl Iterator<Item = Observed> {
        let names = self.entries[1..].iter().map(ReaderState::name);
        names
            .zip(&self.last)
            .map(|(name, content)| Observed { name: name.to_owned(), content: *content })
    }
}

fn content(entry: &ReaderState) -> Content {
    let state = entry.event_state();
    if !state.contains(State::PRESENT) {
        Content::Empty
    } else if state.contains(State::MUTE) {
        Content::Mute
    } else {
        Content::Chip { counter: entry.event_count(), exclusive: state.contains(State::EXCLUSIVE) }
    }
}
