//! Files that only their owner can read and write, in a folder that only the owner can enter.

use crate::Error;
use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest text of such a file, in bytes.
const MAX_LENGTH: usize = 64 * 1024;

/// Makes a folder that is not there yet.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|cause| Error::File { path: folder.to_owned(), cause })
}

/// Checks that nobody but its owner, who is this user, can put files into a folder that is there.
///
/// # Errors
/// [`Error::OpenFolder`], [`Error::NotOwned`], [`Error::File`].
pub(crate) fn check_folder(folder: &Path) -> Result<(), Error> {
    let metadata = match fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Error::File { path: folder.to_owned(), cause }),
    };
    check_owner(folder, &metadata)?;
    let mode = metadata.mode() & 0o777;
    match mode & 0o022 {
        0 => Ok(()),
        _ => Err(Error::OpenFolder { path: folder.to_owned(), mode }),
    }
}

/// Reads a file; `None` where there is none.
///
/// # Errors
/// [`Error::Exposed`] where others than the owner can read or change it, [`Error::OpenFolder`] where
/// they can put another one in its place, [`Error::NotOwned`], [`Error::File`].
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    let file_error = |cause| Error::File { path: path.to_owned(), cause };
    path.parent().map_or(Ok(()), check_folder)?;
    let mut options = OpenOptions::new();
    // Whoever opens a pipe waits for somebody at its other end (fifo(7)).
    options.read(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(file_error(cause)),
    };
    // Asked of the open file, so that nobody exchanges it between the question and the reading.
    let metadata = file.metadata().map_err(file_error)?;
    if !metadata.is_file() {
        return Err(file_error(io::Error::other("it is no file")));
    }
    check_owner(path, &metadata)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode });
    }
    // It never grows: growing would leave copies in memory that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(MAX_LENGTH));
    file.take(MAX_LENGTH as u64).read_to_string(&mut text).map_err(file_error)?;
    Ok(Some(text))
}

/// Makes a file, durably: it is there as a whole or not at all. One that is there already stays as
/// it is, and is an error of the kind [`io::ErrorKind::AlreadyExists`].
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    let beside = write_beside(path, text)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked?;
    sync_folder_of(path)
}

/// Puts a file in the place of one that may be there, durably: at every moment there is either
/// that one or this one.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = write_beside(path, text)?;
    if let Err(error) = fs::rename(&beside, path) {
        // What the disk does not take now, it may not let go of either.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder_of(path)
}

/// Whoever owns it can change it, whatever its mode is. The administrator can anyway.
fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let owner = metadata.uid();
    match owner == geteuid().as_raw() || owner == 0 {
        true => Ok(()),
        false => Err(Error::NotOwned { path: path.to_owned(), owner }),
    }
}

fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let beside = path.with_extension(format!("{:016x}.new", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    match file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(beside),
        Err(error) => {
            let _ = fs::remove_file(&beside);
            Err(error)
        }
    }
}

/// The folder's entry is on disk only when the folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_made_once_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        assert_eq!(read(&path).unwrap(), None);
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(*read(&path).unwrap().unwrap(), "one");
        replace(&path, "three").unwrap();
        assert_eq!(*read(&path).unwrap().unwrap(), "three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_can_read_or_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        create(&path, "one").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, Error::Exposed { .. }), "{mode:o}: {error}");
        }
    }
}
