//! `audit`: appending to, searching, exporting and verifying an audit log of many events.

mod client;
mod process;

use crate::figures::{median, print, progress, remark};
use crate::helper::beside_us;
use anyhow::{Context as _, ensure};
use client::Client;
use process::{Peak, Registry};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Options of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many events the log has.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events: u64,
    /// How often each search and each single event is measured.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Folder for the registry's data, which should be on a disk; without it, the one of this
    /// program.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Rows of a page, as the app asks for them.
const ROWS: u64 = 25;

/// Measures and prints everything.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let place = match &options.data {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default(),
    };
    let folder = tempfile::tempdir_in(place)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(folder.path(), options))
}

async fn measure(folder: &Path, options: &Options) -> anyhow::Result<()> {
    progress("starting a registry");
    let data = folder.join("data");
    let registry = Registry::start(&data)?;
    let client = Client::log_in(&registry).await?;
    let event = append(&client, options.rounds).await?;
    print("audit.append_to_few", milliseconds(event), "ms");

    progress(&format!("recording {} events", options.events));
    let many = import(folder, &data, options.events)?;
    print("audit.append_many", options.events as f64 / many.as_secs_f64(), "events/s");
    let event = append(&client, options.rounds).await?;
    print("audit.append_to_many", milliseconds(event), "ms");

    progress("searching");
    search(&client, options).await?;

    progress("exporting");
    let before = registry.forget_peak()?;
    let (export, first, whole) = export(&client, folder).await?;
    let length = std::fs::metadata(&export)?.len();
    remark(&format!("the export has {length} bytes; the registry had {before} KiB before it"));
    print("audit.export_first_byte", milliseconds(first), "ms");
    print("audit.export", whole.as_secs_f64(), "s");
    print("audit.export_memory", registry.peak()?, "KiB");
    print("audit.export_memory_more", registry.peak()?.saturating_sub(before), "KiB");

    progress("verifying");
    let key = registry_command("public-key").arg("--data").arg(&data).output()?;
    let key = String::from_utf8(key.stdout)?;
    let mut offline = registry_command("verify-audit");
    verify(
        "audit.verify_export",
        offline.arg("--export").arg(&export).args(["--key", key.trim()]),
    )?;
    let mut online = registry_command("verify-audit");
    verify("audit.verify_log", online.arg("--data").arg(&data))
}

fn registry_command(name: &str) -> Command {
    // A program that is not there says so when it is started.
    let mut command = Command::new(beside_us("cardwright-registry").unwrap_or_default());
    command.arg(name);
    command
}

/// Records one event at a time: an export of nothing.
async fn append(client: &Client, rounds: usize) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        client.get("/audit/export?card=none-of-them").await?;
        times.push(begun.elapsed());
    }
    Ok(middle(times))
}

/// Records an event for each card of a list.
fn import(folder: &Path, data: &Path, events: u64) -> anyhow::Result<Duration> {
    let mut list = String::from("number,state,order,produced_on,expires_on,chip_id\n");
    for number in 1..=events {
        writeln!(list, "TC-{number:08},produced,B-{},2026-11-02,2032-11-01,", number % 100)?;
    }
    let file = folder.join("cards.csv");
    std::fs::write(&file, list)?;
    let begun = Instant::now();
    let mut import = registry_command("import-cards");
    let done = import.arg(&file).arg("--data").arg(data).stdout(Stdio::null()).status()?;
    ensure!(done.success(), "the list is taken");
    Ok(begun.elapsed())
}

async fn search(client: &Client, options: &Options) -> anyhow::Result<()> {
    let total = client.search("size=1").await?;
    ensure!(total > options.events, "all events are found: {total}");
    let last = total.div_ceil(ROWS);
    let middle_card = format!("card=TC-{:08}", options.events / 2);
    for (name, query) in [
        ("first_page", String::new()),
        ("last_page", format!("page={last}")),
        ("frequent_kind", "kind=card.".to_owned()),
        ("frequent_kind_far", format!("kind=card.&page={}", options.events / ROWS)),
        ("rare_kind", "kind=session.".to_owned()),
        ("frequent_account", "by=registry".to_owned()),
        ("frequent_account_far", format!("by=registry&page={}", options.events / ROWS)),
        ("rare_account", "by=admin".to_owned()),
        ("unknown_account", "by=nobody-like-it".to_owned()),
        ("one_card", middle_card),
        ("all_days", "from=2000-01-01&to=2100-01-01".to_owned()),
        ("all_days_far", format!("from=2000-01-01&to=2100-01-01&page={last}")),
        ("no_days", "from=2000-01-01&to=2000-12-31".to_owned()),
        ("kind_of_days", "kind=card.&from=2000-01-01&to=2100-01-01".to_owned()),
        ("frequent_text", "text=bureau".to_owned()),
        ("no_text", "text=nothing-like-it".to_owned()),
    ] {
        let mut times = Vec::new();
        for _ in 0..options.rounds {
            let begun = Instant::now();
            client.search(&format!("{query}&size={ROWS}")).await?;
            times.push(begun.elapsed());
        }
        print(&format!("audit.search_{name}"), milliseconds(middle(times)), "ms");
    }
    Ok(())
}

/// Takes the export of everything into a file: how long until it began, and until it ended.
async fn export(client: &Client, folder: &Path) -> anyhow::Result<(PathBuf, Duration, Duration)> {
    let file = folder.join("audit.csv");
    let begun = Instant::now();
    let first = client.save("/audit/export", &file).await?;
    let first = first.saturating_duration_since(begun);
    Ok((file, first, begun.elapsed()))
}

/// How long a verification takes, and its memory.
fn verify(name: &str, command: &mut Command) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let peak = Peak::of_child_until_its_output(&mut child)?;
    let ended = child.wait()?;
    ensure!(ended.success(), "{name}: {ended}");
    print(name, begun.elapsed().as_secs_f64(), "s");
    print(&format!("{name}_memory"), peak.context("it was there")?, "KiB");
    Ok(())
}

fn middle(times: Vec<Duration>) -> Duration {
    Duration::from_secs_f64(median(times.iter().map(Duration::as_secs_f64)))
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}
