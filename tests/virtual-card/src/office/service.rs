//! The PC/SC service inside the namespaces.

use super::{error::OfficeError, programs::Programs, readers};
use rustix::{
    fs::inotify::{self, CreateFlags, WatchFlags},
    io::read,
    mount::{MountFlags, mount, mount_bind},
};
use std::{
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// Far longer than the service takes on a machine with all processors busy.
const START: Duration = Duration::from_secs(60);

/// The socket of the service, as clients outside see it.
pub(super) fn socket(dir: &Path) -> PathBuf {
    dir.join("run/pcscd.comm")
}

/// A PC/SC service that can be started, killed and started again at one path.
pub(super) struct Service {
    pcscd: PathBuf,
    dir: PathBuf,
    running: Option<Child>,
}

impl Service {
    /// Prepares the namespaces: the service's folder, the loopback network, the configuration.
    pub(super) fn prepare(dir: &Path, readers: usize) -> Result<Self, OfficeError> {
        let programs = Programs::find()?;
        let failed = |cause| OfficeError::Folder { path: dir.to_owned(), cause };
        fs::create_dir_all(dir.join("run")).map_err(failed)?;
        readers::configure(&dir.join("configuration"), programs.driver, readers).map_err(failed)?;
        mount_run_folder(dir).map_err(failed)?;
        let loopback = Command::new(programs.ip)
            .args(["link", "set", "lo", "up"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if !loopback.is_ok_and(|status| status.success()) {
            return Err(OfficeError::Refused("the loopback network does not come up".into()));
        }
        Ok(Self { pcscd: programs.pcscd, dir: dir.to_owned(), running: None })
    }

    pub(super) fn start(&mut self) -> Result<(), OfficeError> {
        if self.running.is_some() {
            return Err(OfficeError::Refused("the PC/SC service runs already".into()));
        }
        let failed = |cause| OfficeError::Folder { path: self.dir.clone(), cause };
        self.clear_run_folder();
        let log = File::create(self.dir.join("pcscd.log")).map_err(failed)?;
        let watch = watch(&self.dir.join("run")).map_err(failed)?;
        let child = Command::new(&self.pcscd)
            .args(["--foreground", "--config"])
            .arg(self.dir.join("configuration"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        self.running = Some(child);
        if !answers(socket(&self.dir), watch) {
            self.kill();
            let log = fs::read_to_string(self.dir.join("pcscd.log")).unwrap_or_default();
            return Err(OfficeError::Refused(format!("the PC/SC service does not start: {log}")));
        }
        Ok(())
    }

    pub(super) fn stop(&mut self) -> Result<(), OfficeError> {
        if self.running.is_none() {
            return Err(OfficeError::Refused("the PC/SC service does not run".into()));
        }
        self.kill();
        Ok(())
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Kills the service without warning, as a crash does.
    fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It may have ended by itself; either way nothing is left after the wait.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A killed service leaves socket and process number behind, and the next one would take them
    /// for a running one.
    fn clear_run_folder(&self) {
        for name in ["pcscd.comm", "pcscd.pid"] {
            // Mostly there is none.
            let _ = fs::remove_file(self.dir.join("run").join(name));
        }
    }
}

/// Lets the service, whose folder is fixed, see the office's.
fn mount_run_folder(dir: &Path) -> io::Result<()> {
    let fixed = Path::new("/run/pcscd");
    if !fixed.is_dir() {
        if dir.starts_with("/run") {
            return Err(io::Error::other("a folder below /run needs /run/pcscd to exist"));
        }
        // Seen in this mount namespace only: /run itself may belong to the machine's root.
        mount("tmpfs", "/run", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, None)?;
        fs::create_dir(fixed)?;
    }
    Ok(mount_bind(dir.join("run"), fixed)?)
}

fn watch(folder: &Path) -> io::Result<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC)?;
    inotify::add_watch(&watch, folder, WatchFlags::CREATE | WatchFlags::ATTRIB)?;
    Ok(watch)
}

/// Waits until the service takes connections: it makes the socket after the readers, then listens,
/// then changes the socket's mode, and each is an event in its folder.
fn answers(socket: PathBuf, watch: OwnedFd) -> bool {
    let (events, happened) = channel();
    // The thread ends when nobody listens any more, at the latest with the process.
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while read(&watch, &mut buffer).is_ok() && events.send(()).is_ok() {}
    });
    let deadline = Instant::now() + START;
    loop {
        if UnixStream::connect(&socket).is_ok() {
            return true;
        }
        match happened.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
        }
    }
}
