use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a program may take until it says that it is ready, also on a slow and busy computer.
const PATIENCE: Duration = Duration::from_secs(180);

/// A program that runs beside us, in a process group of its own: a Ctrl-C in the terminal reaches
/// us alone, and we end our children in the right order.
pub struct Child {
    name: &'static str,
    process: std::process::Child,
    /// Some programs end when it closes.
    stdin: Option<ChildStdin>,
    /// What it prints, line by line.
    lines: Receiver<String>,
    /// Everything printed so far.
    printed: Arc<Mutex<Vec<String>>>,
    log: PathBuf,
    /// Where this run begins in the log, in bytes.
    log_start: u64,
}

impl Child {
    /// Starts a program; what it says on standard error goes to the log file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &'static str, command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log_file = File::options().create(true).append(true).open(log)?;
        let log_start = log_file.metadata()?.len();
        let mut process = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().context("standard output is a pipe")?;
        let (sender, lines) = channel();
        let printed = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                all.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
                // Nobody may be waiting any more; the pipe is read on all the same.
                let _ = sender.send(line);
            }
        });
        Ok(Self { name, process, stdin, lines, printed, log: log.to_path_buf(), log_start })
    }

    /// Waits for the first line that begins so, and gives the rest of it.
    pub(super) fn wait_for_line(&self, prefix: &str) -> anyhow::Result<String> {
        loop {
            if let Some(rest) = self.next_line()?.strip_prefix(prefix) {
                return Ok(rest.to_owned());
            }
        }
    }

    /// Waits for the next line.
    pub(super) fn next_line(&self) -> anyhow::Result<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("the {} says nothing for {} s", self.name, PATIENCE.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                bail!("the {} ended:\n{}", self.name, self.said().unwrap_or_default())
            }
        }
    }

    /// What it said on standard error in this run.
    fn said(&self) -> std::io::Result<String> {
        let (mut log, mut said) = (File::open(&self.log)?, String::new());
        log.seek(SeekFrom::Start(self.log_start))?;
        log.read_to_string(&mut said)?;
        Ok(said)
    }

    /// The rest of every line so far that begins so.
    pub(super) fn lines_with(&self, prefix: &str) -> Vec<String> {
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.iter().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    /// Kills it without warning, and waits until it is gone.
    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Number of its process.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it ended, and how.
    pub(super) fn end(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => {
                bail!("the {} ended with {status}; see {}", self.name, self.log.display())
            }
        }
    }
}

impl Drop for Child {
    /// Asks it to end, and waits until it has.
    fn drop(&mut self) {
        self.stdin = None;
        if let Ok(None) = self.process.try_wait() {
            let id = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
            if let Some(id) = id {
                // It may have ended a moment ago, which is what we want.
                let _ = kill_process(id, Signal::TERM);
            }
        }
        let _ = self.process.wait();
    }
}
