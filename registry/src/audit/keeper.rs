use super::checkpoints::Line;
use crate::clock::timestamp;
use crate::registry::Registry;
use crate::store::StoreError;
use cardwright_protocol::registry::audit::AuditHead;
use std::{io, time::Duration};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// So many events later there is another checkpoint.
const EVENTS: u64 = 100;

/// So much later there is another checkpoint, when anything happened.
const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// So much later a checkpoint that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// Writes checkpoints beside everything else that a registry does: no request waits for one.
pub(crate) struct Keeper {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Writes the first one, and more from time to time.
    pub(crate) fn start(registry: Registry) -> Self {
        let (end, ended) = oneshot::channel();
        let work = Work { registry, written: None, is_failing: false };
        Self { end, task: tokio::spawn(work.run(ended)) }
    }

    /// Writes the last one.
    pub(crate) async fn end(self) {
        // It waits for this as long as it runs.
        let _ = self.end.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the last checkpoint of the audit log was not written");
        }
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
    /// The last event of the last checkpoint that this program wrote.
    written: Option<u64>,
    /// The last one was not written, which the log says once.
    is_failing: bool,
}

impl Work {
    async fn run(mut self, mut ended: oneshot::Receiver<()>) {
        let mut recorded = self.registry.store.recorded().watch();
        if let Err(error) = self.compare().await {
            self.failed(&error);
        }
        self.checkpoint().await;
        loop {
            let next = if self.is_failing { RETRY } else { INTERVAL };
            let next = Instant::now() + next;
            // Counted from the last checkpoint, not from the last event.
            loop {
                tokio::select! {
                    _ = &mut ended => return self.checkpoint().await,
                    () = tokio::time::sleep_until(next) => break,
                    // The registry, and with it whoever tells, lives as long as this.
                    Ok(()) = recorded.changed() => {
                        let seq = *recorded.borrow_and_update();
                        let since = self.written.map_or(EVENTS, |it| seq.saturating_sub(it));
                        if since >= EVENTS || self.is_failing {
                            break;
                        }
                    }
                }
            }
            self.checkpoint().await;
        }
    }

    async fn checkpoint(&mut self) {
        match self.try_checkpoint().await {
            Ok(seq) => {
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!("checkpoints of the audit log are written again");
                }
                self.written = Some(seq);
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &CheckpointError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let file = self.registry.checkpoints.path().display().to_string();
            tracing::error!(%error, cause, file, "no checkpoint of the audit log was written");
        }
    }

    async fn try_checkpoint(&self) -> Result<u64, CheckpointError> {
        let head = self.registry.store.read().await?.audit_head().await?;
        if self.written != Some(head.seq) {
            let at = timestamp(self.registry.now());
            let statement = AuditHead { seq: head.seq, hash: head.hash, at };
            let registry = self.registry.clone();
            on_the_disk(move || {
                registry.checkpoints.append_head(&registry.signing_key, &statement)
            })
            .await?;
        }
        Ok(head.seq)
    }

    /// Says it when the audit log is not what the last checkpoint knew.
    async fn compare(&self) -> Result<(), CheckpointError> {
        let registry = self.registry.clone();
        let mut lines =
            on_the_disk(move || registry.checkpoints.read(&registry.public_key())).await?;
        let snapshot = self.registry.store.read().await?;
        while let Some(line) = lines.pop() {
            let (seq, is_there) = match line {
                Line::Head(head) => {
                    (head.seq, snapshot.audit_hash(head.seq).await? == Some(head.hash))
                }
                Line::Restored(it) => {
                    let seq = it.seq + 1;
                    if snapshot.audit_hash(seq).await? != Some(it.event) {
                        // It was signed beforehand, and did not take place after all.
                        continue;
                    }
                    (seq, true)
                }
                Line::Wrong => (0, false),
            };
            if !is_there {
                tracing::error!(
                    event = seq,
                    "the audit log is not what its last checkpoint knew: see verify-audit"
                );
            }
            return Ok(());
        }
        Ok(())
    }
}

/// Does what may wait for a disk where nobody else waits for it.
async fn on_the_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
