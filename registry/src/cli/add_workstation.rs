use super::{CliError, DataArgument, explain, print, refused};
use crate::actions::workstations::{By, MINUTES, Manager};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use cardwright_protocol::ids::WorkstationName;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct AddWorkstation {
    /// What people call the workstation: 1 to 64 characters.
    name: String,
    #[command(flatten)]
    data: DataArgument,
}

impl AddWorkstation {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let manager = Manager { store: &store, by: By::CommandLine, now: SystemClock.now() };
        let name = WorkstationName(self.name);
        let invited = manager.add_or_invite(&name).await.map_err(refused)?;
        store.close().await.map_err(DataError::from)?;
        print(&["code", &invited.code.grouped()])?;
        print(&["minutes", &MINUTES.to_string()])?;
        explain(
            "Run `cardwright-helper enroll URL --data DIR` on the workstation, URL being the \
             address of this registry's pages: it asks for the code.",
        );
        Ok(())
    }
}
