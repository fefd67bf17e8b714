//! `cargo xtask soak`: random schedules over the whole system, or hostile traffic at one of its
//! doors, as much as wanted. Nothing else is to run on the machine: here, unlike in the tests, who
//! waits too long is a failure.

use crate::build;
use crate::sh::{cargo, command, run, say};
use std::time::{SystemTime, UNIX_EPOCH};

/// Options of `cargo xtask soak`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    traffic: Option<Traffic>,
    #[command(flatten)]
    schedules: Schedules,
}

/// Random schedules.
#[derive(clap::Args)]
struct Schedules {
    /// Seed of the first schedule; without it, one that no run had before. The others follow it.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many schedules.
    #[arg(long, value_name = "N", default_value_t = 500)]
    count: u64,
}

/// What an honest page may wait at most at the helper, in milliseconds.
const HELPER_WITHIN: &str = "1000";

/// Hostile traffic, at optimized builds. Each figure is a line on standard output: its name, its
/// value and its unit, with tabs between.
#[derive(clap::Subcommand)]
enum Traffic {
    /// HTTP heads that nobody would send who means well, at the registry's parser and guard.
    RegistryHeads {
        /// How many heads.
        #[arg(long, value_name = "N", default_value_t = 500_000)]
        count: u64,
    },
    /// Connections to the registry that never do what they began, while one client is honest.
    RegistryConnections {
        /// How many connections.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        count: u64,
    },
    /// 500000 heads and as many frames at the helper's parsers, then floods of 10000 connections
    /// and messages of 100 MB at the helper, while two pages are honest: none waits for more than
    /// a second, and the helper takes at most 64 MB.
    Helper,
}

/// Builds what runs, and runs what is asked for.
///
/// # Errors
/// When something does not build, or something went wrong: each schedule that lost something is
/// named with its seed.
pub fn soak(options: &Options) -> anyhow::Result<()> {
    match &options.traffic {
        None => schedules(&options.schedules),
        Some(Traffic::RegistryHeads { count }) => registry("hostile_heads::", *count),
        Some(Traffic::RegistryConnections { count }) => registry("flood::", *count),
        Some(Traffic::Helper) => helper(),
    }
}

fn schedules(options: &Schedules) -> anyhow::Result<()> {
    build::programs()?;
    let seed = match options.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() * 1_000,
    };
    run(cargo()
        .args(["run", "--quiet", "--locked", "--package", "cardwright-system", "--bin", "soak"])
        .args(["--", "--seed", &seed.to_string(), "--count", &options.count.to_string()]))
}

/// A test of the registry, with so many of what it sends.
fn registry(test: &str, count: u64) -> anyhow::Result<()> {
    say("building the registry and its attacker, optimized");
    run(cargo()
        .env("CARDWRIGHT_COUNT", count.to_string())
        .args(["test", "--quiet", "--locked", "--release", "--package", "cardwright-registry"])
        .args(["--test", "it", "--", "--nocapture", test]))
}

/// The helper and its attacker, who looks for it beside itself.
fn helper() -> anyhow::Result<()> {
    say("building the helper and its attacker, optimized");
    let packages = ["--package", "cardwright-helper", "--package", "cardwright-hostile"];
    run(cargo().args(["build", "--quiet", "--locked", "--release"]).args(packages))?;
    run(command(build::release_program("hostile-helper")).args(["--within", HELPER_WITHIN]))
}
