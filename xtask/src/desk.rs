//! One desk: registry, helper and, where no reader is at hand, a virtual card office.
//!
//! The helper is enrolled at the registry by a one-time code, as any other. Everything is below one
//! data folder; what was started ends when the [`Desk`] is dropped.

mod child;

use crate::build::program;
use crate::sh::{answer, command, output, root, run};
use anyhow::{Context as _, bail};
pub use child::Child;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// What the registry calls this desk.
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
    /// How browsers reach the registry by https; without it, by http on 127.0.0.1.
    pub https: Option<Https>,
    /// Whether registry and helper log all that they can, for whoever looks for secrets in it.
    pub verbose: bool,
    /// For how many seconds a chip may be silent, at least 120; without it, as the helper is made.
    pub chip_seconds: Option<u16>,
}

/// A registry that browsers reach by https, under another name than this computer's own.
#[derive(Debug, Clone)]
pub struct Https {
    /// The name.
    pub name: String,
    /// PEM, for this name and for `localhost`, by which the helper is enrolled.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
    /// PEM: who vouches for the certificate.
    pub authority: PathBuf,
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
        // The registry tells pages the helper's port, and the helper lets in pages of the
        // registry's port: free ports are chosen before they are taken. Should somebody else take
        // one first, choose again.
        let wanted = (desk.options.port, desk.options.helper_port);
        let mut tries = if wanted.0 == 0 || wanted.1 == 0 { 3 } else { 1 };
        loop {
            (desk.options.port, desk.options.helper_port) = wanted;
            match desk.start_on_free_ports() {
                Err(_) if tries > 1 => tries -= 1,
                done => break done?,
            }
        }
        Ok(desk)
    }

    fn start_on_free_ports(&mut self) -> anyhow::Result<()> {
        for port in [&mut self.options.port, &mut self.options.helper_port] {
            if *port == 0 {
                *port = free_port()?;
            }
        }
        self.url = match &self.options.https {
            Some(https) => format!("https://{}:{}", https.name, self.options.port),
            None => format!("http://127.0.0.1:{}", self.options.port),
        };
        self.start_registry()?;
        self.enrol_helper()?;
        self.start_helper()
    }

    /// Enrols the helper at the registry, unless it knows this registry's pages already.
    fn enrol_helper(&self) -> anyhow::Result<()> {
        let data = self.options.data.join("helper");
        let enrolment = std::fs::read_to_string(data.join("enrolment.toml")).unwrap_or_default();
        if enrolment.contains(&format!("\"{}\"", self.url)) {
            return Ok(());
        }
        let added = output(self.registry_command("add-workstation").arg(WORKSTATION))?;
        let code = added
            .lines()
            .find_map(|line| line.strip_prefix("code\t"))
            .context("the registry prints no code")?;
        let mut enroll = command(program("cardwright-helper"));
        enroll.arg("enroll");
        match &self.options.https {
            Some(https) => {
                enroll.arg(format!("https://localhost:{}", self.options.port));
                enroll.arg("--ca").arg(&https.authority)
            }
            None => enroll.arg(&self.url),
        };
        enroll.arg("--data").arg(&data);
        answer(&mut enroll, code).map(drop)
    }

    /// Starts the helper, on the port that it had before if it ran before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_helper(&mut self) -> anyhow::Result<()> {
        self.helper = None;
        let data = self.options.data.join("helper");
        let config = self.options.data.join("helper.toml");
        let mut text = format!("port = {}\n", self.options.helper_port);
        if let Some(seconds) = self.options.chip_seconds {
            text += "[limits]\n";
            for what in ["inspection", "command", "generation"] {
                text += &format!("{what}_seconds = {seconds}\n");
            }
        }
        std::fs::write(&config, text)?;
        let mut start = command(program("cardwright-helper"));
        start.arg("run").arg("--data").arg(&data).arg("--config").arg(&config);
        if let Readers::Socket(socket) = &self.options.readers {
            start.env("PCSCLITE_CSOCK_NAME", socket);
        }
        self.set_log_level(&mut start);
        let helper = Child::start("helper", &mut start, &self.options.data.join("helper.log"))?;
        helper.wait_for_line("listening\t")?;
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

    /// Number of the helper's process, while it was started and not ended.
    #[must_use]
    pub fn helper_id(&self) -> Option<u32> {
        self.helper.as_ref().map(Child::id)
    }

    /// Whether the helper ended by itself, and how.
    ///
    /// # Errors
    /// When it was not started.
    pub fn helper_end(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.helper.as_mut().context("the helper does not run")?.end()
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
        let mut text = format!("helper_ports = [{}]\n", self.options.helper_port);
        if self.options.https.is_some() {
            let local = format!("https://localhost:{}", self.options.port);
            text += &format!("origins = [\"{}\", \"{local}\"]\n", self.url);
        }
        std::fs::write(&config, text)?;
        let mut start = self.registry_command("serve");
        start.arg("--config").arg(&config);
        if let Some(app) = &self.options.app {
            start.arg("--app").arg(app);
        }
        if let Some(https) = &self.options.https {
            start.arg("--tls-cert").arg(&https.certificate);
            start.arg("--tls-key").arg(&https.key);
        }
        start.args(["--listen", &format!("127.0.0.1:{}", self.options.port)]);
        self.set_log_level(&mut start);
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

    fn set_log_level(&self, start: &mut Command) {
        if self.options.verbose {
            start.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        }
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
}

impl Drop for Desk {
    /// The helper goes before the PC/SC service that it uses.
    fn drop(&mut self) {
        self.registry = None;
        self.helper = None;
        self.office = None;
    }
}

/// A port that nobody has now. Systems take other ports, from 32768 on, for whoever asks for any
/// and for connections going out: so a part that is ended and started again finds its port free.
fn free_port() -> anyhow::Result<u16> {
    for _ in 0..100 {
        let port = 20_000 + (RandomState::new().build_hasher().finish() % 12_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from 20000 to 31999 is free")
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
