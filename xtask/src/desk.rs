//! One desk: registry, helper and, where no reader is at hand, a virtual card office.
//!
//! Each side is given the other's public key by its configuration. Everything is below one data
//! folder; what was started ends when the [`Desk`] is dropped.

mod child;

use crate::build::program;
use crate::sh::{command, output, root, run};
use anyhow::Context as _;
pub use child::Child;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name that registry and helper know this desk by.
pub const WORKSTATION: &str = "desk-1";

/// What a desk is made of.
#[derive(Debug, Clone)]
pub struct DeskOptions {
    /// Everything is kept here.
    pub data: PathBuf,
    /// Port of the registry; 0 takes any free one.
    pub port: u16,
    /// Port of the helper; 0 takes any free one.
    pub helper_port: u16,
    /// Where the readers are.
    pub readers: Readers,
    /// Folder of the built app; without it, the registry serves its API alone.
    pub app: Option<PathBuf>,
}

/// Where a desk's readers are.
#[derive(Debug, Clone)]
pub enum Readers {
    /// At the PC/SC service that this computer has, or that `PCSCLITE_CSOCK_NAME` names.
    Computer,
    /// At the PC/SC service behind this socket.
    Socket(PathBuf),
    /// In a virtual card office of the desk's own, with so many readers and a card in each.
    Virtual(usize),
}

/// A running desk.
pub struct Desk {
    options: DeskOptions,
    /// Dropped last, since the helper uses its PC/SC service.
    office: Option<Child>,
    helper: Option<Child>,
    registry: Option<Child>,
    /// Address of the app.
    pub url: String,
    /// Accounts made at the first start, with their passwords: shown once, kept nowhere.
    pub accounts: Vec<(String, String)>,
}

impl Desk {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a part does not start; what was started before is ended.
    pub fn start(mut options: DeskOptions) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data)?;
        let mut office = None;
        if let Readers::Virtual(readers) = options.readers {
            let (child, socket) = start_office(&options.data, readers)?;
            office = Some(child);
            options.readers = Readers::Socket(socket);
        }
        let mut desk = Self {
            options,
            office,
            helper: None,
            registry: None,
            url: String::new(),
            accounts: Vec::new(),
        };
        // The helper's configuration names the registry's port and the other way round, so one
        // port is chosen before it is taken; should somebody else take it first, choose again.
        let mut tries = 3;
        loop {
            desk.choose_port()?;
            desk.start_helper()?;
            match desk.start_registry() {
                Err(_) if desk.options.port == 0 && tries > 1 => tries -= 1,
                done => break done?,
            }
        }
        Ok(desk)
    }

    /// Starts the helper, on the port that it had before if it ran before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_helper(&mut self) -> anyhow::Result<()> {
        self.helper = None;
        let data = self.options.data.join("helper");
        let config = self.options.data.join("helper.toml");
        let registry = output(&mut self.registry_command("public-key"))?;
        let host = self.url.replacen("127.0.0.1", "localhost", 1);
        let text = format!(
            "workstation = \"{WORKSTATION}\"\nport = {}\nregistry_key = \"{}\"\norigins = [\"{}\", \"{host}\"]\n",
            self.options.helper_port,
            registry.trim(),
            self.url,
        );
        std::fs::write(&config, text)?;
        let mut start = command(program("cardwright-helper"));
        start.arg("run").arg("--data").arg(&data).arg("--config").arg(&config);
        if let Readers::Socket(socket) = &self.options.readers {
            start.env("PCSCLITE_CSOCK_NAME", socket);
        }
        let helper = Child::start("helper", &mut start, &self.options.data.join("helper.log"))?;
        let address = helper.wait_for_line("listening\t")?;
        let port = address.rsplit(':').next().unwrap_or_default();
        self.options.helper_port = port.parse().context("the helper names no port")?;
        self.helper = Some(helper);
        Ok(())
    }

    /// Kills the helper without warning (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_helper(&mut self) -> anyhow::Result<()> {
        self.helper.take().context("the helper does not run")?.kill()
    }

    /// Ends the helper.
    pub fn stop_helper(&mut self) {
        self.helper = None;
    }

    /// Starts the registry, on the port that it had before if it ran before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_registry(&mut self) -> anyhow::Result<()> {
        self.registry = None;
        let config = self.options.data.join("registry.toml");
        let helper_data = self.options.data.join("helper");
        let keys = output(
            command(program("cardwright-helper")).arg("keys").arg("--data").arg(&helper_data),
        )?;
        let key = |name: &str| {
            keys.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'))
                .with_context(|| format!("the helper prints no {name}"))
        };
        let text = format!(
            "helper_ports = [{}]\n\n[[workstation]]\nname = \"{WORKSTATION}\"\nsigning_key = \"{}\"\nsealing_key = \"{}\"\n",
            self.options.helper_port,
            key("signing-key")?,
            key("sealing-key")?,
        );
        std::fs::write(&config, text)?;
        let mut start = self.registry_command("serve");
        start.arg("--config").arg(&config);
        if let Some(app) = &self.options.app {
            start.arg("--app").arg(app);
        }
        start.args(["--listen", self.url.trim_start_matches("http://")]);
        let registry =
            Child::start("registry", &mut start, &self.options.data.join("registry.log"))?;
        registry.wait_for_line("listening\t")?;
        for account in registry.lines_with("account\t") {
            let (name, password) = account.split_once('\t').context("an account has two parts")?;
            self.accounts.push((name.to_owned(), password.to_owned()));
        }
        self.registry = Some(registry);
        Ok(())
    }

    /// Kills the registry without warning (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill_registry(&mut self) -> anyhow::Result<()> {
        self.registry.take().context("the registry does not run")?.kill()
    }

    /// Whether the helper was started and not ended.
    #[must_use]
    pub fn has_helper(&self) -> bool {
        self.helper.is_some()
    }

    /// Whether the registry was started and not ended.
    #[must_use]
    pub fn has_registry(&self) -> bool {
        self.registry.is_some()
    }

    /// Ends the registry.
    pub fn stop_registry(&mut self) {
        self.registry = None;
    }

    /// Brings the 40 example cards, over all states.
    ///
    /// # Errors
    /// When the registry refuses them: it has cards of these numbers.
    pub fn import_example_cards(&self) -> anyhow::Result<()> {
        self.import_cards(&root().join("registry/examples/cards.csv"))
    }

    /// Brings the cards of a CSV file.
    ///
    /// # Errors
    /// When the registry refuses them.
    pub fn import_cards(&self, file: &Path) -> anyhow::Result<()> {
        run(self.registry_command("import-cards").arg(file).stdout(std::process::Stdio::null()))
    }

    /// Address of the helper.
    #[must_use]
    pub fn helper_address(&self) -> String {
        format!("127.0.0.1:{}", self.options.helper_port)
    }

    /// The folder of the registry's database and keys.
    #[must_use]
    pub fn registry_data(&self) -> PathBuf {
        self.options.data.join("registry")
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.options.data
    }

    /// Fails when a part has ended by itself.
    ///
    /// # Errors
    /// Which part ended, and where its log is.
    pub fn check(&mut self) -> anyhow::Result<()> {
        for child in [self.office.as_mut(), self.helper.as_mut(), self.registry.as_mut()]
            .into_iter()
            .flatten()
        {
            child.check()?;
        }
        Ok(())
    }

    /// A command of the registry's program, for its data.
    #[must_use]
    pub fn registry_command(&self, subcommand: &str) -> Command {
        let mut registry = command(program("cardwright-registry"));
        registry.arg(subcommand).arg("--data").arg(self.options.data.join("registry"));
        registry
    }

    fn choose_port(&mut self) -> anyhow::Result<()> {
        let port = match self.options.port {
            0 => TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
            port => port,
        };
        self.url = format!("http://127.0.0.1:{port}");
        Ok(())
    }
}

impl Drop for Desk {
    /// The helper goes before the PC/SC service that it uses.
    fn drop(&mut self) {
        self.registry = None;
        self.helper = None;
        self.office = None;
    }
}

/// Starts a private PC/SC service with virtual readers and cards, and gives its socket.
fn start_office(data: &Path, readers: usize) -> anyhow::Result<(Child, PathBuf)> {
    let mut start = command(program("cardwright-virtual-card"));
    start.arg("office").args(["--readers", &readers.to_string()]);
    start.arg("--dir").arg(data.join("office"));
    let child = Child::start("virtual card office", &mut start, &data.join("office.log"))?;
    let socket = child.next_line()?;
    Ok((child, socket.into()))
}
