//! Who is logged in.

use crate::domain::{Permission, Role};
use crate::secret_text::SecretText;
use serde::{Deserialize, Serialize};

/// Shortest password that a person can choose, in characters.
pub const MIN_PASSWORD_LENGTH: usize = 12;

/// A person logs in. It holds a secret: the person's own password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Account name.
    pub name: String,
    /// Password.
    pub password: SecretText,
}

/// A person chooses another password for their own account. All other sessions of it end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password until now.
    pub old: SecretText,
    /// The password from now on.
    pub new: SecretText,
}

/// The person who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Me {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What this person may do: by the role, and granted to the account.
    pub permissions: Vec<Permission>,
    /// Ports of 127.0.0.1 on which a helper of this registry may listen; the page tries each.
    pub helper_ports: Vec<u16>,
    /// Whether this person can do nothing before they have chosen another password.
    pub must_change_password: bool,
    /// What this person should see to.
    pub notices: Vec<Notice>,
}

/// Something that a person should see to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// No copy of the root key was exported: without it no chip can be opened again.
    RootKeyNotExported,
    /// The end of the audit log cannot be kept outside the database.
    CheckpointsNotWritten,
    /// The audit log is not what its newest checkpoint knew: somebody else changed it.
    AuditLogContradicted,
}

impl Me {
    /// Whether this person may do something.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}
