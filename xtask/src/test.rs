//! `cargo xtask test`: the one test command.

use crate::sh::{cargo, command, root, run, say};
use crate::{build, graph, tools};
use clap::ValueEnum;
use std::num::NonZeroUsize;
use std::time::Instant;

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Options {
    /// The part to run; without it, all of them.
    part: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format, clippy, licenses, crate graph; the fuzz targets too.
    Lint,
    /// Native tests of every crate, over real sockets, databases, PC/SC services and cards.
    Unit,
    /// Registry, helper, PC/SC service and virtual cards together, torn and killed at every step.
    System,
    /// Browser tests of the app, in headless Chromium.
    Web,
    /// The stories: Chromium, registry, helper, PC/SC service and virtual cards together.
    E2e,
}

/// Runs the tests.
///
/// # Errors
/// The first part that fails.
pub fn test(options: &Options) -> anyhow::Result<()> {
    tools::install_to_test()?;
    let parts = [
        (Part::Lint, lint as fn() -> anyhow::Result<()>),
        (Part::Unit, unit),
        (Part::System, system),
        (Part::Web, web),
        (Part::E2e, e2e),
    ];
    for (part, run_part) in parts {
        if options.part.is_none_or(|wanted| wanted == part) {
            let name = part.to_possible_value().map(|value| value.get_name().to_owned());
            let name = name.unwrap_or_default();
            say(&format!("test {name}"));
            let begun = Instant::now();
            run_part()?;
            say(&format!("test {name}: passed in {} s", begun.elapsed().as_secs()));
        }
    }
    Ok(())
}

fn lint() -> anyhow::Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--quiet", "--locked", "--workspace"]).args([
        "--exclude",
        "cardwright-app",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    run(cargo().args(["clippy", "--quiet", "--locked", "--package", "cardwright-app"]).args([
        "--target",
        "wasm32-unknown-unknown",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    fuzz_targets()?;
    // Advisories are left out: their database cannot be fetched everywhere.
    let mut deny = command("cargo-deny");
    deny.env("PATH", tools::path_with_tools()?);
    run(deny.args(["--log-level", "error", "check", "licenses", "bans", "sources"]))?;
    graph::check()
}

/// They run on a nightly toolchain only, but are not to rot here: see `fuzz/Cargo.toml`.
fn fuzz_targets() -> anyhow::Result<()> {
    let manifest = ["--manifest-path", "fuzz/Cargo.toml"];
    run(cargo().arg("fmt").args(manifest).arg("--check"))?;
    run(cargo().args(["clippy", "--quiet", "--locked"]).args(manifest).args([
        "--target-dir",
        "target",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn unit() -> anyhow::Result<()> {
    let mut test = cargo();
    // The same cases of the property tests in every run, so that a failure is nobody's bad luck;
    // `cargo test` and the fuzz targets take others.
    test.env("PROPTEST_RNG_SEED", "1");
    run(test.args(["test", "--quiet", "--locked", "--workspace"]).args([
        "--exclude",
        "cardwright-e2e",
        "--exclude",
        "cardwright-system",
    ]))
}

fn system() -> anyhow::Result<()> {
    build::programs()?;
    run(cargo().args(["test", "--quiet", "--locked", "--package", "cardwright-system"]))
}

fn web() -> anyhow::Result<()> {
    let mut test = cargo();
    test.env("PATH", tools::path_with_tools()?)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("CHROMEDRIVER", "/usr/bin/chromedriver")
        // Seconds, on a busy machine: for the driver to start, and for all of them together.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "120")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "900")
        .current_dir(root().join("app"));
    run(test.args(["test", "--locked", "--target", "wasm32-unknown-unknown"]))
}

fn e2e() -> anyhow::Result<()> {
    build::app()?;
    build::programs()?;
    let mut test = cargo();
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        // Some stories wait for most of their time: for the end of a lock, for the next challenge.
        let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        test.env("RUST_TEST_THREADS", (cores + 1).to_string());
    }
    run(test.args(["test", "--quiet", "--locked", "--package", "cardwright-e2e"]))
}
