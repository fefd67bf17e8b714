//! The audit log.

use crate::audit_search::AuditSearch;
use crate::registry::Registry;
use crate::trouble::RegistryError;
use cardwright_protocol::registry::audit::AuditPage;
use gloo_net::http::Response;

impl Registry {
    /// Searches the audit log.
    pub(crate) async fn audit(self, search: &AuditSearch) -> Result<AuditPage, RegistryError> {
        self.get(&format!("/audit?{}", search.wire_query())).await
    }

    /// Opens the export of all events that fit a search, over all pages.
    pub(crate) async fn audit_export(
        self,
        search: &AuditSearch,
    ) -> Result<Response, RegistryError> {
        let query = search.export_query();
        let question = if query.is_empty() { "" } else { "?" };
        self.open(&format!("/audit/export{question}{query}")).await
    }
}
