//! *Reveal PIN* and *Reveal PUK*.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::secrets::{Reveal, Revealed};

impl Registry {
    /// Gets a secret of a card's chip, for one look.
    pub(crate) async fn reveal(
        self,
        number: CardNumber,
        reveal: Reveal,
    ) -> Result<Revealed, RegistryError> {
        self.post(&format!("/cards/{}/reveals", escape(&number.0)), &reveal).await
    }
}
