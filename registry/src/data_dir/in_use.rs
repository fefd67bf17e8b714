use crate::files::for_owner_alone;
use std::fs::{File, TryLockError};
use std::{io, path::Path};

/// A lock of a registry's folder. All that use the database share it; whoever puts another
/// database in its place has it alone. The operating system ends it with the program.
#[derive(Debug)]
pub(crate) struct InUse(File);

impl InUse {
    /// Uses the folder together with others; `None` while somebody has it alone.
    pub(super) fn together(lock_file: &Path) -> io::Result<Option<Self>> {
        let file = open(lock_file)?;
        unless_taken(file.try_lock_shared(), file)
    }

    /// Has the folder alone; `None` while anybody uses it.
    pub(super) fn alone(lock_file: &Path) -> io::Result<Option<Self>> {
        let file = open(lock_file)?;
        unless_taken(file.try_lock(), file)
    }

    /// Waits until it has the folder alone.
    pub(super) fn wait_alone(lock_file: &Path) -> io::Result<Self> {
        let file = open(lock_file)?;
        file.lock()?;
        Ok(Self(file))
    }

    /// Ends the use, whoever still has this value.
    pub(crate) fn end(&self) {
        // When it cannot be ended now, it ends with the program.
        let _ = self.0.unlock();
    }
}

fn open(lock_file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    for_owner_alone(&mut options);
    options.open(lock_file)
}

fn unless_taken(locked: Result<(), TryLockError>, file: File) -> io::Result<Option<InUse>> {
    match locked {
        Ok(()) => Ok(Some(InUse(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
