//! What all connections, workers and the watcher of the readers share.

use crate::card_service::LinkLimit;
use crate::config::{Config, Limits};
use crate::frame;
use crate::holds::Holds;
use crate::jobs::Jobs;
use crate::keys::Keys;
use crate::nonces::Nonces;
use crate::outcomes::Outcomes;
use crate::readers::{Observed, Readers};
use crate::worker::{Work, Worker};
use cardwright_protocol::helper::{HelperError, Message, RunningJob, Service};
use cardwright_protocol::ids::{JobId, ReaderId, WorkstationName};
use cardwright_protocol::outcome::Outcome;
use cardwright_seal::VerifyingKey;
use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many events a connection may be behind before it is dropped.
const EVENTS_KEPT: usize = 256;

/// The state of a helper. Nothing in it waits for a chip or a connection while it is locked.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The name under which the registry knows this helper.
    pub(crate) workstation: WorkstationName,
    /// Sign and open.
    pub(crate) keys: Keys,
    /// Verifies what the registry signed.
    pub(crate) registry_key: VerifyingKey,
    /// How long a chip may be silent.
    pub(crate) limits: Limits,
    /// How many threads may be lost in calls that do not return.
    pub(crate) links: LinkLimit,
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
    /// What the registry has not taken yet.
    pub(crate) outcomes: Outcomes,
    /// What runs.
    pub(crate) jobs: Jobs,
    holds: Holds,
    workers: HashMap<ReaderId, Worker>,
    /// The helper ends: no new work is taken.
    ending: bool,
}

impl Desk {
    pub(crate) fn new(config: Config, keys: Keys) -> Self {
        Self {
            workstation: config.workstation,
            keys,
            registry_key: config.registry_key,
            limits: config.limits,
            links: LinkLimit::default(),
            state: Mutex::new(State {
                readers: Readers::new(),
                nonces: Nonces::default(),
                outcomes: Outcomes::default(),
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

    /// What a new connection is told first, and the events behind it.
    pub(crate) fn welcome(&self, id: u64) -> (Message, Message, broadcast::Receiver<Utf8Bytes>) {
        let state = self.state();
        let ready = Message::Ready {
            id,
            protocol: cardwright_protocol::helper::PROTOCOL_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workstation: self.workstation.clone(),
            running: state.jobs.running(),
            outcomes: state.outcomes.waiting(),
        };
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
    ) -> Result<(), HelperError> {
        if state.ending {
            return Err(HelperError::Internal);
        }
        let name = state.readers.service_name(reader).ok_or(HelperError::NoSuchReader)?;
        if !state.workers.contains_key(reader) {
            let worker = Worker::start(Arc::clone(self), name.to_owned()).map_err(|error| {
                tracing::error!(%error, "cannot start the thread of a reader");
                HelperError::Internal
            })?;
            state.workers.insert(reader.clone(), worker);
        }
        // It was there or is there now.
        let worker = state.workers.get(reader).ok_or(HelperError::Internal)?;
        worker.hand_over(work)
    }

    /// A job was accepted: it runs from now on, whatever becomes of the connection.
    pub(crate) fn job_begins(
        &self,
        state: &mut State,
        job: RunningJob,
        cancel: crate::jobs::Cancel,
    ) {
        state.jobs.begin(job, cancel);
        self.running.send_replace(state.jobs.len());
    }

    /// A step of a job begins.
    pub(crate) fn job_advances(&self, job: RunningJob) {
        let mut state = self.state();
        state.jobs.advance(job.clone());
        self.tell(&Message::Progress { job });
    }

    /// A job ended.
    pub(crate) fn job_ends(&self, job: JobId, outcome: Outcome) {
        let mut state = self.state();
        state.jobs.end(&job);
        state.outcomes.keep(job.clone(), outcome.clone());
        self.tell(&Message::Ended { job, outcome });
        self.running.send_replace(state.jobs.len());
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
