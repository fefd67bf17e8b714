//! Putting another database in the place of a folder's, so that at every moment, and whenever the
//! program is killed, there is the one or the other.
//!
//! The new database is prepared under a name of its own. That it gets the name [`restored`] is the
//! moment from which it counts: whoever uses the folder next finishes what then was not done.

use super::in_use::InUse;
use super::{DataError, at, database};
use crate::clock::file_stamp;
use crate::files::{NewFile, sync_folder};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// The right to put another database in the place of a folder's: nobody else uses it.
#[derive(Debug)]
pub(crate) struct Alone {
    path: PathBuf,
    /// Shared with the stores that are opened here, which end it when they are closed.
    in_use: Arc<InUse>,
}

impl Alone {
    /// Takes a folder for oneself.
    pub(crate) fn begin(path: &Path) -> Result<Self, DataError> {
        super::owner::check(path)?;
        let lock = lock_file(path);
        let in_use = InUse::alone(&lock).map_err(|source| at(&lock, source))?;
        let in_use = in_use.ok_or_else(|| DataError::InUse { path: path.to_owned() })?;
        finish(path)?;
        remove_unfinished(path).map_err(|source| at(path, source))?;
        Ok(Self { path: path.to_owned(), in_use: Arc::new(in_use) })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What keeps others away.
    pub(super) fn in_use(&self) -> &Arc<InUse> {
        &self.in_use
    }

    /// Begins the next database; nothing comes of it unless [`Alone::exchange`] is called.
    pub(crate) fn next_database(&self) -> Result<NewFile, DataError> {
        let path = restored(&self.path);
        NewFile::begin(&path).map_err(|source| at(&path, source))
    }

    /// Puts the next database in the place of the one that is there, and says how that is called
    /// now, where there was one.
    pub(crate) fn exchange(self, next: NewFile) -> Result<Option<PathBuf>, DataError> {
        let path = restored(&self.path);
        next.finish().map_err(|source| at(&path, source))?;
        finish(&self.path)
    }
}

/// Uses a folder together with others.
pub(super) fn use_together(folder: &Path) -> Result<InUse, DataError> {
    let lock = lock_file(folder);
    let failed = |source| at(&lock, source);
    loop {
        let in_use = InUse::together(&lock).map_err(failed)?;
        let in_use = in_use.ok_or_else(|| DataError::BeingRestored { path: folder.to_owned() })?;
        if !restored(folder).exists() {
            return Ok(in_use);
        }
        drop(in_use);
        let _alone = InUse::wait_alone(&lock).map_err(failed)?;
        finish(folder)?;
    }
}

/// Whether a folder has a database.
pub(super) fn has_database(folder: &Path) -> Result<(), DataError> {
    let path = database(folder);
    match fs::metadata(&path) {
        Err(_) if restored(folder).exists() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DataError::NoRegistry { path })
        }
        found => found.map(drop).map_err(|source| at(&path, source)),
    }
}

/// Finishes an exchange that was begun, if one was; only who has the folder alone may do it.
fn finish(folder: &Path) -> Result<Option<PathBuf>, DataError> {
    let (restored, database) = (restored(folder), database(folder));
    let exchange = || {
        let Some(prepared) = if_there(fs::metadata(&restored))? else { return Ok(None) };
        // The same name, however often this begins.
        let stamp = file_stamp(prepared.modified()?.into());
        let kept = folder.join(format!("registry.before-{stamp}.sqlite"));
        // What is in the logs belongs to the old database, and to no other: SQLite would apply it
        // to whatever file has the name. The index of the write-ahead log is made anew from it.
        for log in ["-wal", "-journal"] {
            if_there(fs::rename(beside(&database, log), beside(&kept, log)))?;
        }
        if_there(fs::remove_file(beside(&database, "-shm")))?;
        if_there(fs::rename(&database, &kept))?;
        sync_folder(&database)?;
        fs::rename(&restored, &database)?;
        sync_folder(&database)?;
        Ok(kept.exists().then_some(kept))
    };
    exchange().map_err(|source| at(&database, source))
}

/// Removes what a program that was killed did not finish: databases, and keys that nothing uses.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    let restored = restored(folder);
    let begins = restored.file_name().map(|name| format!("{}.", name.display()));
    let begins = begins.unwrap_or_default();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_ours = |name: &str| {
            let begins = name.starts_with(&begins) || name.starts_with("root-key.");
            begins && name.ends_with(".unfinished")
        };
        if name.to_str().is_some_and(is_ours) {
            fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}

/// The name that the next database has from when it counts to when it is in its place.
fn restored(folder: &Path) -> PathBuf {
    folder.join("registry.restored.sqlite")
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("registry.lock")
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What is not there need not be moved.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}
