use super::{CliError, DataArgument, print, refused};
use crate::actions::workstations::{By, Manager};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use cardwright_protocol::ids::WorkstationName;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct RevokeWorkstation {
    /// What people call the workstation.
    name: String,
    #[command(flatten)]
    data: DataArgument,
}

impl RevokeWorkstation {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let manager = Manager { store: &store, by: By::CommandLine, now: SystemClock.now() };
        let name = WorkstationName(self.name);
        let revoked = manager.revoke_named(&name).await.map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        print(&["revoked", &revoked.name.0])
    }
}
