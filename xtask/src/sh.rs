//! Running other programs, and saying so.

use anyhow::{Context as _, bail};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Says one line to the person who waits, on standard error.
#[allow(clippy::print_stderr)]
pub fn say(line: &str) {
    eprintln!("cardwright: {line}");
}

/// A program in the root of the checkout.
#[must_use]
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(root());
    command
}

/// The cargo that runs us, as a person calls it: it told us of our own package, and build scripts
/// that look at the same variables would run again whenever the one follows the other.
#[must_use]
pub fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = command(cargo);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end with our own output.
///
/// # Errors
/// When it cannot be started or ends with another status than 0.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs a command to its end and gives what it printed.
///
/// # Errors
/// When it cannot be started, ends with another status than 0, or prints other than UTF-8.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let child = command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = child.spawn().and_then(Child::wait_with_output);
    printed(command, output)
}

/// The same for a command that reads one line, which is neither shown nor kept.
///
/// # Errors
/// As [`output`].
pub fn answer(command: &mut Command, line: &str) -> anyhow::Result<String> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = child.spawn().and_then(|mut child| {
        // A command that ended before it read says why in its status.
        let _ = child.stdin.take().map(|mut input| writeln!(input, "{line}"));
        child.wait_with_output()
    });
    printed(command, output)
}

fn printed(command: &Command, output: io::Result<Output>) -> anyhow::Result<String> {
    let shown = shown(command);
    let output = output.with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` ended with {}\n{said}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Finds a program on PATH.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
