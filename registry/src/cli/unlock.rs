use super::{CliError, DataArgument, refused};
use crate::actions::accounts_at_command_line::unlock;
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Unlock {
    /// Name of the account.
    name: String,
    #[command(flatten)]
    data: DataArgument,
}

impl Unlock {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        unlock(&store, SystemClock.now(), &self.name).await.map_err(refused)?;
        Ok(store.close().await.map_err(DataError::from)?)
    }
}
