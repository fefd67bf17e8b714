//! The commands of our job without anything around them: a process of its own, connected to the
//! PC/SC service from its start, that sends what it is told.

use crate::script::Step;
use anyhow::{Context as _, anyhow, bail, ensure};
use cardwright_card::commands::{Authentication, authenticate};
use cardwright_card::{Channel, ManagementKey, ManagementKeyAlgorithm, Transport, TransportError};
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode, Transaction};
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// What is to be sent to which reader.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    reader: String,
    steps: Vec<Step>,
}

/// The process that sends bare commands. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    /// `None` only while being dropped: the process ends when it closes.
    tasks: Option<ChildStdin>,
    times: BufReader<ChildStdout>,
}

impl Bare {
    /// Starts the process at a PC/SC service.
    pub(crate) fn start(socket: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .env("PCSCLITE_CSOCK_NAME", socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let tasks = child.stdin.take();
        let times = BufReader::new(child.stdout.take().context("standard output is a pipe")?);
        Ok(Self { child, tasks, times })
    }

    /// Sends all steps to the card in a reader, and tells how long that took in the process: from
    /// before it connects to the card until it has left it.
    pub(crate) fn run(&mut self, reader: &str, steps: &[Step]) -> anyhow::Result<Duration> {
        let task = Task { reader: reader.to_owned(), steps: steps.to_vec() };
        let tasks = self.tasks.as_mut().context("the process has ended")?;
        writeln!(tasks, "{}", serde_json::to_string(&task)?)?;
        let mut line = String::new();
        self.times.read_line(&mut line)?;
        let nanoseconds: Result<u64, String> = serde_json::from_str(&line)?;
        nanoseconds.map(Duration::from_nanos).map_err(|why| anyhow!("sent bare: {why}"))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.tasks = None;
        // It ends by the closed pipe.
        let _ = self.child.wait();
    }
}

/// What the process does: a line of JSON for each task, and one for its time in nanoseconds.
pub(crate) fn serve() -> anyhow::Result<()> {
    let context = Context::establish(Scope::User)?;
    for line in std::io::stdin().lock().lines() {
        let task: Task = serde_json::from_str(&line?)?;
        let time = carry_out(&context, &task).map(|time| time.as_nanos() as u64);
        let time = time.map_err(|error| format!("{error:#}"));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&time)?)?;
        out.flush()?;
    }
    Ok(())
}

/// As [`Step`], ready to be sent.
enum Prepared {
    Send(Vec<u8>, u16),
    Authenticate(ManagementKey),
    Reset,
}

/// Connects, sends and resets as our helper does, and nothing else.
fn carry_out(context: &Context, task: &Task) -> anyhow::Result<Duration> {
    let reader = CString::new(task.reader.as_str())?;
    let steps = task.steps.iter().map(prepare).collect::<anyhow::Result<Vec<_>>>()?;
    let mut buffer = vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED];
    let begun = Instant::now();
    let mut card = context.connect(&reader, ShareMode::Exclusive, Protocols::ANY)?;
    let mut transaction = card.transaction()?;
    for step in &steps {
        match step {
            Prepared::Send(command, status) => {
                let answer = transaction.transmit(command, &mut buffer)?;
                ensure!(
                    answer.ends_with(&status.to_be_bytes()),
                    "{:02X?} has another status word than {status:04X}",
                    command.get(..4)
                );
            }
            Prepared::Authenticate(key) => {
                let mut link = Link { transaction: &transaction, buffer: &mut buffer };
                match authenticate(&mut Channel::new(&mut link), key, &[0x5A; 16])? {
                    Authentication::Accepted => {}
                    other => bail!("the management key: {other:?}"),
                }
            }
            Prepared::Reset => transaction.reconnect(
                ShareMode::Exclusive,
                Protocols::ANY,
                Disposition::ResetCard,
            )?,
        }
    }
    transaction.end(Disposition::ResetCard).map_err(|(_, error)| error)?;
    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error)?;
    Ok(begun.elapsed())
}

fn prepare(step: &Step) -> anyhow::Result<Prepared> {
    Ok(match step {
        Step::Send { command, status } => Prepared::Send(hex::decode(command)?, *status),
        Step::Authenticate { algorithm, key } => {
            let algorithm = ManagementKeyAlgorithm::from_identifier(*algorithm);
            let algorithm = algorithm.context("a management key has an algorithm")?;
            let key = Zeroizing::new(hex::decode(key)?);
            Prepared::Authenticate(ManagementKey::new(algorithm, key)?)
        }
        Step::Reset => Prepared::Reset,
    })
}

/// For the two commands that depend on what the card says.
struct Link<'a> {
    transaction: &'a Transaction<'a>,
    buffer: &'a mut [u8],
}

impl Transport for Link<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let answer = self.transaction.transmit(command, self.buffer);
        answer.map(|answer| Zeroizing::new(answer.to_vec())).map_err(|_| TransportError::Other)
    }
}
