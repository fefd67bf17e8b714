use super::{CliError, DataArgument, print};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct PublicKey {
    #[command(flatten)]
    data: DataArgument,
}

impl PublicKey {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let data = DataDir::open_or_make(&self.data.data)?;
        let store = data.open_store().await?;
        let keys = data.open_keys(&store, SystemClock.now()).await?;
        store.close().await.map_err(DataError::from)?;
        print(&[&keys.signing.verifying_key().to_string()])
    }
}
