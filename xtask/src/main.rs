//! `cargo xtask`: run the product, test it.

use clap::{Parser, Subcommand};
use xtask::{run, test};

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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::test(&options),
    }
}
