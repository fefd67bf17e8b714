//! The helper's program, started for a measurement.

use crate::figures::progress;
use anyhow::{Context as _, bail};
use cardwright_desk::{Registry, configuration};
use cardwright_seal::VerifyingKey;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running helper. Dropped, it ends, and what it warned of is shown: that may be why a measurement
/// failed.
#[derive(Debug)]
pub(crate) struct Helper {
    /// Where pages reach it.
    pub(crate) address: SocketAddr,
    /// Verifies what it signs.
    pub(crate) key: VerifyingKey,
    child: Child,
    log: PathBuf,
}

impl Helper {
    /// Starts the helper at a PC/SC service, with everything that it keeps in a folder, and a
    /// registry that signs for it.
    pub(crate) fn start(socket: &Path, folder: &Path) -> anyhow::Result<(Self, Registry)> {
        let program = beside_us("cardwright-helper")?;
        let data = folder.join("data");
        let registry = Registry::enrolling(&program, &data);
        let config = folder.join("helper.toml");
        std::fs::write(&config, configuration(""))?;
        let log = folder.join("helper.log");
        let mut child = Command::new(&program)
            .args(["run", "--data"])
            .arg(&data)
            .arg("--config")
            .arg(&config)
            .env("PCSCLITE_CSOCK_NAME", socket)
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("standard output is a pipe")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening\t").context("the helper is not ready")?;
        let (address, key) = (address.parse()?, registry.helper_signing.clone());
        let helper = Self { address, key, child, log };
        Ok((helper, registry))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        for line in log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")) {
            progress(&format!("the helper: {line}"));
        }
    }
}

/// A program that was built together with this one.
pub(crate) fn beside_us(name: &str) -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    match program.is_file() {
        true => Ok(program),
        false => bail!("{} is not there: build it first", program.display()),
    }
}
