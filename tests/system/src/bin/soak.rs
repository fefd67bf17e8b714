//! Random schedules, as many as wanted: `cargo xtask soak`.

use cardwright_system::failures_of;
use cardwright_system::schedule::Schedule;
use clap::Parser;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs random schedules of tears, kills and recoveries over the whole system.
#[derive(Parser)]
struct Arguments {
    /// Seed of the first schedule; the others follow it.
    #[arg(long)]
    seed: u64,
    /// How many schedules.
    #[arg(long)]
    count: u64,
    /// Desks side by side.
    #[arg(long, default_value_t = 4)]
    lanes: usize,
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let Arguments { seed, count, lanes } = Arguments::parse();
    eprintln!("soak: {count} schedules from seed {seed}");
    let seeds = (0..count).map(|number| seed.wrapping_add(number));
    let schedules = seeds.map(Schedule::from_seed).collect();
    let done = AtomicU64::new(0);
    let failures = failures_of(
        lanes,
        schedules,
        async |lane, schedule| schedule.run(lane).await,
        |failed| {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            eprint!("\rsoak: {done} of {count} done, {failed} failed ");
        },
    );
    eprintln!();
    for failure in &failures {
        eprintln!("\n{failure}");
    }
    match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
