use std::io;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

type Task = Box<dyn FnOnce() + Send>;

/// A thread that does one thing after the other with the file of checkpoints. A disk that does not
/// answer, such as a mount whose server is gone, keeps this thread and nothing else: neither does
/// anybody wait for it for ever, nor do threads pile up behind it, nor does the program's end.
pub(super) struct Disk {
    tasks: mpsc::Sender<Task>,
    /// Ends with what nobody waits for any more.
    abandoned: Option<oneshot::Receiver<()>>,
    /// How long it is waited for.
    patience: Duration,
}

impl Disk {
    pub(super) fn start(patience: Duration) -> io::Result<Self> {
        let (tasks, received) = mpsc::channel::<Task>();
        std::thread::Builder::new().name("checkpoints".to_owned()).spawn(move || {
            while let Ok(task) = received.recv() {
                task();
            }
        })?;
        Ok(Self { tasks, abandoned: None, patience })
    }

    /// Does something on the disk.
    ///
    /// # Errors
    /// What it says, or [`io::ErrorKind::TimedOut`]: then it may be done later, and nothing else is
    /// until then.
    pub(super) async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        if let Some(abandoned) = &mut self.abandoned {
            if timeout(self.patience, abandoned).await.is_err() {
                return Err(no_answer());
            }
            self.abandoned = None;
        }
        let (result, mut done) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let task = Box::new(move || {
            // Nobody may wait any more.
            let _ = result.send(work());
            drop(end);
        });
        self.tasks.send(task).map_err(|_| io::Error::other("its thread ended"))?;
        match timeout(self.patience, &mut done).await {
            Ok(result) => result.map_err(io::Error::other)?,
            Err(_) => {
                self.abandoned = Some(ended);
                Err(no_answer())
            }
        }
    }
}

fn no_answer() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_does_not_answer_is_waited_for_by_nobody_and_used_again_when_it_does() {
        let mut disk = Disk::start(Duration::from_millis(1)).unwrap();
        let (answer, answered) = mpsc::channel::<()>();
        let hangs = disk.run(move || answered.recv().map_err(io::Error::other)).await;
        assert_eq!(hangs.unwrap_err().kind(), io::ErrorKind::TimedOut);
        for _ in 0..2 {
            let behind = disk.run(|| -> io::Result<()> { unreachable!("it is not begun") }).await;
            assert_eq!(behind.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        answer.send(()).unwrap();
        disk.patience = Duration::from_secs(3_600);
        assert_eq!(disk.run(|| Ok(7)).await.unwrap(), 7);
    }
}
