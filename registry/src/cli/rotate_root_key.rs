use super::root_keys::print_root_keys;
use super::{CliError, DataArgument, explain};
use crate::clock::{Clock as _, SystemClock};
use crate::data_dir::{Alone, DataError, Rotated};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct RotateRootKey {
    #[command(flatten)]
    data: DataArgument,
}

impl RotateRootKey {
    pub(super) async fn run(self) -> Result<(), CliError> {
        let folder = Alone::with_database(&self.data.data)?;
        let store = folder.open_store().await?;
        let rotated = folder.rotate_root_key(&store, SystemClock.now()).await?;
        let snapshot = store.read().await.map_err(DataError::from)?;
        print_root_keys(&snapshot).await?;
        drop(snapshot);
        store.close().await.map_err(DataError::from)?;
        let Rotated { name, file, wants_credential } = rotated;
        explain(&format!(
            "{} is what chips are keyed under once the registry is started again. Keep the older \
             versions: they open the chips that were keyed under them, until those are initialized \
             anew. Export the keys again, with export-root-key.",
            file.display()
        ));
        if wants_credential {
            let (name, file) = (name.name(), file.display().to_string());
            explain(&format!(
                "The version before it is a systemd credential. Make this one a credential, too: \
                 systemd-creds encrypt --name={name} {file} /etc/credstore.encrypted/{name}, then \
                 LoadCredentialEncrypted={name}:/etc/credstore.encrypted/{name} in the unit; remove \
                 {file} when the registry has started with it."
            ));
        }
        Ok(())
    }
}
