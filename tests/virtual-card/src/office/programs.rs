//! Where the programs are that an office needs.

use super::error::OfficeError;
use std::{
    env,
    path::{Path, PathBuf},
};

/// The driver as Debian installs it.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Everything that has to be installed.
pub(super) struct Programs {
    pub(super) unshare: PathBuf,
    pub(super) ip: PathBuf,
    pub(super) pcscd: PathBuf,
    pub(super) driver: &'static Path,
}

impl Programs {
    pub(super) fn find() -> Result<Self, OfficeError> {
        let driver = Path::new(DRIVER);
        if !driver.exists() {
            return Err(OfficeError::Missing { what: DRIVER, package: "vsmartcard-vpcd" });
        }
        Ok(Self {
            unshare: installed("unshare", "util-linux")?,
            ip: installed("ip", "iproute2")?,
            pcscd: installed("pcscd", "pcscd")?,
            driver,
        })
    }
}

/// The program `cardwright-virtual-card`: the running one, or the one that was built beside it
/// (test programs are one folder below the others).
pub(super) fn own() -> Result<PathBuf, OfficeError> {
    const NAME: &str = "cardwright-virtual-card";
    let running = env::current_exe().map_err(|_| OfficeError::Program { path: NAME.into() })?;
    let mut candidates = running.ancestors().skip(1).take(2).map(|folder| folder.join(NAME));
    candidates
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| OfficeError::Program { path: running.with_file_name(NAME) })
}

/// Looks in PATH, and in the folders of system programs that an ordinary user's PATH lacks.
fn installed(what: &'static str, package: &'static str) -> Result<PathBuf, OfficeError> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into(), "/usr/bin".into(), "/bin".into()])
        .map(|folder| folder.join(what))
        .find(|candidate| candidate.is_file())
        .ok_or(OfficeError::Missing { what, package })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_named_with_its_package() {
        let error = installed("no-such-program", "some-package").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no-such-program is missing: install the Debian package some-package"
        );
    }
}
