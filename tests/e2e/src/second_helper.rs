use crate::story::Story;
use anyhow::ensure;
use std::path::PathBuf;
use xtask::build::program;
use xtask::desk::Child;
use xtask::sh::{answer, command};

/// A helper beside the desk's own, with a data folder of its own.
pub struct SecondHelper {
    data: PathBuf,
    running: Option<Child>,
}

impl SecondHelper {
    /// Enrolls one, which keeps its keys in this folder, by a one-time code, as a person does in a
    /// terminal.
    ///
    /// # Errors
    /// When the code is refused, or the registry calls the workstation otherwise.
    pub fn enroll(story: &Story, folder: &str, code: &str, name: &str) -> anyhow::Result<Self> {
        let data = story.desk.data().join(folder);
        let mut enroll = command(program("cardwright-helper"));
        enroll.arg("enroll").arg(&story.desk.url).arg("--data").arg(&data);
        let said = answer(&mut enroll, code)?;
        ensure!(said == format!("enrolled\t{name}\n"), "it says {said:?}");
        Ok(Self { data, running: None })
    }

    /// Starts it at the port of the desk's helper, which is to be ended before; pages find it by
    /// themselves.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self, story: &Story) -> anyhow::Result<()> {
        let address = story.desk.helper_address();
        let port = address.rsplit(':').next().unwrap_or_default();
        let config = self.data.with_extension("toml");
        std::fs::write(&config, format!("port = {port}\n"))?;
        let mut start = command(program("cardwright-helper"));
        start.arg("run").arg("--data").arg(&self.data).arg("--config").arg(&config);
        start.env("PCSCLITE_CSOCK_NAME", story.office.csock_name());
        let log = self.data.with_extension("log");
        self.running = Some(Child::start("second helper", &mut start, &log)?);
        Ok(())
    }
}
