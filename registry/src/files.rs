//! Files that appear whole or not at all.

use crate::escrow::random_bytes;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A new file for its owner alone. Until it is finished it has another name, beside its own, and
/// dropped before that it leaves nothing.
pub(crate) struct NewFile {
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
}

impl NewFile {
    /// Begins an empty file.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when there is such a file: it is never replaced.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists());
        }
        Self::begin_beside(path)
    }

    fn begin_beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        // Of its own: what another program left or writes is not taken for ours.
        let suffix = random_bytes::<8>().map_err(io::Error::other)?;
        let mut unfinished = name.to_owned();
        unfinished.push(format!(".{}.unfinished", hex::encode(suffix)));
        let unfinished = path.with_file_name(unfinished);
        let mut options = File::options();
        options.write(true).create_new(true);
        for_owner_alone(&mut options);
        let file = options.open(&unfinished)?;
        Ok(Self { path: path.to_owned(), unfinished, file })
    }

    /// Begins a file that is to take the place of an open one, for everybody whom that was for.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] when only somebody else could make such a file.
    pub(crate) fn begin_in_place_of(path: &Path, old: &File) -> io::Result<Self> {
        let new = Self::begin_beside(path)?;
        let old = old.metadata()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let owner = |it: &fs::Metadata| (it.uid(), it.gid());
            if owner(&old) != owner(&new.file.metadata()?) {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        new.file.set_permissions(old.permissions())?;
        Ok(new)
    }

    /// Writes such a file.
    pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut new = Self::begin(path)?;
        new.file.write_all(content)?;
        new.finish()
    }

    /// What it is called until it is finished.
    pub(crate) fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Gives it its name when all of it is on the disk.
    ///
    /// # Errors
    /// As [`NewFile::begin`].
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file.sync_all()?;
        rename_to_new(&self.unfinished, &self.path)?;
        sync_folder(&self.path)
    }

    /// Gives it its name when all of it is on the disk, in the place of the file that has it.
    pub(crate) fn replace(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.unfinished, &self.path)?;
        sync_folder(&self.path)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After the end there is no file of this name.
        let _ = fs::remove_file(&self.unfinished);
    }
}

/// Makes the file that is opened, where it is made, one for its owner alone.
pub(crate) fn for_owner_alone(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Whether others than its owner can read or change a file.
pub(crate) fn is_exposed(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    fs::metadata(path).map(|_| false)
}

/// Waits until the names of a file's folder are on the disk.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Gives a file a name that none has.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // The file system does not know how.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            other => return Ok(other?),
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(exists());
    }
    fs::rename(from, to)
}

fn exists() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "there is such a file already; it is kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("copy");
        drop(NewFile::begin(&path).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);

        let late = NewFile::begin(&path).unwrap();
        NewFile::write(&path, b"first").unwrap();
        for error in [late.finish().err(), NewFile::begin(&path).err()] {
            assert_eq!(error.unwrap().kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(names(folder.path()), ["copy"]);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
