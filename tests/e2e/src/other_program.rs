use anyhow::{Context as _, ensure};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Another program on the workstation, which has a chip for itself: this crate's `occupy`.
pub struct OtherProgram(Child);

impl OtherProgram {
    /// Starts it and waits until it has the chip.
    ///
    /// # Errors
    /// When it does not get it.
    pub fn occupy(socket: &Path, reader: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(xtask::build::program("occupy"))
            .arg(reader)
            .env("PCSCLITE_CSOCK_NAME", socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the program `occupy` is built with the tests")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("standard output is a pipe")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let other = Self(child);
        ensure!(line.trim() == "occupied", "the chip cannot be had");
        Ok(other)
    }

    /// Lets it give the chip back.
    ///
    /// # Errors
    /// When it has ended before.
    pub fn release(mut self) -> anyhow::Result<()> {
        self.0.stdin = None;
        ensure!(self.0.wait()?.success(), "it ends well");
        Ok(())
    }
}

impl Drop for OtherProgram {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
