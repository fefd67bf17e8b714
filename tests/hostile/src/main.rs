//! What a hostile peer can cost the helper: generated heads and frames against its real parsers, and
//! its real program under attack, while honest pages are measured.

mod attack;
mod honest;
mod parsers;

use anyhow::ensure;
use clap::Parser;
use std::fmt::Display;
use std::io::{self, Write as _};
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
    if cfg!(debug_assertions) {
        writeln!(io::stdout(), "# not an optimized build: times mean nothing")?;
    }
    for (kind, count) in parsers::feed(arguments.inputs).counts() {
        figure(kind, count, "inputs")?;
    }
    let files = attack::raise_limit();
    let target = attack::Target::start()?;
    for attack in attack::ALL {
        let name = attack.name();
        let watch = honest::Watch::begin(&target).await;
        let opened = attack.run(&target, &arguments, files).await;
        let served = watch.end().await?;
        let memory = target.most_memory()?;
        figure(&format!("{name}.connections"), opened, "connections")?;
        figure(&format!("{name}.answers"), served.asked, "answers")?;
        let [answer, page] = [served.slowest_answer, served.slowest_page];
        figure(&format!("{name}.slowest_answer"), answer.as_millis(), "ms")?;
        figure(&format!("{name}.pages"), served.opened, "pages")?;
        figure(&format!("{name}.slowest_page"), page.as_millis(), "ms")?;
        figure(&format!("{name}.most_memory"), memory, "KiB")?;
        if let Some(within) = arguments.within.map(Duration::from_millis) {
            ensure!(answer <= within, "a page with a ticket waited");
            ensure!(page <= within, "a new page waited");
        }
        ensure!(memory <= MOST_MEMORY, "the helper took too much memory");
    }
    Ok(())
}

/// One line: name, value and unit, with tabs between.
fn figure(name: &str, value: impl Display, unit: &str) -> io::Result<()> {
    writeln!(io::stdout(), "helper.{name}\t{value}\t{unit}")
}
