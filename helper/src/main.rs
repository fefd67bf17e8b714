//! The helper's command line.

use anyhow::Context as _;
use cardwright_helper::config::Config;
use cardwright_helper::journal::Journal;
use cardwright_helper::keys::Keys;
use cardwright_helper::log::Log;
use cardwright_helper::{Error, list_readers, run};
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Owns the smart card readers of this workstation and executes what its Cardwright registry
/// signed.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages on 127.0.0.1 until SIGTERM or Ctrl-C.
    ///
    /// Prints `listening`, a tab and the address when it is ready. Running jobs are stopped
    /// between two steps at the end. The log goes to the standard error; `RUST_LOG` says how much
    /// (default: info).
    Run {
        /// Folder with this helper's private keys and its journal (made at first use, mode 0700);
        /// one helper at a time uses it.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Configuration, TOML. Unknown fields are refused.
        ///
        /// workstation = "desk-1": the name under which the registry knows this helper.
        /// registry_key = "HEX": the registry's public key, 64 hexadecimal digits.
        /// origins = ["https://cards.example.org"]: pages that may use this helper, exactly as
        /// browsers send `Origin`.
        /// port = 8421: 0 takes any free port.
        /// hosts = ["127.0.0.1:8421", "localhost:8421"]: values of `Host` that are let in.
        /// [limits] inspection_seconds = 10, command_seconds = 30, generation_seconds = 150 (at
        /// least 120): how long a chip may be silent.
        #[arg(long, value_name = "FILE", verbatim_doc_comment)]
        config: PathBuf,
    },
    /// Print this helper's public keys, for its registry; make the private ones at first use.
    ///
    /// Two lines: `signing-key`, a tab, 64 hexadecimal digits; `sealing-key` likewise.
    Keys {
        /// Folder with this helper's private keys (made at first use, mode 0700).
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Print the readers of this workstation and what is in each; needs no data and makes none.
    ///
    /// One line for each reader: its name, a tab, `empty` or `card`. No line when there is none.
    /// Fails when no PC/SC service answers.
    Readers,
}

/// An error is one line for a person, whatever the environment says of backtraces.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = Log::start();
    let executed = match &log {
        Ok(_) => execute(arguments.command),
        Err(error) => Err(anyhow::anyhow!("cannot start a thread: {error}")),
    };
    drop(log);
    match executed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error the exit code says it alone.
            let _ = writeln!(std::io::stderr(), "cardwright-helper: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { data, config } => {
            let config = Config::read(&config)?;
            let keys = Keys::open(&data)?;
            let journal = Journal::open(&data)?;
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .context("cannot start the runtime")?
                .block_on(serve(config, keys, journal))
        }
        Command::Keys { data } => {
            let keys = Keys::open(&data)?;
            let mut out = std::io::stdout();
            writeln!(out, "signing-key\t{}", keys.signing.verifying_key())?;
            writeln!(out, "sealing-key\t{}", keys.opening.sealing_key())?;
            Ok(())
        }
        Command::Readers => {
            let mut out = std::io::stdout();
            for reader in list_readers()? {
                let content = if reader.has_card { "card" } else { "empty" };
                writeln!(out, "{}\t{content}", reader.name)?;
            }
            Ok(())
        }
    }
}

async fn serve(config: Config, keys: Keys, journal: Journal) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, config.port));
    let listener =
        TcpListener::bind(address).await.map_err(|cause| Error::Bind { address, cause })?;
    // Taken before anybody is told that this helper is ready, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut out = std::io::stdout();
    writeln!(out, "listening\t{}", listener.local_addr()?)?;
    out.flush()?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    run(listener, config, keys, journal, shutdown).await?;
    Ok(())
}
