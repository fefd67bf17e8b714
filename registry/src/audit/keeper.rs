use super::chain::Chained;
use super::checkpoints::Line;
use super::disk::Disk;
use super::thinning::Tail;
use crate::clock::timestamp;
use crate::registry::Registry;
use crate::store::{EventFilter, Head, Snapshot, StoreError};
use cardwright_protocol::registry::audit::AuditHead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, time::Duration};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How many events are read at a time.
const PAGE: u64 = 1000;

/// So many checkpoints of before are looked at.
const COMPARED: usize = 300;

/// When checkpoints are written, and how long the disk may take for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointPace {
    /// So long after an event there is a checkpoint; those that come meanwhile share it.
    pub soon: Duration,
    /// So often it is looked for events that another program recorded, such as a command, and a
    /// checkpoint that could not be written is tried again.
    pub look: Duration,
    /// A disk that does not answer for so long is taken for one that failed.
    pub patience: Duration,
}

impl Default for CheckpointPace {
    fn default() -> Self {
        Self {
            soon: Duration::from_secs(1),
            look: Duration::from_secs(10),
            patience: Duration::from_secs(5),
        }
    }
}

/// What is wrong with checkpoints, for people to see. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckpointTrouble(Arc<Wrongs>);

#[derive(Debug, Default)]
struct Wrongs {
    are_not_written: AtomicBool,
    contradict_log: AtomicBool,
}

impl CheckpointTrouble {
    /// Whether the last one could not be written.
    pub(crate) fn are_not_written(&self) -> bool {
        self.0.are_not_written.load(Ordering::Relaxed)
    }

    /// Whether one that was written knew another log than the one of now.
    pub(crate) fn contradict_log(&self) -> bool {
        self.0.contradict_log.load(Ordering::Relaxed)
    }
}

/// Writes checkpoints beside everything else that a registry does: no request waits for one.
pub(crate) struct Keeper {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Writes the first one, and another one soon after each event.
    pub(crate) fn start(registry: Registry) -> Self {
        let (end, ended) = oneshot::channel();
        Self { end, task: tokio::spawn(run(registry, ended)) }
    }

    /// Writes the last one, unless the disk takes too long.
    pub(crate) async fn end(self) {
        // It waits for this as long as it runs.
        let _ = self.end.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the last checkpoint of the audit log was not written");
        }
    }
}

async fn run(registry: Registry, mut ended: oneshot::Receiver<()>) {
    let pace = registry.config.checkpoint_pace;
    let mut recorded = registry.store.recorded().watch();
    let mut work = match Disk::start(pace.patience) {
        Ok(disk) => Work {
            registry,
            disk,
            tail: Arc::default(),
            known: None,
            is_compared: false,
            is_written: false,
        },
        Err(error) => {
            registry.checkpoint_trouble.0.are_not_written.store(true, Ordering::Relaxed);
            return tracing::error!(%error, "no checkpoint of the audit log is written");
        }
    };
    work.checkpoint().await;
    loop {
        tokio::select! {
            _ = &mut ended => break,
            () = sleep(pace.look) => {}
            // The registry, and with it whoever tells, lives as long as this.
            Ok(()) = recorded.changed() => tokio::select! {
                _ = &mut ended => break,
                () = sleep(pace.soon) => recorded.mark_unchanged(),
            },
        }
        work.checkpoint().await;
    }
    work.checkpoint().await;
    if !work.registry.checkpoint_trouble.are_not_written() {
        work.thin().await;
    }
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
enum CheckpointError {
    #[error("the audit log cannot be read")]
    Store(#[from] StoreError),
    #[error("the file of checkpoints cannot be read or written")]
    File(#[from] io::Error),
}

struct Work {
    registry: Registry,
    disk: Disk,
    /// What this program itself wrote at the end of the file.
    tail: Arc<Mutex<Tail>>,
    /// What the newest checkpoint knows of the chain, as far as it is there.
    known: Option<Head>,
    /// The checkpoints of before were read.
    is_compared: bool,
    /// This program wrote one: every start is one, whatever happened.
    is_written: bool,
}

impl Work {
    async fn checkpoint(&mut self) {
        let trouble = self.registry.checkpoint_trouble.clone();
        match self.try_checkpoint().await {
            Ok(()) => {
                if trouble.0.are_not_written.swap(false, Ordering::Relaxed) {
                    tracing::info!("checkpoints of the audit log are written again");
                }
            }
            // The log says it once, and admins are told of it as long as it is so.
            Err(_) if trouble.0.are_not_written.swap(true, Ordering::Relaxed) => {}
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let file = self.registry.checkpoints.path().display().to_string();
                tracing::error!(%error, cause, file, "no checkpoint of the audit log was written");
            }
        }
    }

    async fn try_checkpoint(&mut self) -> Result<(), CheckpointError> {
        if !self.is_compared {
            self.compare().await?;
            self.is_compared = true;
        }
        let snapshot = self.registry.store.read().await?;
        let head = snapshot.audit_head().await?;
        if self.known.as_ref() == Some(&head) && self.is_written {
            return Ok(());
        }
        // A signature over what somebody else put there would hide it: what a line knows is given
        // up only for one that knows the same and more.
        let goes_on = match &self.known {
            Some(known) => goes_on(&snapshot, known, &head).await?,
            None => true,
        };
        drop(snapshot);
        if !goes_on {
            self.alarm(head.seq);
        }
        let at = timestamp(self.registry.now());
        let statement = AuditHead { seq: head.seq, hash: head.hash.clone(), at };
        let (registry, tail) = (self.registry.clone(), Arc::clone(&self.tail));
        let append = move || {
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            if !goes_on {
                // The lines before this one know what it does not.
                *tail = Tail::default();
            }
            registry.checkpoints.append_head(&registry.signing_key, &statement, &mut tail)
        };
        self.disk.run(append).await?;
        self.known = Some(head);
        self.is_written = true;
        Ok(())
    }

    /// Leaves one line of those that this program wrote.
    async fn thin(&mut self) {
        let (registry, tail) = (self.registry.clone(), Arc::clone(&self.tail));
        let thin = move || {
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            registry.checkpoints.thin(&mut tail)
        };
        if let Err(error) = self.disk.run(thin).await {
            tracing::debug!(%error, "all checkpoints are kept");
        }
    }

    /// Holds the log against the checkpoints of before: against the older ones, too, since what
    /// contradicted one of them is not mended by a start.
    async fn compare(&mut self) -> Result<(), CheckpointError> {
        let registry = self.registry.clone();
        let read = move || registry.checkpoints.read_newest_first(&registry.public_key());
        let lines = self.disk.run(read).await?;
        let snapshot = self.registry.store.read().await?;
        let mut is_newest = true;
        for line in lines.take(COMPARED) {
            let is_restoration = matches!(line, Line::Restored(_));
            let (known, is_there) = match line {
                Line::Head(head) => {
                    let there = snapshot.audit_hash(head.seq).await?.as_ref() == Some(&head.hash);
                    let is_there = there || head.seq == 0;
                    (Head { seq: head.seq, hash: head.hash }, is_there)
                }
                Line::Restored(it) => {
                    let seq = it.seq + 1;
                    if snapshot.audit_hash(seq).await?.as_ref() != Some(&it.event) {
                        // It was signed beforehand, and did not take place after all.
                        continue;
                    }
                    (Head { seq, hash: it.event }, true)
                }
                // Of another signing key, from before this one.
                Line::Wrong if !is_newest => return Ok(()),
                Line::Wrong => (Head { seq: 0, hash: Vec::new().into() }, false),
            };
            if !is_there {
                self.alarm(known.seq);
            } else if is_newest {
                self.known = Some(known);
            }
            // A restoration gave up what was known before it, as it says.
            if !is_there || is_restoration {
                return Ok(());
            }
            is_newest = false;
        }
        Ok(())
    }

    fn alarm(&self, event: u64) {
        self.registry.checkpoint_trouble.0.contradict_log.store(true, Ordering::Relaxed);
        tracing::error!(
            event,
            "the audit log is not what its last checkpoint knew: see verify-audit"
        );
    }
}

/// Whether the chain up to its end is what it was up to an event, and more events behind it.
async fn goes_on(snapshot: &Snapshot, from: &Head, to: &Head) -> Result<bool, StoreError> {
    let mut last = from.clone();
    while last.seq < to.seq {
        let filter = EventFilter::default();
        let events = snapshot.events_between(&filter, last.seq, to.seq, PAGE).await?;
        if events.is_empty() {
            return Ok(false);
        }
        for chained in events {
            if !follows(&last, &chained) {
                return Ok(false);
            }
            last = Head { seq: chained.event.seq, hash: chained.event.hash };
        }
    }
    Ok(last == *to)
}

fn follows(last: &Head, chained: &Chained) -> bool {
    chained.event.seq == last.seq + 1 && chained.previous == last.hash && chained.fits()
}
