//! What all connections, workers and the watcher of the readers share.

use crate::authority::Terms;
use crate::card_service::ThreadLimit;
use crate::config::Limits;
use crate::enrolment::Enrolment;
use crate::failures;
use crate::frame;
use crate::holds::Holds;
use crate::jobs::{Cancel, Jobs};
use crate::journal::{JobFile, Journal};
use crate::keys::Keys;
use crate::nonces::Nonces;
use crate::readers::{Observed, Readers};
use crate::worker::{NotHandedOver, Work, Worker};
use cardwright_protocol::helper::{Hindrance, Message, PROTOCOL_VERSION, RunningJob, Service};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{JobId, ReaderId};
use cardwright_protocol::outcome::{JobFailure, Outcome};
use cardwright_seal::sign;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::CStr;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many events a connection may be behind before it is dropped.
const EVENTS_KEPT: usize = 256;

/// The state of a helper. Nothing in it waits for a chip, a connection or the disk while it is
/// locked.
#[derive(Debug)]
pub(crate) struct Desk {
    /// Sign and open.
    pub(crate) keys: Keys,
    /// Whom this helper obeys, and who it is there.
    pub(crate) terms: Terms,
    /// How long a chip may be silent.
    pub(crate) limits: Limits,
    /// How many threads may be lost in calls that do not return.
    pub(crate) threads: ThreadLimit,
    state: Mutex<State>,
    /// Goes to every connection; sent while the state is locked, so that a snapshot and the
    /// events behind it fit together.
    events: broadcast::Sender<Utf8Bytes>,
    looked: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    /// The readers as pages see them.
    pub(crate) readers: Readers,
    /// What a job may answer.
    pub(crate) nonces: Nonces,
    /// What runs, and what the registry has not taken yet, on the disk.
    pub(crate) journal: Journal,
    /// What runs.
    pub(crate) jobs: Jobs,
    holds: Holds,
    workers: HashMap<ReaderId, Worker>,
    /// The helper ends: no new work is taken.
    ending: bool,
}

impl Desk {
    /// Jobs that the helper before this one did not end are ended.
    pub(crate) fn new(
        enrolment: &Enrolment,
        limits: Limits,
        keys: Keys,
        mut journal: Journal,
    ) -> Self {
        journal.settle(|interrupted| {
            let failure = failures::interrupted(interrupted);
            let JobFailure { job, phase, condition, .. } = &failure;
            tracing::warn!(%job, ?phase, ?condition, "the helper ended in the middle of a job");
            Outcome::Failed(sign(&keys.signing, &failure))
        });
        Self {
            keys,
            terms: Terms {
                registry_key: enrolment.registry_key.clone(),
                workstation: enrolment.workstation.clone(),
                ticket: limits.ticket,
            },
            limits,
            threads: ThreadLimit::default(),
            state: Mutex::new(State {
                readers: Readers::new(),
                nonces: Nonces::default(),
                journal,
                jobs: Jobs::default(),
                holds: Holds::default(),
                workers: HashMap::new(),
                ending: false,
            }),
            events: broadcast::channel(EVENTS_KEPT).0,
            looked: watch::channel(false).0,
            running: watch::channel(0).0,
        }
    }

    /// The state, for one connection, worker or look at the readers at a time.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves the state half changed where it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that a page without a ticket is told.
    pub(crate) fn greeting(&self, id: u64, challenge: HexBytes) -> Message {
        Message::Hello {
            id,
            protocol: PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workstation: self.terms.workstation.clone(),
            challenge,
        }
    }

    /// What a page with a ticket is told first, and the events behind it.
    pub(crate) fn welcome(&self, id: u64) -> (Message, Message, broadcast::Receiver<Utf8Bytes>) {
        let state = self.state();
        let ready =
            Message::Ready { id, running: state.jobs.running(), outcomes: state.journal.waiting() };
        (ready, state.readers.snapshot(), self.events.subscribe())
    }

    /// Done when the readers were looked at once.
    pub(crate) async fn first_look(&self) {
        // The sender is part of this desk, so it is not gone.
        let _ = self.looked.subscribe().wait_for(|looked| *looked).await;
    }

    /// The PC/SC service told what is in the readers.
    pub(crate) fn observe(&self, observed: Vec<Observed>) {
        let mut state = self.state();
        let State { readers, holds, nonces, workers, .. } = &mut *state;
        holds.settle(&observed);
        for message in readers.observe(observed, |name| holds.explain(name)) {
            self.tell(&message);
        }
        nonces.keep_insertions(|insertion| readers.lasts(insertion));
        workers.retain(|reader, _| readers.reader(reader).is_some());
        self.looked.send_replace(true);
    }

    /// The PC/SC service went away, or denies itself.
    pub(crate) fn lose_service(&self, service: Service) {
        let mut state = self.state();
        if let Some(message) = state.readers.lose_service(service) {
            tracing::warn!(?service, "the PC/SC service does not serve this helper");
            self.tell(&message);
        }
        state.nonces.keep_insertions(|_| false);
        state.workers.clear();
        self.looked.send_replace(true);
    }

    /// Hands work to the thread of a reader, and starts that thread for the first.
    pub(crate) fn hand_over(
        self: &Arc<Self>,
        state: &mut State,
        reader: &ReaderId,
        work: Work,
    ) -> Result<(), Box<NotHandedOver>> {
        match self.worker(state, reader) {
            Ok(worker) => worker.hand_over(work),
            Err(hindrance) => Err(Box::new(NotHandedOver { hindrance, work })),
        }
    }

    fn worker<'a>(
        self: &Arc<Self>,
        state: &'a mut State,
        reader: &ReaderId,
    ) -> Result<&'a Worker, Hindrance> {
        if state.ending {
            return Err(Hindrance::Internal);
        }
        let name = state.readers.service_name(reader).ok_or(Hindrance::NoSuchReader)?;
        match state.workers.entry(reader.clone()) {
            Entry::Occupied(worker) => Ok(worker.into_mut()),
            Entry::Vacant(place) => {
                let worker = Worker::start(Arc::clone(self), name.to_owned()).map_err(|error| {
                    tracing::error!(%error, "cannot start the thread of a reader");
                    Hindrance::Internal
                })?;
                Ok(place.insert(worker))
            }
        }
    }

    /// A job is about to be accepted: no other one in its reader can be.
    pub(crate) fn job_is_reserved(&self, state: &mut State, job: RunningJob, cancel: Cancel) {
        state.jobs.reserve(job, cancel);
        self.running.send_replace(state.jobs.len());
    }

    /// It was not accepted after all.
    pub(crate) fn job_is_refused(&self, state: &mut State, job: &JobId) {
        state.jobs.end(job);
        self.running.send_replace(state.jobs.len());
    }

    /// A step of a job begins.
    pub(crate) fn job_advances(&self, job: RunningJob) {
        let mut state = self.state();
        state.jobs.advance(job.clone());
        self.tell(&Message::Progress { job });
    }

    /// A job ended, and its outcome was written into its file or not.
    pub(crate) fn job_ends(
        &self,
        job: JobId,
        outcome: Outcome,
        file: JobFile,
        written: io::Result<()>,
    ) {
        let mut state = self.state();
        state.jobs.end(&job);
        state.journal.keep(job.clone(), outcome.clone(), file, written);
        self.tell(&Message::Ended { job, outcome });
        self.running.send_replace(state.jobs.len());
    }

    /// Writes outcomes that the disk did not take before. Waits for the disk.
    pub(crate) fn write_again(&self) {
        loop {
            let Some((job, outcome, file)) = self.state().journal.in_memory() else { return };
            let written = file.finish(&outcome);
            let acknowledged = self.state().journal.rewritten(&job, file, &written);
            if let Some(file) = acknowledged {
                self.clear(file);
            }
            match written {
                Ok(()) => tracing::info!(%job, "the journal has the outcome now"),
                // The next one would fail likewise.
                Err(_) => return,
            }
        }
    }

    /// Forgets a job that was acknowledged. Waits for the disk.
    pub(crate) fn clear(&self, file: JobFile) {
        let (slot, cleared) = file.clear();
        if let Err(error) = cleared {
            tracing::warn!(%error, "the journal did not forget an outcome; it is offered again");
        }
        self.state().journal.reuse(slot);
    }

    /// This helper is about to have the chip in a reader for itself.
    pub(crate) fn take(&self, name: &CStr) {
        self.state().holds.take(name);
    }

    /// This helper left the chip in a reader.
    pub(crate) fn release(&self, name: &CStr) {
        self.state().holds.release(name);
    }

    /// This helper did not get the chip in a reader.
    pub(crate) fn forget(&self, name: &CStr) {
        self.state().holds.forget(name);
    }

    /// Stops all jobs before their next steps, and waits until they ended.
    pub(crate) async fn stop_jobs(&self) {
        {
            let mut state = self.state();
            state.ending = true;
            state.jobs.cancel_all();
            state.workers.clear();
        }
        // The sender is part of this desk, so it is not gone.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    fn tell(&self, message: &Message) {
        // An error only says that nobody is connected.
        let _ = self.events.send(frame::text_of(message));
    }
}
