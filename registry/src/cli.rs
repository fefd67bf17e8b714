//! The command line.

use crate::actions::import::ImportError;
use crate::actions::{ActionError, accounts, import};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, ConfigError, PasswordCost};
use crate::data_dir::{DataDir, DataError};
use crate::passwords::{MIN_PASSWORD_LENGTH, Passwords, random_password};
use crate::registry::{OpenError, Registry};
use crate::server;
use cardwright_protocol::domain::Role;
use cardwright_seal::Secret;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::{net::SocketAddr, path::PathBuf};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// Owns temporary cards, their processes and secrets, and serves the app.
#[derive(Debug, Parser)]
#[command(name = "cardwright-registry", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the app until Ctrl-C or SIGTERM.
    ///
    /// Standard output has lines of words separated by tabs: at the first start
    /// `account NAME PASSWORD` for each account that was made, shown this once; and
    /// `listening ADDRESS` when the registry is ready.
    Serve(Serve),
    /// Give an account another password and end its sessions.
    ///
    /// The password is read from the terminal or from standard input, one line. A registry that
    /// runs need not be stopped.
    SetPassword(SetPassword),
    /// Add an account.
    ///
    /// Its name has 1 to 64 lower case letters, digits and `.`, `-`, `_`, `@`. The password is
    /// read from the terminal or from standard input, one line. A registry that runs need not be
    /// stopped.
    AddAccount(AddAccount),
    /// Print the key that verifies this registry's jobs: a helper's configuration needs it. Keys
    /// are made at first use.
    PublicKey(DataArgument),
    /// Take all cards of a CSV file, or none if anything in it is wrong.
    ///
    /// The columns are number, state, order, produced_on, expires_on and chip_id: 24 hexadecimal
    /// digits, the lasting bytes of the chip's CPLC, or nothing. A registry that runs need not be
    /// stopped.
    ImportCards(ImportCards),
}

#[derive(Debug, Args)]
struct DataArgument {
    /// Folder with the database and the key files.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    data: DataArgument,
    /// Configuration file [default: registry.toml in DIR, where there is one].
    ///
    /// It names the workstations ([[workstation]] with name, signing_key and sealing_key), the
    /// helper_ports of 127.0.0.1 on which the page looks for a helper, and the origins of the
    /// pages that may change something.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// Folder of the built app.
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SetPassword {
    /// Name of the account.
    name: String,
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    password: PasswordArgument,
}

#[derive(Debug, Args)]
struct AddAccount {
    /// Name of the account.
    name: String,
    /// What the account may do.
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.iter().map(|role| role.name())))]
    role: String,
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    password: PasswordArgument,
}

#[derive(Debug, Args)]
struct PasswordArgument {
    /// Make a random password and print it.
    #[arg(long)]
    generate: bool,
}

#[derive(Debug, Args)]
struct ImportCards {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is wrong.
    #[error("{path}: {source}")]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ConfigError,
    },
    /// Reading from the terminal, listening or serving failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why.
        source: io::Error,
    },
    /// The registry cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The command was refused, for the reason given.
    #[error("{0}")]
    Refused(String),
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// [`CliError`], for a person to read.
    pub async fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::Serve(command) => command.run().await,
            Command::SetPassword(command) => command.run().await,
            Command::AddAccount(command) => command.run().await,
            Command::PublicKey(DataArgument { data }) => {
                let data = DataDir::open_or_make(&data)?;
                let store = data.open_store().await?;
                let keys = data.open_keys(&store).await?;
                store.close().await.map_err(DataError::from)?;
                print(&[&keys.signing.verifying_key().to_string()])
            }
            Command::ImportCards(command) => command.run().await,
        }
    }
}

impl Serve {
    async fn run(self) -> Result<(), CliError> {
        let mut config = self.config()?;
        if let Some(app) = &self.app {
            // Without its page nothing of the app can be opened, and no answer would say why.
            let page = app.join("index.html");
            std::fs::metadata(&page).map_err(|source| CliError::File { path: page, source })?;
        }
        config.app = self.app;
        // The address is taken first: a second start on the same data ends here, having changed
        // nothing.
        let doing = format!("listening on {}", self.listen);
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.map_err(|source| CliError::Io { doing: doing.clone(), source })?;
        let address = listener.local_addr().map_err(|source| CliError::Io { doing, source })?;
        let shutdown = shutdown()?;
        let (registry, accounts) = Registry::open(&self.data.data, config).await?;
        for account in accounts {
            let password = String::from_utf8_lossy(account.password.expose());
            print(&["account", &account.name, &password])?;
        }
        print(&["listening", &format!("http://{address}")])?;
        tracing::info!(%address, "listening");
        let served = server::run(listener, registry, shutdown).await;
        served.map_err(|source| CliError::Io { doing: "serving".to_owned(), source })
    }

    fn config(&self) -> Result<Config, CliError> {
        let usual = DataDir::at(&self.data.data).config();
        let path = self.config.clone().unwrap_or_else(|| usual.clone());
        match std::fs::read_to_string(&path) {
            Ok(text) => Config::parse(&text).map_err(|source| CliError::Config { path, source }),
            Err(error) if self.config.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Ok(Config::default())
            }
            Err(source) => Err(CliError::File { path, source }),
        }
    }
}

impl SetPassword {
    async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let password = self.password.obtain()?;
        let (passwords, now) = (passwords()?, SystemClock.now());
        accounts::set_password(&store, &passwords, now, &self.name, password.clone())
            .await
            .map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        self.password.show(&password)
    }
}

impl AddAccount {
    async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        // The parser takes the names of roles only.
        let role = Role::from_name(&self.role);
        let role = role.ok_or_else(|| CliError::Refused("there is no such role".to_owned()))?;
        accounts::check_name(&self.name).map_err(refused)?;
        let password = self.password.obtain()?;
        let (passwords, now) = (passwords()?, SystemClock.now());
        accounts::add(&store, &passwords, now, &self.name, role, password.clone())
            .await
            .map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        self.password.show(&password)
    }
}

impl PasswordArgument {
    fn obtain(&self) -> Result<Secret, CliError> {
        match self.generate {
            true => random_password().map_err(|error| CliError::Refused(error.to_string())),
            false => read_password(),
        }
    }

    /// Shows a password that was made here.
    fn show(&self, password: &Secret) -> Result<(), CliError> {
        match self.generate {
            true => print(&["password", &String::from_utf8_lossy(password.expose())]),
            false => Ok(()),
        }
    }
}

fn passwords() -> Result<Passwords, CliError> {
    Passwords::new(PasswordCost::default()).map_err(|error| refused(error.into()))
}

fn refused(error: ActionError) -> CliError {
    CliError::Refused(in_words(&error))
}

impl ImportCards {
    async fn run(self) -> Result<(), CliError> {
        let text = std::fs::read(&self.file)
            .map_err(|source| CliError::File { path: self.file.clone(), source })?;
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let count = import::import(&store, SystemClock.now(), &text).await.map_err(|error| {
            CliError::Refused(match error {
                ImportError::Mistakes(mistakes) => {
                    format!("{}: no card was taken\n{mistakes}", self.file.display())
                }
                ImportError::Action(error) => in_words(&error),
            })
        })?;
        store.close().await.map_err(DataError::from)?;
        print(&["imported", &count.to_string()])
    }
}

fn in_words(error: &ActionError) -> String {
    match error {
        ActionError::Refused(problem) => problem.message.clone(),
        ActionError::Store(cause) => {
            let source = std::error::Error::source(cause).map(ToString::to_string);
            format!("{error}: {}", source.unwrap_or_else(|| cause.to_string()))
        }
        other => other.to_string(),
    }
}

/// Reads one line; a terminal does not show it.
fn read_password() -> Result<Secret, CliError> {
    let io = |source| CliError::Io { doing: "reading the password".to_owned(), source };
    let hidden = match io::stdin().is_terminal() {
        true => {
            write!(io::stderr(), "New password: ").map_err(io)?;
            Some(HiddenInput::begin().map_err(io)?)
        }
        false => None,
    };
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().read_line(&mut line);
    if hidden.is_some() {
        writeln!(io::stderr()).map_err(io)?;
    }
    read.map_err(io)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.chars().count() < MIN_PASSWORD_LENGTH {
        let message = format!("a password has at least {MIN_PASSWORD_LENGTH} characters");
        return Err(CliError::Refused(message));
    }
    Ok(Secret::from(password.as_bytes()))
}

/// While it lives, the terminal does not show what is typed.
#[cfg(unix)]
struct HiddenInput(rustix::termios::Termios);

#[cfg(unix)]
impl HiddenInput {
    fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing is left to be done when the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Here the terminal shows what is typed; `--generate` avoids it.
#[cfg(not(unix))]
struct HiddenInput;

#[cfg(not(unix))]
impl HiddenInput {
    fn begin() -> io::Result<Self> {
        Ok(Self)
    }
}

/// One line of words separated by tabs, at once.
fn print(words: &[&str]) -> Result<(), CliError> {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{}", words.join("\t")).and_then(|()| output.flush());
    written.map_err(|source| CliError::Io { doing: "printing".to_owned(), source })
}

/// Ready at the first Ctrl-C or SIGTERM.
fn shutdown() -> Result<impl Future<Output = ()> + Send + 'static, CliError> {
    #[cfg(unix)]
    let mut terminated = {
        use tokio::signal::unix::{SignalKind, signal};
        let doing = "waiting for SIGTERM".to_owned();
        signal(SignalKind::terminate()).map_err(|source| CliError::Io { doing, source })?
    };
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminated.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}
