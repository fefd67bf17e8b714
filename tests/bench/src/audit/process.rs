//! The registry as a process, and what memory a process takes.

use crate::helper::beside_us;
use anyhow::{Context as _, bail};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running registry. Dropped, it is ended.
#[derive(Debug)]
pub(crate) struct Registry {
    /// Where it listens, with the scheme.
    pub(crate) address: String,
    /// The first password of its admin.
    pub(crate) password: String,
    child: Child,
}

impl Registry {
    /// Starts one in a folder for the first time.
    pub(crate) fn start(data: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data)?;
        let log = File::create(data.join("log"))?;
        let mut child = Command::new(beside_us("cardwright-registry")?)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("standard output is a pipe")?);
        let mut password = String::new();
        for line in output.lines() {
            let line = line?;
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["account", "admin", first] => password = first.to_owned(),
                ["listening", address] => {
                    return Ok(Self { address: address.to_owned(), password, child });
                }
                _ => {}
            }
        }
        bail!("the registry does not listen")
    }

    /// Measures its peak from now on; what it takes now, in KiB.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<u64> {
        // proc_pid_clear_refs(5): the peak is set to what is taken now.
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?;
        self.peak()
    }

    /// The most memory that it took, in KiB.
    pub(crate) fn peak(&self) -> anyhow::Result<u64> {
        Peak::now(self.child.id()).context("it runs")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process took.
#[derive(Debug)]
pub(crate) struct Peak;

impl Peak {
    /// In KiB (proc_pid_status(5)), while it runs.
    fn now(id: u32) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Of a process that prints one thing at its end, in KiB.
    pub(crate) fn of_child_until_its_output(child: &mut Child) -> anyhow::Result<Option<u64>> {
        let mut output = child.stdout.take().context("standard output is a pipe")?;
        let id = child.id();
        let (mut peak, mut first) = (Self::now(id), [0]);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || output.read(&mut first));
            while !reading.is_finished() {
                // A process that is gone has said it before.
                peak = Self::now(id).or(peak);
                std::thread::yield_now();
            }
        });
        Ok(peak)
    }
}
