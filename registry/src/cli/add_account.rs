use super::password::{PasswordArgument, passwords};
use super::{CliError, DataArgument, refused};
use crate::actions::accounts::check_name;
use crate::actions::accounts_at_command_line::add;
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use cardwright_protocol::domain::Role;
use clap::{Args, builder::PossibleValuesParser};

#[derive(Debug, Args)]
pub(super) struct AddAccount {
    /// Name of the account.
    name: String,
    /// What the account may do.
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.iter().map(|role| role.name())))]
    role: String,
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    password: PasswordArgument,
}

impl AddAccount {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        // The parser takes the names of roles only.
        let role = Role::from_name(&self.role);
        let role = role.ok_or_else(|| CliError::Refused("there is no such role".to_owned()))?;
        check_name(&self.name).map_err(refused)?;
        let password = self.password.obtain()?;
        let (passwords, now) = (passwords()?, SystemClock.now());
        let given = self.password.given(&self.name, &password);
        add(&store, &passwords, now, role, given).await.map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        self.password.show(&password)
    }
}
