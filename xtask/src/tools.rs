//! What a fresh machine lacks, and how it gets it.
//!
//! System packages come from apt, Rust's wasm32 target from rustup, and the three cargo tools from
//! crates.io with their own lock files. A cargo tool on PATH is used when its version is the
//! pinned one; otherwise it is kept per user, so that a second checkout finds it.

use crate::sh::{cargo, command, on_path, output, root, run, say};
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// What building and starting needs.
const TO_RUN: &[&str] = &[
    "build-essential",
    "iproute2",
    "libclang-dev",
    "libpcsclite-dev",
    "pcscd",
    "pkg-config",
    "vsmartcard-vpcd",
];

/// What testing needs beyond that.
const TO_TEST: &[&str] = &["chromium", "chromium-driver", "fonts-dejavu-core"];

/// Other tools for chips, which tests and measurements put beside ours.
const OTHERS: &[&str] = &["opensc", "yubico-piv-tool"];

const TRUNK: CargoTool = CargoTool { package: "trunk", program: "trunk", version: "0.21.14" };
const CARGO_DENY: CargoTool =
    CargoTool { package: "cargo-deny", program: "cargo-deny", version: "0.20.2" };

struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: &'static str,
}

/// Installs what `cargo xtask run` needs, and says so.
///
/// # Errors
/// When something cannot be installed.
pub fn install_to_run() -> anyhow::Result<()> {
    install_packages(TO_RUN)?;
    install_wasm_target()?;
    install_cargo_tool(&TRUNK)?;
    install_cargo_tool(&wasm_bindgen()?)
}

/// Installs what `cargo xtask test` needs, and says so.
///
/// # Errors
/// When something cannot be installed.
pub fn install_to_test() -> anyhow::Result<()> {
    install_to_run()?;
    install_packages(TO_TEST)?;
    install_packages(OTHERS)?;
    install_cargo_tool(&CARGO_DENY)
}

/// Installs what `cargo xtask bench` needs, and says so.
///
/// # Errors
/// When something cannot be installed.
pub fn install_to_bench() -> anyhow::Result<()> {
    install_packages(TO_RUN)?;
    install_packages(OTHERS)
}

/// The folder of our own cargo tools' programs: `$CARDWRIGHT_TOOLS/bin`, by default in the user's
/// cache.
#[must_use]
pub fn tools_bin() -> PathBuf {
    tools_folder().join("bin")
}

/// `PATH` with our own tools first.
///
/// # Errors
/// When a folder's name cannot stand in PATH.
pub fn path_with_tools() -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools_bin()).chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

fn tools_folder() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = from("CARDWRIGHT_TOOLS") {
        return folder.into();
    }
    let cache = from("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| from("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.map_or_else(|| root().join("target/tools"), |cache| cache.join("cardwright/tools"))
}

fn install_packages(packages: &[&str]) -> anyhow::Result<()> {
    if on_path("apt-get").is_none() {
        say(&format!("not a Debian system; make sure of the like of: {}", packages.join(" ")));
        return Ok(());
    }
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("installing system packages: {}", missing.join(" ")));
    apt_get(&["update", "--quiet"])?;
    apt_get(&[&["install", "--yes", "--quiet", "--no-install-recommends"], &missing[..]].concat())
}

fn is_installed(package: &str) -> bool {
    output(command("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let mut apt_get = if rustix::process::geteuid().is_root() {
        command("apt-get")
    } else {
        let Some(sudo) = on_path("sudo") else {
            bail!("run as root, or install sudo: apt-get {}", arguments.join(" "));
        };
        let mut sudo = command(sudo);
        sudo.arg("apt-get");
        sudo
    };
    // Another run may be installing at the same time: wait for it.
    apt_get.args(["--option", "DPkg::Lock::Timeout=600"]);
    apt_get.env("DEBIAN_FRONTEND", "noninteractive");
    run(apt_get.args(arguments))
}

fn install_wasm_target() -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = output(command("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if libraries.is_ok_and(|folder| PathBuf::from(folder.trim()).is_dir()) {
        return Ok(());
    }
    say(&format!("installing Rust's target {TARGET}"));
    run(command("rustup").args(["target", "add", TARGET]))
}

/// The command line tool must be of the very version that the app links.
fn wasm_bindgen() -> anyhow::Result<CargoTool> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let version = lock
        .split_once("name = \"wasm-bindgen\"\nversion = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .context("Cargo.lock names no version of wasm-bindgen")?
        .0;
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        // Leaked once per run, to be a constant like the others.
        version: version.to_owned().leak(),
    })
}

fn install_cargo_tool(tool: &CargoTool) -> anyhow::Result<()> {
    // Ours comes first on the PATH that builds get: where it is, no other one is used.
    let ours = Some(tools_bin().join(tool.program)).filter(|program| program.is_file());
    if let Some(program) = ours.or_else(|| on_path(tool.program)) {
        let version = output(command(program).arg("--version")).unwrap_or_default();
        if version.split_whitespace().any(|word| word == tool.version) {
            return Ok(());
        }
    }
    say(&format!("installing {} {} (takes some minutes)", tool.package, tool.version));
    run(cargo()
        .args(["install", "--quiet", "--locked", tool.package, "--version", tool.version])
        .arg("--root")
        .arg(tools_folder()))
}
