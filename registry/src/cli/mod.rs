//! The command line.

mod add_account;
mod add_workstation;
mod backup;
mod export_root_key;
mod import_cards;
mod import_root_key;
mod password;
mod public_key;
mod restore;
mod revoke_workstation;
mod root_keys;
mod rotate_root_key;
mod serve;
mod set_password;
mod terminal;
mod unlock;
mod verify_audit;
mod workstations;

use crate::actions::ActionError;
use crate::config::ConfigError;
use crate::data_dir::DataError;
use crate::registry::OpenError;
use crate::server::TlsError;
use crate::store::Counts;
use clap::{Args, Parser, Subcommand};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Owns temporary cards, their processes and secrets, and serves the app.
///
/// Run every command as the user whom the folder of data belongs to. The exit code is 0 when it was
/// done, 2 when the arguments were wrong, 1 otherwise; verify-audit has its own.
#[derive(Debug, Parser)]
#[command(name = "cardwright-registry", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the app until Ctrl-C or SIGTERM.
    ///
    /// Standard output has lines of words separated by tabs: at the first start
    /// `account NAME PASSWORD` for each account that was made, shown this once; and
    /// `listening URL` when the registry is ready. The log goes to standard error; `RUST_LOG` says
    /// how much (default: info).
    ///
    /// The key files of DIR, `root-key`, `root-key.2` and so on, and `signing-key`, may be given as
    /// systemd credentials of the same names instead (LoadCredentialEncrypted= in the unit), to
    /// this and to every other command that needs them. A key that is in both places must be the
    /// same in both.
    Serve(serve::Serve),
    /// Give an account another password, end its sessions and unlock it.
    ///
    /// The password, of 12 characters or more, is read from the terminal or from standard input, one
    /// line. Unless it is permanent, its owner chooses another one at the next login. A registry
    /// that runs need not be stopped.
    SetPassword(set_password::SetPassword),
    /// Add an account.
    ///
    /// Its name has 1 to 64 lower case letters, digits and `.`, `-`, `_`, `@`, a letter or digit
    /// first. The password, of 12 characters or more, is read from the terminal or from standard
    /// input, one line. Unless it is permanent, its owner chooses another one at the first login. A
    /// registry that runs need not be stopped.
    AddAccount(add_account::AddAccount),
    /// Unlock an account that was locked after failed logins.
    ///
    /// An address from which too many logins failed stays locked, for a quarter of an hour at most.
    /// A registry that runs need not be stopped.
    Unlock(unlock::Unlock),
    /// Add a workstation, and print the one-time code with which its helper enrolls.
    ///
    /// A workstation that is there gets a new code: its helper enrolls anew, under other keys. A
    /// registry that runs need not be stopped.
    ///
    /// Standard output has lines of words separated by tabs: `code CODE`, shown this once, and
    /// `minutes N`, for which it is good.
    AddWorkstation(add_workstation::AddWorkstation),
    /// Revoke a workstation for good: it gets no ticket and no job any more.
    ///
    /// What its helper still delivers is recorded, and moves no card. A registry that runs need not
    /// be stopped.
    ///
    /// Standard output has `revoked`, a tab and the name.
    RevokeWorkstation(revoke_workstation::RevokeWorkstation),
    /// List all workstations.
    ///
    /// Standard output has a line for each, of words separated by tabs: `workstation ID NAME STATE
    /// VERSION USED`, with its state (`invited`, `enrolled` or `revoked`), the version of its helper
    /// and when it was last used, or `-`.
    Workstations(workstations::Workstations),
    /// Print the key that verifies this registry's jobs and the exports of its audit log.
    ///
    /// Standard output has its 64 hexadecimal digits. Keys are made at first use. A registry that
    /// runs need not be stopped.
    PublicKey(public_key::PublicKey),
    /// Take all cards of a CSV file, or none if anything in it is wrong.
    ///
    /// The columns are number, state, order, produced_on, expires_on and chip_id: 24 hexadecimal
    /// digits, the lasting bytes of the chip's CPLC, or nothing. Dates are such as 2026-11-22. A
    /// registry that runs need not be stopped.
    ///
    /// Standard output has `imported`, a tab and how many.
    ImportCards(import_cards::ImportCards),
    /// Copy the database to a file, while the registry runs or not.
    ///
    /// The copy is of one moment, appears whole or not at all, and never in the place of another
    /// file. In it is all that the registry knows: cards, chips, processes, jobs, accounts, the
    /// audit events, and the PINs, encrypted.
    ///
    /// Not in it are the keys, without which no PIN of it can be read and no chip opened: export
    /// them once with `export-root-key`, and keep the two apart. Nor is registry.toml in it.
    ///
    /// Standard output has lines of words separated by tabs: `backup FILE`, `taken TIME`, and
    /// `cards`, `chips`, `jobs` with a number each.
    Backup(backup::Backup),
    /// Put a copy that `backup` made in the place of the database.
    ///
    /// The registry must not run. The copy is checked first: it is whole, of this or an older
    /// version, and belongs to the keys of the folder. The database that was there is kept beside
    /// it under another name. Killed at any moment, it leaves the one or the other.
    ///
    /// Afterwards everybody is logged out. What chips became since the copy was made they say
    /// themselves when they are put into a reader.
    ///
    /// Standard output has lines of words separated by tabs: `restored FILE`, `taken TIME`,
    /// `cards`, `chips`, `jobs` with a number each, and `kept FILE` where there was a database.
    Restore(restore::Restore),
    /// Export the registry's keys, all versions of the root key and the signing key, encrypted with
    /// a passphrase.
    ///
    /// The file is in the format of age (age-encryption.org) and can also be read by `age -d`. Keep
    /// it, and the passphrase, away from this machine and from the copies of the database: who has
    /// all three can open every chip.
    ///
    /// The passphrase is asked for twice on the terminal, or read from standard input, one line. A
    /// registry that runs need not be stopped, and stops reminding its admins.
    ///
    /// The passphrase has 12 characters or more. Standard output has `exported`, a tab and the file.
    ExportRootKey(export_root_key::ExportRootKey),
    /// Make the next version of the root key, under which chips are keyed from then on.
    ///
    /// The registry must not run. Chips that were keyed before stay under the version that they
    /// were keyed under, until they are initialized anew: no version is ever removed. Killed at any
    /// moment, it leaves the versions that there were or these and the next one.
    ///
    /// The new version is written to a file of DIR, `root-key.2` and so on, also where the others
    /// are systemd credentials: move it to them. Export the keys again afterwards.
    ///
    /// Standard output has lines of words separated by tabs: `root-key VERSION`, and
    /// `chips VERSION COUNT` for each version, as `root-keys` prints them.
    RotateRootKey(rotate_root_key::RotateRootKey),
    /// Print the current version of the root key, and how many chips are under each version.
    ///
    /// A chip counts by the newest keying that is on it or may be. A registry that runs need not be
    /// stopped.
    ///
    /// Standard output has lines of words separated by tabs: `root-key VERSION`, and
    /// `chips VERSION COUNT` for each version.
    RootKeys(root_keys::RootKeys),
    /// Bring back the key files of a folder from a file that `export-root-key` made.
    ///
    /// A key file that is there is never replaced by another key, and where there is a database,
    /// only the keys that it was written with are taken. The passphrase is asked for on the terminal,
    /// or read from standard input, one line.
    ///
    /// Standard output has `imported`, a tab and the file.
    ImportRootKey(import_root_key::ImportRootKey),
    /// Verify the audit log against itself and its checkpoints, or an export by itself.
    ///
    /// With `--data`, the whole chain in the database of a folder and the file of checkpoints,
    /// while the registry runs or not. With `--export` and `--key`, an export as the page Home >
    /// Audit gives it, on any computer.
    ///
    /// Standard output has a line of words separated by tabs for everything that is wrong:
    /// `altered`, `removed`, `inserted`, `truncated` or `unreadable`, then the event, the line of
    /// the export or of the checkpoints, the time, and why; what is not known is `-`. A good one
    /// has one line: `verified`, the number of events, and the last event and its hash. Events
    /// that a restoration from a copy lost are no fault: `lost`, the events, and when it was.
    /// Standard error says it when there is no checkpoint to verify against.
    ///
    /// The exit code is 0 for a good one, 1 when anything is wrong, 2 when it cannot be read.
    VerifyAudit(verify_audit::VerifyAudit),
}

#[derive(Debug, Args)]
struct DataArgument {
    /// Folder with the database and the key files.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Refuses a file in the folder of data: its names there mean something to the registry.
fn check_target(to: &Path, data: &Path) -> Result<(), CliError> {
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // What cannot be looked at is refused where the file is made.
    let is_same = |folder: PathBuf| data.canonicalize().is_ok_and(|data| data == folder);
    match folder.canonicalize().is_ok_and(is_same) {
        true => Err(CliError::Refused(format!(
            "{} is in the registry's own folder; choose another one, best on another disk",
            to.display()
        ))),
        false => Ok(()),
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is wrong.
    #[error("{path}: {source}")]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ConfigError,
    },
    /// Reading from the terminal, listening or serving failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why.
        source: io::Error,
    },
    /// The registry cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no https with these files.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The audit log is not as it was written; standard output says where.
    #[error("the audit log is not as it was written")]
    AuditWrong,
    /// The audit log cannot be read.
    #[error(transparent)]
    AuditUnreadable(Box<Self>),
    /// The command was refused, for the reason given.
    #[error("{0}")]
    Refused(String),
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// [`CliError`], for a person to read.
    pub async fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::Serve(command) => command.run().await,
            Command::SetPassword(command) => command.run().await,
            Command::AddAccount(command) => command.run().await,
            Command::Unlock(command) => command.run().await,
            Command::AddWorkstation(command) => command.run().await,
            Command::RevokeWorkstation(command) => command.run().await,
            Command::Workstations(command) => command.run().await,
            Command::PublicKey(command) => command.run().await,
            Command::ImportCards(command) => command.run().await,
            Command::Backup(command) => command.run().await,
            Command::Restore(command) => command.run().await,
            Command::ExportRootKey(command) => command.run().await,
            Command::ImportRootKey(command) => command.run().await,
            Command::RotateRootKey(command) => command.run().await,
            Command::RootKeys(command) => command.run().await,
            Command::VerifyAudit(command) => command.run().await,
        }
    }
}

impl CliError {
    /// What the program ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::AuditUnreadable(_) => 2,
            _ => 1,
        }
    }
}

fn refused(error: ActionError) -> CliError {
    CliError::Refused(in_words(&error))
}

fn in_words(error: &ActionError) -> String {
    match error {
        ActionError::Refused(problem) => problem.message.clone(),
        ActionError::Store(cause) => {
            let source = std::error::Error::source(cause).map(ToString::to_string);
            format!("{error}: {}", source.unwrap_or_else(|| cause.to_string()))
        }
        other => other.to_string(),
    }
}

/// One line of words separated by tabs, at once.
fn print(words: &[&str]) -> Result<(), CliError> {
    let mut output = io::stdout().lock();
    let written = writeln!(output, "{}", words.join("\t")).and_then(|()| output.flush());
    written.map_err(|source| CliError::Io { doing: "printing".to_owned(), source })
}

fn print_counts(counts: Counts) -> Result<(), CliError> {
    print(&["cards", &counts.cards.to_string()])?;
    print(&["chips", &counts.chips.to_string()])?;
    print(&["jobs", &counts.jobs.to_string()])
}

/// A sentence for a person, on standard error.
fn explain(sentence: &str) {
    // What was done stands whether or not anybody can read of it.
    let _ = writeln!(io::stderr(), "{sentence}");
}
