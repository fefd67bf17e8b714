//! Workstations, for admins, and tickets for their helpers.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::workstations::{
    AddWorkstation, AskForTicket, ChangeWorkstation, Invitation, IssuedTicket, Workstation,
};

impl Registry {
    /// All workstations.
    pub(crate) async fn workstations(self) -> Result<Vec<Workstation>, RegistryError> {
        self.get("/workstations").await
    }

    /// Adds a workstation and gets its one-time code.
    pub(crate) async fn add_workstation(
        self,
        add: AddWorkstation,
    ) -> Result<Invitation, RegistryError> {
        self.post("/workstations", &add).await
    }

    /// Renames a workstation.
    pub(crate) async fn change_workstation(
        self,
        id: WorkstationId,
        change: ChangeWorkstation,
    ) -> Result<Workstation, RegistryError> {
        self.put(&path(&id), &change).await
    }

    /// Gets a new one-time code for a workstation.
    pub(crate) async fn invite_workstation(
        self,
        id: WorkstationId,
    ) -> Result<Invitation, RegistryError> {
        self.post_nothing(&format!("{}/codes", path(&id))).await
    }

    /// Gives a workstation no job any more.
    pub(crate) async fn revoke_workstation(
        self,
        id: WorkstationId,
    ) -> Result<Workstation, RegistryError> {
        self.post_nothing(&format!("{}/revoke", path(&id))).await
    }

    /// Gets a ticket for a helper that the page has reached.
    pub(crate) async fn ticket(
        self,
        workstation: &WorkstationId,
        challenge: HexBytes,
    ) -> Result<IssuedTicket, RegistryError> {
        let path = format!("{}/tickets", path(workstation));
        self.post(&path, &AskForTicket { challenge }).await
    }
}

fn path(id: &WorkstationId) -> String {
    format!("/workstations/{}", escape(&id.0))
}
