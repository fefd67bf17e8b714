//! `cargo xtask`: run the product, test it, measure it.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use xtask::{bench, run, soak, test};

/// Everything that is done with the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds and starts the whole product on this computer.
    Run(run::Options),
    /// Runs all tests, or a part of them.
    Test(test::Options),
    /// Runs random schedules of tears, kills and recoveries over the whole system, or hostile
    /// traffic.
    Soak(soak::Options),
    /// Measures, and prints a figure a line.
    Bench(bench::Options),
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::test(&options),
        Task::Soak(options) => soak::soak(&options),
        Task::Bench(options) => bench::bench(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncardwright: {error:#}");
            ExitCode::FAILURE
        }
    }
}
