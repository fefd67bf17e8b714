//! `cargo xtask soak`: random schedules over the whole system, as many as wanted.

use crate::build;
use crate::sh::{cargo, run};
use std::time::{SystemTime, UNIX_EPOCH};

/// Options of `cargo xtask soak`.
#[derive(clap::Args)]
pub struct Options {
    /// Seed of the first schedule; without it, one that no run had before. The others follow it.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many schedules.
    #[arg(long, value_name = "N", default_value_t = 500)]
    count: u64,
}

/// Builds what runs, and runs the schedules.
///
/// # Errors
/// When something does not build, or a schedule lost something: each is named with its seed.
pub fn soak(options: &Options) -> anyhow::Result<()> {
    build::programs()?;
    let seed = match options.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() * 1_000,
    };
    run(cargo()
        .args(["run", "--quiet", "--locked", "--package", "cardwright-system", "--bin", "soak"])
        .args(["--", "--seed", &seed.to_string(), "--count", &options.count.to_string()]))
}
