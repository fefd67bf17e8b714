//! The pipe between an office and the process inside its namespaces: a line of JSON each way.

use super::{error::OfficeError, programs::Programs};
use crate::{
    card::Tries,
    options::{CardOptions, Fault},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// What the office asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Insert { reader: usize, card: Box<CardOptions> },
    Remove { reader: usize },
    SwapBetweenPolls { reader: usize, card: Box<CardOptions> },
    Fail { reader: usize, fault: Fault },
    Tries { reader: usize },
    StopService,
    StartService,
}

/// What the process inside answers; once before the first request, when the service is up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Done,
    Tries(Option<Tries>),
    Refused(String),
}

/// The process inside the namespaces. It ends, and the kernel ends everything in its process
/// namespace with it, when its standard input closes: when this is dropped, and also when the
/// process that holds this is killed.
#[derive(Debug)]
pub(super) struct Conversation {
    child: Child,
    /// `None` only while being dropped.
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

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
        let (requests, replies) = (child.stdin.take(), child.stdout.take());
        let mut conversation =
            Self { child, requests, replies: BufReader::new(replies.ok_or(OfficeError::Ended)?) };
        match conversation.reply() {
            Ok(_) => Ok(conversation),
            Err(OfficeError::Ended) => {
                let said = fs::read_to_string(&log).map_err(failed)?;
                Err(OfficeError::Namespaces { said: said.trim().to_owned() })
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn exchange(&mut self, request: &Request) -> Result<Reply, OfficeError> {
        let requests = self.requests.as_mut().ok_or(OfficeError::Ended)?;
        let mut line = serde_json::to_string(request).map_err(|_| OfficeError::Ended)?;
        line.push('\n');
        requests.write_all(line.as_bytes()).map_err(|_| OfficeError::Ended)?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply, OfficeError> {
        let mut line = String::new();
        self.replies.read_line(&mut line).map_err(|_| OfficeError::Ended)?;
        match serde_json::from_str(&line) {
            Ok(Reply::Refused(why)) => Err(OfficeError::Refused(why)),
            Ok(reply) => Ok(reply),
            Err(_) => Err(OfficeError::Ended),
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.requests = None;
        // It ends by the closed pipe; waiting leaves neither a process nor a zombie behind.
        let _ = self.child.wait();
    }
}
