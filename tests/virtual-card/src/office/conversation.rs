//! The pipe between an office and the process inside its namespaces: a line of JSON each way. A
//! reply repeats the number of its request, since waiting for a card may take long.

use super::{error::OfficeError, programs::Programs};
use crate::{
    card::Tries,
    gate::Gate,
    options::{CardOptions, Fault},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

/// A request or a reply with its number.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbered<T> {
    /// 0 for the reply that nobody asked for: the service is up.
    pub(super) number: u64,
    pub(super) content: T,
}

/// What the office asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Insert { reader: usize, card: Box<CardOptions> },
    Remove { reader: usize },
    SwapBetweenPolls { reader: usize, card: Box<CardOptions> },
    SwapUnnoticed { reader: usize, card: Box<CardOptions> },
    Fail { reader: usize, fault: Fault },
    Hold { reader: usize, gate: Gate },
    AwaitHold { reader: usize, within: Duration },
    LetGo { reader: usize },
    Tries { reader: usize },
    StopService,
    StartService,
}

/// What the process inside answers; once before the first request, when the service is up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Done,
    Tries(Option<Tries>),
    Holds(bool),
    Refused(String),
}

/// The process inside the namespaces. It ends, and the kernel ends everything in its process
/// namespace with it, when its standard input closes: when this is dropped, and also when the
/// process that holds this is killed.
#[derive(Debug)]
pub(super) struct Conversation {
    child: Child,
    asking: Mutex<Asking>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug)]
struct Asking {
    /// `None` only while being dropped.
    requests: Option<ChildStdin>,
    last_number: u64,
}

/// Who waits for which reply; `None` when no reply will come any more.
type Waiting = Option<HashMap<u64, Sender<Reply>>>;

impl Conversation {
    pub(super) fn start(program: &Path, readers: usize, dir: &Path) -> Result<Self, OfficeError> {
        let programs = Programs::find()?;
        let log = dir.join("office.log");
        let failed = |cause| OfficeError::Folder { path: dir.to_owned(), cause };
        let errors = File::create(&log).map_err(failed)?;
        let mut child = Command::new(programs.unshare)
            .args(["--user", "--map-root-user", "--mount", "--net", "--pid"])
            // Whoever kills unshare kills what it started.
            .args(["--fork", "--kill-child"])
            .arg(program)
            .arg("inside")
            .args(["--readers", &readers.to_string(), "--dir"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|_| OfficeError::Program { path: program.to_owned() })?;
        let asking = Mutex::new(Asking { requests: child.stdin.take(), last_number: 0 });
        let replies = child.stdout.take().ok_or(OfficeError::Ended)?;
        let (up, is_up) = channel();
        let waiting = Arc::new(Mutex::new(Some(HashMap::from([(0, up)]))));
        let shared = Arc::clone(&waiting);
        thread::spawn(move || deliver(replies, &shared));
        let conversation = Self { child, asking, waiting };
        match is_up.recv() {
            Ok(Reply::Refused(why)) => Err(OfficeError::Refused(why)),
            Ok(_) => Ok(conversation),
            Err(_) => {
                let said = fs::read_to_string(&log).map_err(failed)?;
                Err(OfficeError::Namespaces { said: said.trim().to_owned() })
            }
        }
    }

    pub(super) fn exchange(&self, content: Request) -> Result<Reply, OfficeError> {
        let (sender, reply) = channel();
        {
            let mut asking = lock(&self.asking);
            asking.last_number += 1;
            let number = asking.last_number;
            let mut line = serde_json::to_string(&Numbered { number, content })
                .map_err(|_| OfficeError::Ended)?;
            line.push('\n');
            lock(&self.waiting).as_mut().ok_or(OfficeError::Ended)?.insert(number, sender);
            let requests = asking.requests.as_mut().ok_or(OfficeError::Ended)?;
            requests.write_all(line.as_bytes()).map_err(|_| OfficeError::Ended)?;
        }
        match reply.recv() {
            Ok(Reply::Refused(why)) => Err(OfficeError::Refused(why)),
            Ok(reply) => Ok(reply),
            Err(_) => Err(OfficeError::Ended),
        }
    }
}

/// Gives each reply to whom it is for, until there are no more.
fn deliver(replies: ChildStdout, waiting: &Mutex<Waiting>) {
    for line in BufReader::new(replies).lines().map_while(Result::ok) {
        let Ok(Numbered { number, content }) = serde_json::from_str(&line) else { break };
        let waits = lock(waiting).as_mut().and_then(|waiting| waiting.remove(&number));
        if let Some(sender) = waits {
            // Whoever asked waits for the reply.
            let _ = sender.send(content);
        }
    }
    // The senders go with it: nobody waits for ever.
    *lock(waiting) = None;
}

/// Nothing that is locked here is left half changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Conversation {
    fn drop(&mut self) {
        lock(&self.asking).requests = None;
        // It ends by the closed pipe; waiting leaves neither a process nor a zombie behind.
        let _ = self.child.wait();
    }
}
