use super::terminal::{AskedFor, read_secret};
use super::{CliError, print, refused};
use crate::actions::accounts_at_command_line::Given;
use crate::config::PasswordCost;
use crate::passwords::{Passwords, random_password};
use cardwright_protocol::registry::session::MIN_PASSWORD_LENGTH;
use cardwright_seal::Secret;
use clap::Args;

/// Where the password of an account comes from.
#[derive(Debug, Args)]
pub(super) struct PasswordArgument {
    /// Make a random password, and print a line of `password`, a tab and the password.
    #[arg(long)]
    generate: bool,
    /// Let the owner of the account keep this password.
    ///
    /// Otherwise the next login asks for another one, which nobody else knows.
    #[arg(long)]
    permanent: bool,
}

impl PasswordArgument {
    pub(super) fn obtain(&self) -> Result<Secret, CliError> {
        match self.generate {
            true => random_password().map_err(|error| CliError::Refused(error.to_string())),
            false => read_secret(AskedFor {
                what: "password",
                prompts: &["New password: "],
                min_length: MIN_PASSWORD_LENGTH,
            }),
        }
    }

    /// The password for this account.
    pub(super) fn given<'a>(&self, name: &'a str, password: &Secret) -> Given<'a> {
        let must_change_password = !self.permanent;
        Given { name, password: password.clone(), must_change_password }
    }

    /// Shows a password that was made here.
    pub(super) fn show(&self, password: &Secret) -> Result<(), CliError> {
        match self.generate {
            true => print(&["password", &String::from_utf8_lossy(password.expose())]),
            false => Ok(()),
        }
    }
}

/// Hashes passwords at their usual cost.
pub(super) fn passwords() -> Result<Passwords, CliError> {
    Passwords::new(PasswordCost::default()).map_err(|error| refused(error.into()))
}
