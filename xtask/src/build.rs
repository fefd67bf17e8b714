//! Building what runs.

use crate::sh::{cargo, command, root, run, say};
use crate::tools::path_with_tools;
use std::path::PathBuf;

/// Builds the app into `dist/`.
///
/// # Errors
/// When it does not build.
pub fn app() -> anyhow::Result<()> {
    say("building the app");
    let mut trunk = command("trunk");
    // PATH is set before the program is looked up, so that our own trunk is found.
    trunk.env("PATH", path_with_tools()?).env_remove("NO_COLOR");
    run(trunk.args(["build", "--release", "--locked", "--offline", "--log", "warn"]))
}

/// Builds registry, helper and virtual card.
///
/// # Errors
/// When they do not build.
pub fn programs() -> anyhow::Result<()> {
    say("building registry, helper and virtual card");
    run(cargo().args(["build", "--quiet", "--locked"]).args([
        "--package",
        "cardwright-registry",
        "--package",
        "cardwright-helper",
        "--package",
        "cardwright-virtual-card",
    ]))
}

/// Where a program is after [`programs`].
#[must_use]
pub fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Where a program is after an optimized build.
#[must_use]
pub fn release_program(name: &str) -> PathBuf {
    target().join("release").join(name)
}

/// Where the app is after [`app`].
#[must_use]
pub fn dist() -> PathBuf {
    root().join("dist")
}

fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(target.unwrap_or_else(|| "target".into()))
}
