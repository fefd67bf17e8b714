//! Accounts, for admins.

use crate::domain::{Permission, Role};
use crate::secret_text::SecretText;
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Counts its changes.
    pub version: u64,
    /// Role.
    pub role: Role,
    /// Permissions beyond the role, of [`Permission::GRANTABLE`].
    pub granted: Vec<Permission>,
    /// Whether nobody can log in to it.
    pub disabled: bool,
    /// Whether its owner must choose another password at the next login.
    pub must_change_password: bool,
    /// Until when it is locked after failed logins.
    pub locked_until: Option<String>,
    /// When somebody last logged in to it.
    pub logged_in_at: Option<String>,
}

/// Adds an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddAccount {
    /// As [`check_account_name`](super::account_name::check_account_name) wants it.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// Changes an account. Its sessions end where it may do less from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// The version that the person saw.
    pub version: u64,
    /// As in [`Account`].
    pub role: Role,
    /// As in [`Account`].
    pub granted: Vec<Permission>,
    /// As in [`Account`].
    pub disabled: bool,
}

/// A password that the registry made for an account; its owner must choose another one at the
/// first login. Shown once, kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The account.
    pub account: Account,
    /// The password.
    pub password: SecretText,
}
