use super::DataError;
use std::path::Path;

/// Refuses root in a folder of somebody else: a registry that runs as the folder's owner could read
/// nothing of what root makes there, be it a database, a version of the root key or a lock.
pub(super) fn check(folder: &Path) -> Result<(), DataError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(folder).map_err(|source| super::at(folder, source))?;
        let is_root = rustix::process::geteuid().is_root();
        if !is_allowed(is_root, metadata.uid()) {
            return Err(DataError::OthersFolder { path: folder.to_owned(), user: metadata.uid() });
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Whoever is not root is refused by the operating system where it must be.
#[cfg(unix)]
fn is_allowed(is_root: bool, owner: u32) -> bool {
    !is_root || owner == 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn root_makes_nothing_in_a_folder_of_somebody_else() {
        for (is_root, owner, allowed) in
            [(true, 0, true), (true, 999, false), (false, 999, true), (false, 0, true)]
        {
            assert_eq!(is_allowed(is_root, owner), allowed, "{is_root} {owner}");
        }
    }

    #[test]
    fn the_folder_and_its_owner_are_named() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(check(folder.path()).is_ok());
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(folder.path(), Some(999), None).unwrap();
            let said = check(folder.path()).unwrap_err().to_string();
            assert!(said.contains("sudo -u '#999' cardwright-registry"), "{said}");
        }
    }
}
