//! Cards, and what is begun with them.

use crate::registry::Registry;
use crate::search::{Search, escape};
use crate::trouble::RegistryError;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::cards::{Card, CardPage};
use cardwright_protocol::registry::processes::{Process, StartProcess};

impl Registry {
    /// Searches cards.
    pub(crate) async fn cards(self, search: &Search) -> Result<CardPage, RegistryError> {
        self.get(&format!("/cards?{}", search.wire_query())).await
    }

    /// Reads a card.
    pub(crate) async fn card(self, number: &CardNumber) -> Result<Card, RegistryError> {
        self.get(&format!("/cards/{}", escape(&number.0))).await
    }

    /// Starts a process on a card.
    pub(crate) async fn start(
        self,
        number: &CardNumber,
        start: &StartProcess,
    ) -> Result<Process, RegistryError> {
        self.post(&format!("/cards/{}/processes", escape(&number.0)), start).await
    }
}
