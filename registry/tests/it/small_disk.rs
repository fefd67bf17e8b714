//! A disk of a few megabytes, in memory, in user and mount namespaces of its own: no privilege is
//! needed, and it is gone with the process that holds it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What a file system gives out at a time, in bytes.
const PAGE: u64 = 4096;

pub(crate) struct SmallDisk {
    /// Where it is mounted for the programs on it.
    mount: TempDir,
    /// Holds the namespaces.
    keeper: Child,
    filler: File,
}

impl SmallDisk {
    /// A disk with a copy of a folder on it, as `data`.
    pub(crate) fn with(data: &Path) -> Self {
        let mount = TempDir::new().unwrap();
        let script = "mount -t tmpfs -o size=4m,mode=700 none \"$0\" && cp -r \"$1\" \"$0/data\" \
                      && chmod 600 \"$0\"/data/* && echo && exec cat";
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .args([mount.path(), data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        keeper.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let root = format!("/proc/{}/root", keeper.id());
        let filler = Path::new(&root).join(mount.path().strip_prefix("/").unwrap()).join("filler");
        let filler = File::create(filler).unwrap();
        Self { mount, keeper, filler }
    }

    /// The program, with the data on the disk.
    pub(crate) fn program(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new("nsenter");
        command
            .args(["--target", &self.keeper.id().to_string(), "--user", "--mount"])
            .args(["--preserve-credentials", env!("CARGO_BIN_EXE_cardwright-registry")])
            .args(arguments)
            .arg("--data")
            .arg(self.mount.path().join("data"))
            .kill_on_drop(true);
        command
    }

    /// A file on the disk, as the programs on it call it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.mount.path().join(name)
    }

    /// The names of what is in a folder on it.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        let folder = root.join(self.path(folder).strip_prefix("/").unwrap());
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Leaves no space.
    pub(crate) fn fill(&mut self) {
        // Page by page, so that none is left.
        while self.filler.write_all(&[0; PAGE as usize]).is_ok() {}
    }

    /// Gives pages back.
    pub(crate) fn free(&mut self, pages: u64) {
        let length = self.filler.metadata().unwrap().len();
        self.filler.set_len(length.saturating_sub(pages * PAGE)).unwrap();
        std::io::Seek::seek(&mut self.filler, std::io::SeekFrom::End(0)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
