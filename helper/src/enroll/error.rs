use cardwright_protocol::helper::PROTOCOL_VERSION;
use std::{io, path::PathBuf};

/// Why this helper was not enrolled. Nothing was changed; it can be tried again, with the same code
/// as long as that is good.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The address is not one of a registry.
    #[error("{url:?}: {why}; expected an address such as https://cards.example.org")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificates cannot be used.
    #[error("{path}: {why}; expected certificates of a CA as PEM")]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No code was given.
    #[error("cannot read the one-time code: {0}")]
    NoCode(io::Error),
    /// What was given is no code.
    #[error(transparent)]
    BadCode(#[from] cardwright_seal::NotACode),
    /// Nothing answers.
    #[error("no registry answers at {registry}: {why}; check the address and the network")]
    Unreachable {
        /// The address.
        registry: String,
        /// What the system says.
        why: String,
    },
    /// The certificate is by nobody that this computer trusts, for another name, or not of now.
    #[error("the certificate of {registry} is not trusted: {why}")]
    NotTrusted {
        /// The address.
        registry: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Something else answers.
    #[error("{registry} does not answer as a registry does: {why}; check the address")]
    NotARegistry {
        /// The address.
        registry: String,
        /// What it does.
        why: String,
    },
    /// The code is not one that the registry waits for.
    #[error(
        "the registry does not know this one-time code: it is wrong, used, or too old; let an \
         admin make another one (Home > Workstations)"
    )]
    WrongCode,
    /// The two programs do not fit.
    #[error(
        "the registry does not fit this helper, which is version {} and speaks protocol \
         {PROTOCOL_VERSION}: {why}",
        env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// Which side to update.
        why: String,
    },
    /// People open the registry by other addresses.
    #[error(
        "what answers at {registry} is a registry that is opened by other addresses: use one of \
         the `origins` in its registry.toml, exactly as it is there"
    )]
    OtherAddress {
        /// The address.
        registry: String,
    },
    /// The registry refused in words of its own.
    #[error("the registry refused: {why}")]
    Refused {
        /// Its words.
        why: String,
    },
    /// Whoever answered does not know the code, or answered something else.
    #[error(
        "what answers at {registry} did not prove that it is the registry which made this code \
         ({why}); nothing was changed, and it learned nothing"
    )]
    NotProved {
        /// The address.
        registry: String,
        /// What does not fit.
        why: &'static str,
    },
    /// The registry until now would never get what is waiting for it.
    #[error(
        "this helper keeps {waiting} results that {registry} has not taken: they would be lost; \
         start the helper, open the app of that registry once, then enroll again"
    )]
    OutcomesWait {
        /// How many.
        waiting: usize,
        /// The registry until now.
        registry: String,
    },
}
