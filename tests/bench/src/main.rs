//! Measures Cardwright: a job beside the tools that people use today, on virtual cards behind the
//! real PC/SC service, and the audit log at the size that it has after years.
//!
//! Of a job only ratios mean something: both sides of each are measured a moment apart, on the same
//! machine, with the same service and the same kind of card.

mod audit;
mod bare;
mod encode;
mod figures;
mod helper;
mod place;
mod script;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cardwright-bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure how long a chip takes; `cargo xtask bench encode --help` says what is printed.
    Encode(encode::Options),
    /// Measure a large audit log; `cargo xtask bench audit --help` says what is printed.
    Audit(audit::Options),
    /// Send bare commands as lines on standard input say: for `encode` alone.
    #[command(hide = true)]
    Bare,
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Encode(options) => encode::run(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Bare => bare::serve(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cardwright-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
