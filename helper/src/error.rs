use crate::enroll::EnrollError;
use std::{io, net::SocketAddr, path::PathBuf};

/// Why the helper does not start, or cannot do what its command line says.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// Another helper has the journal.
    #[error(
        "{path}: another helper uses this folder; end it, or give this one a folder of its own"
    )]
    InUse {
        /// The journal's folder.
        path: PathBuf,
    },
    /// The configuration is not one.
    #[error("the configuration {path} cannot be used: {why}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// This helper knows no registry.
    #[error(
        "{folder}: this helper is not enrolled; run `cardwright-helper enroll URL --data {folder}` \
         with a one-time code of its registry (Home > Workstations)"
    )]
    NotEnrolled {
        /// The data folder.
        folder: String,
    },
    /// What is known of the registry cannot be understood.
    #[error("{path} cannot be used: {why}; enroll this helper anew")]
    EnrolmentMalformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// Enrolling failed; what was there before is as it was.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    /// Others than the owner can read or change a file of this helper.
    #[error(
        "{path}: others can read or change this private file (mode {mode:o}); if nobody did, \
         `chmod 600` it, else delete it and enroll this helper anew"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others than the owner can put files into a folder of this helper.
    #[error(
        "{path}: others can change what is in this folder (mode {mode:o}); if nobody did, \
         `chmod 700` it, else delete it and enroll this helper anew"
    )]
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file or folder of this helper is somebody else's.
    #[error(
        "{path}: it belongs to another user (uid {owner}), who can change it; if that was not \
         meant, delete it and enroll this helper anew, else start the helper as that user"
    )]
    NotOwned {
        /// The file or folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// A private key is not there.
    #[error("{path}: this private key is missing; enroll this helper anew")]
    KeyMissing {
        /// The key's file.
        path: PathBuf,
    },
    /// A private key's file does not hold a key.
    #[error(
        "{path}: this is not a private key of 32 bytes as 64 hexadecimal digits; delete it and \
         enroll this helper anew"
    )]
    KeyMalformed {
        /// The key's file.
        path: PathBuf,
    },
    /// The port cannot be had.
    #[error("cannot listen on {address}: {cause}{}", bind_advice(*address, cause))]
    Bind {
        /// Where the helper wanted to listen.
        address: SocketAddr,
        /// What the operating system says.
        cause: io::Error,
    },
    /// None of the ports that pages look at is free.
    #[error(
        "cannot listen on 127.0.0.1: the ports {first} to {last} are all taken, by helpers of other \
         users or by other programs: `ss -ltnp 'sport >= {first} and sport <= {last}'` names them; \
         end one, or configure another `port` here and at the registry"
    )]
    NoPort {
        /// The first of them.
        first: u16,
        /// The last of them.
        last: u16,
    },
    /// The listener can be reached from other machines.
    #[error("refusing to listen on {address}: the helper serves 127.0.0.1 alone")]
    NotLoopback {
        /// Where it listens.
        address: SocketAddr,
    },
    /// The operating system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// No PC/SC service answers.
    #[error("no PC/SC service answers ({0}); start it: `systemctl start pcscd.socket` on Linux")]
    ServiceStopped(String),
    /// The PC/SC service denies itself to this user.
    #[error(
        "the PC/SC service denies itself to this user; allow the polkit action \
         org.debian.pcsc-lite.access_pcsc"
    )]
    ServiceDenied,
}

fn bind_advice(address: SocketAddr, cause: &io::Error) -> String {
    let port = address.port();
    match cause.kind() {
        io::ErrorKind::AddrInUse => format!(
            "; another helper, perhaps another user's, or another program holds the port: \
             `ss -ltnp sport = :{port}` names it; end it, or configure another `port`"
        ),
        io::ErrorKind::PermissionDenied => "; configure a `port` of 1024 or above".to_owned(),
        _ => String::new(),
    }
}
