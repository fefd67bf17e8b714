//! The registry as a program.

use cardwright_log::{Counting, limited};
use cardwright_registry::cli::Cli;
use clap::Parser as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// An error is one line for a person, whatever the environment says of backtraces.
#[tokio::main]
async fn main() -> ExitCode {
    let dumps = without_core_dumps();
    let counting = match start_log() {
        Ok(counting) => counting,
        Err(error) => return failed(ExitCode::FAILURE, &format!("cannot start a thread: {error}")),
    };
    if let Err(error) = dumps {
        tracing::warn!(%error, "a crash may leave a file with secrets behind");
    }
    let ran = Cli::parse().run().await;
    // The last of the log, before what is said behind it.
    drop(counting);
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = ExitCode::from(error.exit_code());
            let error = anyhow::Error::from(error);
            // Some errors say their cause themselves.
            let mut said = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                if !said.contains(&cause) {
                    said = format!("{said}: {cause}");
                }
            }
            failed(code, &said)
        }
    }
}

fn failed(code: ExitCode, said: &str) -> ExitCode {
    // Without a standard error the exit code says it alone.
    let _ = writeln!(io::stderr(), "cardwright-registry: {said}");
    code
}

/// Starts the log on the standard error. Each kind of line has its limit: whoever floods this
/// registry does not fill the disk with it.
fn start_log() -> io::Result<Counting> {
    let (limited, counting) = limited(io::stderr())?;
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn"));
    let written = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        // A line that cannot be written, to a full disk or a closed pipe, is lost. Telling of it
        // on that same standard error would panic.
        .log_internal_errors(false)
        .with_filter(limited);
    tracing_subscriber::registry().with(filter).with(written).init();
    Ok(counting)
}

/// A crash leaves no file with what was in memory.
#[cfg(unix)]
fn without_core_dumps() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // Of 0, Linux takes no notice where the system hands dumps to a program (core(5)); of 1, always.
    let least = getrlimit(Resource::Core).maximum.map_or(1, |maximum| maximum.min(1));
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(least), maximum: Some(least) })?)
}

#[cfg(not(unix))]
fn without_core_dumps() -> std::io::Result<()> {
    Ok(())
}
