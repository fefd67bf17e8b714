//! A helper as a child process, a page that speaks to it, a registry that signs for it, and an
//! office with real PC/SC.

mod office;

pub(crate) use cardwright_desk::{
    ORIGIN, PATIENCE, Page, Registry, WORKSTATION, configuration, failure_of, receipt_of, refusal,
};
pub(crate) use office::{Desk, before, insert};

use cardwright_seal::VerifyingKey;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::net::TcpStream;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cardwright-helper");

/// A running helper. Dropped, it ends.
pub(crate) struct Helper {
    pub(crate) address: SocketAddr,
    pub(crate) registry: Registry,
    /// Verifies what the helper signs.
    pub(crate) key: VerifyingKey,
    /// The folder with its keys and its journal.
    pub(crate) data: PathBuf,
    pub(crate) config: PathBuf,
    socket: PathBuf,
    /// Where the log goes, of all that there is.
    log: Option<OwnedFd>,
    child: Child,
    folder: TempDir,
}

impl Helper {
    /// A helper on a machine without a PC/SC service.
    pub(crate) fn without_service() -> Self {
        Self::start(Path::new("/nonexistent/pcscd.comm"), "")
    }

    /// A helper that finds its PC/SC service at a socket.
    pub(crate) fn start(socket: &Path, more: &str) -> Self {
        Self::start_with(socket, more, |program| program)
    }

    /// A helper whose log goes to a file or pipe, and is of all that there is; so are the logs of
    /// those that are started behind it.
    pub(crate) fn logging_to(socket: &Path, log: OwnedFd) -> Self {
        let log_of_first = log.try_clone().unwrap();
        let mut helper = Self::start_with(socket, "", |program| logging(program, log_of_first));
        helper.log = Some(log);
        helper
    }

    /// A helper without a PC/SC service, whose log goes to a file or pipe, and is what it is where
    /// nobody asks for more.
    pub(crate) fn logging_as_usual_to(log: OwnedFd) -> Self {
        Self::start_with(Path::new("/nonexistent/pcscd.comm"), "", |mut program| {
            program.env_remove("RUST_LOG").stderr(log);
            program
        })
    }

    /// A helper whose data folder is a file system of 64 KiB of its own. See [`Self::inside`].
    pub(crate) fn on_a_small_disk(socket: &Path) -> Self {
        const SCRIPT: &str = "cp -p \"$1\"/*.key \"$1\"/enrolment.toml \"$2\" && mount -t tmpfs -o \
                              size=64k,mode=700 none \"$1\" && cp -p \"$2\"/*.key \
                              \"$2\"/enrolment.toml \"$1\" && shift 2 && exec \"$@\"";
        Self::start_with(socket, "", |program| {
            let data = program.get_args().nth(2).expect("`run --data` and the folder").to_owned();
            let mut small = Command::new("unshare");
            small.args(["-Urm", "sh", "-c", SCRIPT, "sh"]).arg(&data);
            small.arg(Path::new(&data).parent().expect("in the test's folder"));
            small.arg(PROGRAM).args(program.get_args());
            small
        })
    }

    fn start_with(socket: &Path, more: &str, wrap: impl FnOnce(Command) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let registry = Registry::enrolling(Path::new(PROGRAM), &data);
        let signing = registry.helper_signing.clone();
        let config = folder.path().join("helper.toml");
        std::fs::write(&config, configuration(more)).unwrap();
        let (child, address) = begin(wrap(program(&data, &config)), socket);
        let socket = socket.to_owned();
        Self { address, registry, key: signing, data, config, socket, log: None, child, folder }
    }

    /// Ends the helper in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts a helper that was ended, with what it left.
    pub(crate) fn start_again(&mut self) {
        self.child.wait().unwrap();
        let mut program = program(&self.data, &self.config);
        if let Some(log) = &self.log {
            program = logging(program, log.try_clone().unwrap());
        }
        (self.child, self.address) = begin(program, &self.socket);
    }

    /// The data folder as the helper sees it, on a file system that only it has.
    pub(crate) fn inside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(self.data.strip_prefix("/").unwrap())
    }

    /// A folder of the test, which lasts as long as this helper.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A page with a ticket that got the readers; where there is a PC/SC service, it runs.
    pub(crate) async fn page(&self) -> Page {
        let mut page = Page::open(self.address, &self.registry).await;
        if self.socket.exists() {
            page.until_readers_are_known().await;
        }
        page
    }

    /// A bare connection.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks the helper to end, as service managers do.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends the helper a signal of this name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// What the system says of the helper's process, such as `status` or `limits`.
    pub(crate) fn status_file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    /// Waits until the helper ended by itself, and says whether well.
    pub(crate) fn ended_well(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(data: &Path, config: &Path) -> Command {
    let mut program = Command::new(PROGRAM);
    program.args(["run", "--data"]).arg(data).arg("--config").arg(config);
    program
}

fn logging(mut program: Command, log: OwnedFd) -> Command {
    program.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").stderr(log);
    program
}

/// Starts a program and waits until the helper is ready.
fn begin(mut program: Command, socket: &Path) -> (Child, SocketAddr) {
    let program = program.env("PCSCLITE_CSOCK_NAME", socket).stdout(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening\t").expect("the helper is ready");
    (child, address.parse().unwrap())
}

/// What `cardwright-helper readers` says where the PC/SC service has this socket.
pub(crate) fn readers(socket: &Path) -> (bool, String) {
    said(Command::new(PROGRAM).arg("readers").env("PCSCLITE_CSOCK_NAME", socket))
}

/// The helper's program with arguments, and what it says: standard output and error.
pub(crate) fn run(arguments: &[&str]) -> (bool, String) {
    said(Command::new(PROGRAM).args(arguments))
}

fn said(program: &mut Command) -> (bool, String) {
    let output = program.env("RUST_BACKTRACE", "1").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}
