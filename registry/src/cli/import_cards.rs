use super::{CliError, DataArgument, in_words, print};
use crate::actions::import::{self, ImportError};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{DataDir, DataError};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ImportCards {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    data: DataArgument,
}

impl ImportCards {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let text = std::fs::read(&self.file)
            .map_err(|source| CliError::File { path: self.file.clone(), source })?;
        let store = DataDir::open(&self.data.data)?.open_store().await?;
        let count = import::import(&store, SystemClock.now(), &text).await.map_err(|error| {
            CliError::Refused(match error {
                ImportError::Mistakes(mistakes) => {
                    format!("{}: no card was taken\n{mistakes}", self.file.display())
                }
                ImportError::Action(error) => in_words(&error),
            })
        })?;
        store.close().await.map_err(DataError::from)?;
        print(&["imported", &count.to_string()])
    }
}
