//! What a hostile peer can cost the helper: generated heads and frames against its real parsers, and
//! its real program under attack, while honest pages are measured.

mod attack;
mod honest;
mod parsers;

use anyhow::ensure;
use clap::Parser;
use honest::Served;
use std::io::Write as _;
use std::time::Duration;

/// Attacks the helper that was built beside this program, prints how honest pages are served
/// meanwhile, and fails when the helper's memory passes 64 MB.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many heads, and as many frames, the parsers are given.
    #[arg(long, default_value_t = 500_000)]
    inputs: u64,
    /// How many connections each flood opens.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Length of the longest message, in megabytes.
    #[arg(long, default_value_t = 100)]
    megabytes: usize,
    /// Fail when an honest page waits longer than this; without it, waits are measured only.
    #[arg(long, value_name = "MILLISECONDS")]
    within: Option<u64>,
}

/// The most memory that the helper may have had, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout();
    let parsed = parsers::feed(arguments.inputs);
    writeln!(out, "heads\t{}\t{parsed:?}", arguments.inputs)?;
    attack::raise_limit();
    let target = attack::Target::start()?;
    for attack in attack::ALL {
        let watch = honest::Watch::begin(&target).await;
        attack.run(&target, &arguments).await;
        let Served { asked, slowest_answer, opened, slowest_page } = watch.end().await?;
        let memory = target.most_memory()?;
        writeln!(
            out,
            "{attack:?}\tanswers {asked}, slowest {slowest_answer:?}\tpages {opened}, slowest \
             {slowest_page:?}\tmemory {memory} KiB"
        )?;
        if let Some(within) = arguments.within.map(Duration::from_millis) {
            ensure!(slowest_answer <= within, "a page with a ticket waited");
            ensure!(slowest_page <= within, "a new page waited");
        }
        ensure!(memory <= MOST_MEMORY, "the helper took too much memory");
    }
    Ok(())
}
