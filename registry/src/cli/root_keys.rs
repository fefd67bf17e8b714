use super::{CliError, DataArgument, print};
use crate::data_dir::{DataDir, DataError};
use crate::store::Snapshot;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct RootKeys {
    #[command(flatten)]
    data: DataArgument,
}

impl RootKeys {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let snapshot = store.read().await.map_err(DataError::from)?;
        print_root_keys(&snapshot).await?;
        drop(snapshot);
        Ok(store.close().await.map_err(DataError::from)?)
    }
}

/// Prints the current version of the root key, and how many chips there are under each.
pub(super) async fn print_root_keys(snapshot: &Snapshot) -> Result<(), CliError> {
    let chips = snapshot.chips_by_root_key().await.map_err(DataError::from)?;
    if let Some((current, _)) = chips.last_key_value() {
        print(&["root-key", &current.to_string()])?;
    }
    for (version, count) in chips {
        print(&["chips", &version.to_string(), &count.to_string()])?;
    }
    Ok(())
}
