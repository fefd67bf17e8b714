//! The few operations on files that the journal needs, each of which can fail.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// The journal's folder.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    folder: PathBuf,
    /// Names this start of the computer.
    boot: String,
    /// Where a test lets an operation fail.
    #[cfg(test)]
    pub(super) faults: super::faults::Faults,
}

impl Disk {
    /// Opens the folder, and makes it for its owner alone when it is not there.
    pub(super) fn open(folder: PathBuf, boot: String) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self {
            folder,
            boot,
            #[cfg(test)]
            faults: super::faults::Faults::default(),
        })
    }

    /// Where a file of this name is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Names this start of the computer.
    pub(super) fn boot(&self) -> &str {
        &self.boot
    }

    /// The names of all files.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            // No name of ours is anything but ASCII.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// Makes an empty file that only its owner can read; one of this name is emptied.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        self.may_fail()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        options.open(self.path(name))
    }

    /// Opens a file that is there, and reads it whole; `None` where it is no file of this length.
    pub(super) fn read(&self, name: &str, length: usize) -> io::Result<Option<(File, Vec<u8>)>> {
        let mut file = OpenOptions::new().read(true).write(true).open(self.path(name))?;
        let metadata = file.metadata()?;
        // What is longer, or has no end, would fill the memory.
        if !metadata.is_file() || metadata.len() != length as u64 {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(Some((file, bytes)))
    }

    /// Writes all bytes at an offset.
    pub(super) fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        if let Some(error) = self.faults.next_write(file, bytes, offset) {
            return Err(error);
        }
        file.write_all_at(bytes, offset)
    }

    /// Waits until the contents of a file are durable.
    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.may_fail()?;
        file.sync_data()
    }

    /// Waits until a new file, its length included, is durable.
    pub(super) fn sync_all(&self, file: &File) -> io::Result<()> {
        self.may_fail()?;
        file.sync_all()
    }

    /// Waits until all names in the folder are durable.
    pub(super) fn sync_folder(&self) -> io::Result<()> {
        self.may_fail()?;
        File::open(&self.folder)?.sync_all()
    }

    /// Gives a file another name; a file that had it is gone.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.may_fail()?;
        fs::rename(self.path(from), self.path(to))
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.may_fail()?;
        fs::remove_file(self.path(name))
    }

    fn may_fail(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(error) = self.faults.next() {
            return Err(error);
        }
        Ok(())
    }
}
