use std::{io, path::PathBuf};

/// Why an office does not start, or does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// Something is not installed.
    #[error("{what} is missing: install the Debian package {package}")]
    Missing {
        /// The program or file.
        what: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// The program of this package is not where it is looked for.
    #[error("{path} is missing: build it with `cargo build --package cardwright-virtual-card`")]
    Program {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system does not let this user make namespaces.
    #[error(
        "the system forbids user namespaces: {said}; Ubuntu 24.04 does so by default, and needs \
         sudo here; a container needs the right to make them"
    )]
    Namespaces {
        /// What `unshare` said.
        said: String,
    },
    /// The service's socket would have a longer path than the system takes.
    #[error("the path {path} has more than 107 bytes: choose a shorter folder")]
    PathTooLong {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The number of readers is out of range.
    #[error("an office has at most 16 readers")]
    Readers,
    /// The folder cannot be used.
    #[error("the folder {path} cannot be used")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// A request was refused, or something failed inside the office.
    #[error("{0}")]
    Refused(String),
    /// The office's processes are gone.
    #[error("the office has ended")]
    Ended,
}
