//! The jobs that run now.

use cardwright_protocol::helper::RunningJob;
use cardwright_protocol::ids::{JobId, ReaderId};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A wish that a job should stop before its next step. Clones are one wish.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel(Arc<(Mutex<bool>, Condvar)>);

impl Cancel {
    /// Says that the job should stop.
    pub(crate) fn wish(&self) {
        let (wished, changed) = &*self.0;
        *wished.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Whether the job should stop.
    pub(crate) fn is_wished(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, but no longer than until the job should stop.
    pub(crate) fn pause(&self, duration: Duration) {
        let (wished, changed) = &*self.0;
        let wished = wished.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether the time is over or the wish was said is asked by the caller.
        drop(changed.wait_timeout_while(wished, duration, |wished| !*wished));
    }
}

/// All jobs that run now, at most one for each reader.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    running: BTreeMap<JobId, Running>,
}

#[derive(Debug)]
struct Running {
    job: RunningJob,
    cancel: Cancel,
    /// Pages may know of it: it is durable.
    is_accepted: bool,
}

impl Jobs {
    /// A job is about to be accepted.
    pub(crate) fn reserve(&mut self, job: RunningJob, cancel: Cancel) {
        self.running.insert(job.job.clone(), Running { job, cancel, is_accepted: false });
    }

    /// A job was accepted.
    pub(crate) fn accept(&mut self, job: &JobId) {
        if let Some(running) = self.running.get_mut(job) {
            running.is_accepted = true;
        }
    }

    /// A job stands elsewhere.
    pub(crate) fn advance(&mut self, job: RunningJob) {
        if let Some(running) = self.running.get_mut(&job.job) {
            running.job = job;
        }
    }

    /// A job ended.
    pub(crate) fn end(&mut self, job: &JobId) {
        self.running.remove(job);
    }

    /// As pages see them.
    pub(crate) fn running(&self) -> Vec<RunningJob> {
        self.accepted().map(|running| running.job.clone()).collect()
    }

    /// The wish to stop of one job.
    pub(crate) fn cancel(&self, job: &JobId) -> Option<&Cancel> {
        self.accepted().find(|running| running.job.job == *job).map(|running| &running.cancel)
    }

    /// Whether a job runs in this reader, or is about to.
    pub(crate) fn is_at_work(&self, reader: &ReaderId) -> bool {
        self.running.values().any(|running| running.job.reader == *reader)
    }

    /// Wishes that all should stop.
    pub(crate) fn cancel_all(&self) {
        self.running.values().for_each(|running| running.cancel.wish());
    }

    /// How many run or are about to.
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    fn accepted(&self) -> impl Iterator<Item = &Running> {
        self.running.values().filter(|running| running.is_accepted)
    }
}
