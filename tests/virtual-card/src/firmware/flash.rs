use crate::card::VirtualCardError;
use littlefs2_core::DynFilesystem;
use std::{fs, path::Path};
use trussed::virt::{StorageConfig, Store};

/// What a chip keeps without power: two file systems of 64 KB, in files or in memory.
pub(crate) struct Flash {
    internal: StorageConfig<'static>,
    external: StorageConfig<'static>,
}

impl Flash {
    /// Opens the flash in `folder`, made when absent; without a folder, a fresh one in memory.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, VirtualCardError> {
        let Some(folder) = folder else {
            return Ok(Self { internal: StorageConfig::ram(), external: StorageConfig::ram() });
        };
        fs::create_dir_all(folder)
            .map_err(|cause| VirtualCardError::State { path: folder.to_owned(), cause })?;
        Ok(Self {
            internal: file_system(&folder.join("internal.bin"))?,
            external: file_system(&folder.join("external.bin"))?,
        })
    }

    /// Runs `body` with both file systems mounted.
    pub(crate) fn mounted(&mut self, body: impl FnOnce(Mounted<'_>)) {
        let Self { internal, external } = self;
        let mounted = internal
            .with_fs(|internal| external.with_fs(|external| body(Mounted { internal, external })));
        // A flash that does not mount is a dead chip: the thread ends, and the card never answers.
        let _ = mounted;
    }
}

/// The flash while a chip is running.
#[derive(Clone, Copy)]
pub(crate) struct Mounted<'a> {
    internal: &'a dyn DynFilesystem,
    external: &'a dyn DynFilesystem,
}

impl Mounted<'_> {
    /// Adds memory that is empty at every power on, and runs `body`.
    pub(crate) fn powered<T>(self, body: impl FnOnce(Store<'_>) -> T) -> Option<T> {
        StorageConfig::ram()
            .with_fs(|volatile| {
                body(Store { internal: self.internal, external: self.external, volatile })
            })
            .ok()
    }
}

/// The crate panics on a file that it cannot make or that has another length: both are found here
/// first.
fn file_system(path: &Path) -> Result<StorageConfig<'static>, VirtualCardError> {
    const LENGTH: u64 = 512 * 128;
    let failed = |cause| VirtualCardError::State { path: path.to_owned(), cause };
    match fs::metadata(path) {
        Ok(file) if file.len() != LENGTH => {
            return Err(failed(std::io::Error::other("not the flash of a virtual card")));
        }
        Ok(_) => {}
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            fs::File::create(path).map_err(failed)?;
            fs::remove_file(path).map_err(failed)?;
        }
        Err(cause) => return Err(failed(cause)),
    }
    Ok(StorageConfig::filesystem(path.to_owned()))
}
