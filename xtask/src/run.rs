//! `cargo xtask run`: the whole product on this computer.

use crate::desk::{Desk, DeskOptions, Readers};
use crate::sh::{command, on_path, output, root, say};
use crate::{build, tools};
use anyhow::Context as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Readers of the virtual card office.
const VIRTUAL_READERS: usize = 4;

/// Options of `cargo xtask run`.
#[derive(clap::Args)]
pub struct Options {
    /// Use virtual readers and cards even where a real reader is present.
    #[arg(long)]
    r#virtual: bool,
    /// Do not open a browser.
    #[arg(long)]
    no_browser: bool,
    /// Keep everything in this folder; without it, in `data` in the checkout.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port of the registry and the app on 127.0.0.1.
    #[arg(long, value_name = "N", default_value_t = 8420)]
    port: u16,
    /// Start without the 40 example cards (matters at the first start only).
    #[arg(long)]
    empty: bool,
}

/// Installs, builds, starts, and waits for Ctrl-C.
///
/// # Errors
/// When something cannot be installed, built or started, or a part ends by itself.
pub fn run(options: &Options) -> anyhow::Result<()> {
    // Before the long work: it would be for nothing.
    TcpListener::bind(("127.0.0.1", options.port)).with_context(|| {
        let port = options.port;
        format!("port {port} cannot be had; does Cardwright run already? --port N takes another")
    })?;
    let data = match &options.data {
        Some(folder) => std::path::absolute(folder)?,
        None => root().join("data"),
    };
    tools::install_to_run()?;
    build::app()?;
    build::programs()?;

    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // The receiver lives until the end of this function.
        let _ = stop.send(());
    })?;

    let readers = if options.r#virtual || !has_reader() {
        say(&format!("no reader is used: starting {VIRTUAL_READERS} virtual readers and cards"));
        Readers::Virtual(VIRTUAL_READERS)
    } else {
        Readers::Computer
    };
    let mut desk = Desk::start(DeskOptions {
        data,
        port: options.port,
        helper_port: free_helper_port(options.port),
        readers,
        app: Some(build::dist()),
        https: None,
        verbose: false,
        chip_seconds: None,
    })?;
    // First of all the passwords: nobody can show them again.
    greet(&desk);
    if !desk.accounts.is_empty() && !options.empty {
        desk.import_example_cards()?;
    }
    if !options.no_browser {
        open_browser(&desk.url);
    }
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_secs(1)) {
        desk.check()?;
    }
    say("ending everything");
    Ok(())
}

/// Tells where it is and, after the first start, who can log in. The passwords are shown here and
/// kept nowhere.
#[allow(clippy::print_stdout)]
fn greet(desk: &Desk) {
    let (registry, data) = (build::program("cardwright-registry"), desk.data().join("registry"));
    println!("\n  Cardwright is ready at  {}\n", desk.url);
    for (name, password) in &desk.accounts {
        println!("  log in as {name:<9} password {password}");
    }
    if desk.accounts.is_empty() {
        println!(
            "  log in as admin or operator with the passwords of the first start; for a new one:"
        );
        println!("  {} set-password operator --data {}", registry.display(), data.display());
    } else {
        println!("\n  These passwords are shown this once.");
    }
    println!("  Ctrl-C ends everything that was started.\n");
}

/// Whether a PC/SC service with a reader is at hand, or a service was named.
fn has_reader() -> bool {
    std::env::var_os("PCSCLITE_CSOCK_NAME").is_some()
        || output(command(build::program("cardwright-helper")).arg("readers"))
            .is_ok_and(|readers| !readers.trim().is_empty())
}

/// The first free port of those that helpers use, so that a page finds it again after a restart.
fn free_helper_port(registry_port: u16) -> u16 {
    let is_free =
        |port: &u16| *port != registry_port && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (8421..=8425).find(is_free).unwrap_or(0)
}

fn open_browser(url: &str) {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if let (true, Some(opener)) = (has_screen, on_path("xdg-open")) {
        // Without a browser the address is on the screen all the same.
        let _ = command(opener).arg(url).spawn();
    }
}
