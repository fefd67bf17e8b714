//! The helper's command line.

use anyhow::Context as _;
use cardwright_helper::config::Config;
use cardwright_helper::enroll::{RegistryAddress, Running, Trust, ask_for_code, enroll};
use cardwright_helper::enrolment::Enrolment;
use cardwright_helper::journal::Journal;
use cardwright_helper::keys::Keys;
use cardwright_helper::log::Log;
use cardwright_helper::{Error, list_readers, listen, platform, run};
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

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
        /// Folder with this helper's keys, its enrolment and its journal; one helper at a time uses
        /// it.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Configuration, TOML; all of it has defaults. Unknown fields are refused.
        ///
        /// port = 8421: 0 takes any free port; unless it is there, the first of 8421 to 8425 that
        /// is free.
        /// hosts = ["127.0.0.1:8421", "localhost:8421"]: values of `Host` that are let in.
        /// [limits] inspection_seconds = 10, command_seconds = 30, generation_seconds = 150 (at
        /// least 120): how long a chip may be silent.
        /// [limits] ticket_seconds = 60 (at most): how long a page may ask with one ticket.
        #[arg(long, value_name = "FILE", verbatim_doc_comment)]
        config: Option<PathBuf>,
    },
    /// Make this helper and a registry known to each other, by a one-time code.
    ///
    /// The code is asked for at the terminal, or is one line of the standard input where that is
    /// no terminal. Prints `enrolled`, a tab and the workstation's name. An earlier enrolment is
    /// replaced when the new one is proved; private keys are made at first use, and kept.
    Enroll {
        /// Address of the registry, such as https://cards.example.org. Plain http is for a registry
        /// on this computer.
        url: String,
        /// Folder with this helper's keys, its enrolment and its journal (made at first use, mode
        /// 0700).
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Certificates of CAs (PEM) that are trusted beside those of this computer.
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
    /// Print what this helper knows of its registry.
    ///
    /// Lines of a name, a tab and a value: `registry`, `registry-key`, `workstation`, `name`,
    /// `origin` (one or more), `signing-key`, `sealing-key`. Nothing in them is secret.
    Status {
        /// Folder with this helper's keys, its enrolment and its journal.
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
            platform::prepare();
            let config =
                config.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))?;
            // A folder that is not enrolled gets no journal, either.
            Enrolment::read(&data)?;
            let journal = Journal::open(&data)?;
            // Nobody enrolls it at another registry from here on.
            let enrolment = Enrolment::read(&data)?;
            let keys = Keys::open(&data)?;
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .context("cannot start the runtime")?
                .block_on(serve(config, enrolment, keys, journal))
        }
        Command::Enroll { url, data, ca } => {
            // The private keys and the code are in its memory.
            platform::prepare();
            let registry = RegistryAddress::parse(&url).map_err(Error::from)?;
            let trust = Trust::load(ca.as_deref()).map_err(Error::from)?;
            let keys = Keys::open_or_make(&data)?;
            let code = ask_for_code().map_err(Error::from)?;
            let (enrolment, running) = enroll(&registry, &trust, &data, &keys, &code)?;
            writeln!(std::io::stdout(), "enrolled\t{}", enrolment.name)?;
            if running == Running::Yes {
                writeln!(
                    std::io::stderr(),
                    "Start the helper again: the one that runs is not told."
                )?;
            }
            Ok(())
        }
        Command::Status { data } => {
            let enrolment = Enrolment::read(&data)?;
            let keys = Keys::open(&data)?;
            let mut out = std::io::stdout();
            writeln!(out, "registry\t{}", enrolment.registry)?;
            writeln!(out, "registry-key\t{}", enrolment.registry_key)?;
            writeln!(out, "workstation\t{}", enrolment.workstation)?;
            writeln!(out, "name\t{}", enrolment.name)?;
            for origin in enrolment.origins {
                writeln!(out, "origin\t{origin}")?;
            }
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

async fn serve(
    config: Config,
    enrolment: Enrolment,
    keys: Keys,
    journal: Journal,
) -> anyhow::Result<()> {
    let listener = listen(config.port)?;
    // Taken before anybody is told that this helper is ready, so that no signal is missed.
    let shutdown = platform::told_to_end()?;
    let mut out = std::io::stdout();
    writeln!(out, "listening\t{}", listener.local_addr()?)?;
    out.flush()?;
    run(listener, config, enrolment, keys, journal, shutdown).await?;
    Ok(())
}
