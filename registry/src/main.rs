//! The registry as a program.

use cardwright_registry::cli::Cli;
use clap::Parser as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// An error is one line for a person, whatever the environment says of backtraces.
#[tokio::main]
async fn main() -> ExitCode {
    let dumps = without_core_dumps();
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // A line that cannot be written, to a full disk or a closed pipe, is lost. Telling of it
        // on that same standard error would panic.
        .log_internal_errors(false)
        .init();
    if let Err(error) = dumps {
        tracing::warn!(%error, "a crash may leave a file with secrets behind");
    }
    match Cli::parse().run().await {
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
            // Without a standard error the exit code says it alone.
            let _ = writeln!(std::io::stderr(), "cardwright-registry: {said}");
            code
        }
    }
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
