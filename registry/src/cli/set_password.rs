use super::password::{PasswordArgument, passwords};
use super::{CliError, DataArgument, refused};
use crate::actions::accounts_at_command_line::set_password;
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct SetPassword {
    /// Name of the account.
    name: String,
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    password: PasswordArgument,
}

impl SetPassword {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let password = self.password.obtain()?;
        let (passwords, now) = (passwords()?, SystemClock.now());
        let given = self.password.given(&self.name, &password);
        set_password(&store, &passwords, now, given).await.map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        self.password.show(&password)
    }
}
