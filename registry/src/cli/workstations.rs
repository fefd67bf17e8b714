use super::{CliError, DataArgument, print, refused};
use crate::actions::workstations::{By, Manager};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use cardwright_protocol::registry::workstations::WorkstationState;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct Workstations {
    #[command(flatten)]
    data: DataArgument,
}

impl Workstations {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let manager = Manager { store: &store, by: By::CommandLine, now: SystemClock.now() };
        let workstations = manager.list().await.map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        for workstation in workstations {
            let state = match workstation.state {
                WorkstationState::Invited => "invited",
                WorkstationState::Enrolled => "enrolled",
                WorkstationState::Revoked => "revoked",
            };
            let version = workstation.helper_version.as_deref().unwrap_or("-");
            let used_at = workstation.used_at.as_deref().unwrap_or("-");
            print(&[
                "workstation",
                &workstation.id.0,
                &workstation.name.0,
                state,
                version,
                used_at,
            ])?;
        }
        Ok(())
    }
}
