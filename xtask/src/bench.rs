//! `cargo xtask bench`: figures, one a line, that can be compared from version to version.

use crate::sh::{cargo, command, run, say};
use crate::{build, tools};

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

/// What is measured.
#[derive(clap::Subcommand)]
enum What {
    /// How long a chip takes: our verified job beside other tools' unverified ones.
    ///
    /// Each figure is a line on standard output: its name, its value and its unit, with tabs
    /// between. Lines that begin with `#` are remarks: each side's profile, key algorithms and
    /// number of commands, and times, which mean nothing on another machine.
    ///
    /// encode.commands: commands of our job, as its receipt says.
    ///
    /// encode.vs_yubico_piv_tool, encode.vs_opensc, encode.vs_bare: the median over all pairs of
    /// our time divided by theirs, each on fresh cards of one kind behind one PC/SC service. Ours
    /// is what a page sees, from `accepted` to `ended`; theirs is that of all their processes; bare
    /// is one process, connected to the service already, that sends the commands of our job.
    ///
    /// The same with `_50ms`: every command takes the card 50 ms more.
    ///
    /// encode.four_readers_vs_one_50ms: four jobs at the same time in four readers, from the first
    /// `accepted` to the last `ended`, divided by one.
    Encode(EncodeOptions),
    /// What an audit log of many events costs the registry, as the page and the verifier use it.
    ///
    /// Each figure is a line on standard output, as those of `encode`. They are times and memory of
    /// this machine: compare them with those of the same machine only.
    ///
    /// audit.append_to_few, audit.append_to_many: a request that records one event and finds none,
    /// before and after all of them are there. audit.append_many: events of one import a second.
    ///
    /// audit.search_...: a page of a search.
    ///
    /// audit.export_first_byte, audit.export: an export of everything, until its begin and its end.
    /// audit.export_memory, audit.export_memory_more: the most memory that the registry took
    /// meanwhile, and how much more than before.
    ///
    /// audit.verify_export, audit.verify_log, and the same with `_memory`: `verify-audit` over the
    /// export and over the database.
    Audit(AuditOptions),
}

#[derive(clap::Args)]
struct AuditOptions {
    /// How many events the log has.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events: u64,
}

#[derive(clap::Args)]
struct EncodeOptions {
    /// How many pairs are measured for each ratio; three times as many where no delay is added.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pairs: usize,
}

/// Builds everything as it is released, and measures.
///
/// # Errors
/// When something cannot be installed or built, or a side does not do its work.
pub fn bench(options: &Options) -> anyhow::Result<()> {
    match &options.what {
        What::Encode(options) => encode(options),
        What::Audit(options) => audit(options),
    }
}

fn audit(options: &AuditOptions) -> anyhow::Result<()> {
    say("building registry and measurement, optimized");
    let packages = ["--package", "cardwright-registry", "--package", "cardwright-bench"];
    run(cargo().args(["build", "--quiet", "--locked", "--release"]).args(packages))?;
    let mut measure = command(build::release_program("cardwright-bench"));
    run(measure.args(["audit", "--events", &options.events.to_string()]))
}

fn encode(options: &EncodeOptions) -> anyhow::Result<()> {
    tools::install_to_bench()?;
    say("building helper, virtual card and measurement, optimized");
    run(cargo().args(["build", "--quiet", "--locked", "--release"]).args([
        "--package",
        "cardwright-helper",
        "--package",
        "cardwright-virtual-card",
        "--package",
        "cardwright-bench",
    ]))?;
    let mut measure = command(build::release_program("cardwright-bench"));
    run(measure.args(["encode", "--pairs", &options.pairs.to_string()]))
}
