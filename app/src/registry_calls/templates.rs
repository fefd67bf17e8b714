//! Templates, for admins.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::registry::templates::{ChangeTemplate, Template, TemplateSummary};

impl Registry {
    /// All templates.
    pub(crate) async fn templates(self) -> Result<Vec<TemplateSummary>, RegistryError> {
        self.get("/templates").await
    }

    /// One template.
    pub(crate) async fn template(self, name: &str) -> Result<Template, RegistryError> {
        self.get(&format!("/templates/{}", escape(name))).await
    }

    /// Changes a template.
    pub(crate) async fn change_template(
        self,
        name: &str,
        change: &ChangeTemplate,
    ) -> Result<Template, RegistryError> {
        self.put(&format!("/templates/{}", escape(name)), change).await
    }
}
