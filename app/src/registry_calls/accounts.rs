//! Accounts, for admins.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::registry::accounts::{Account, AddAccount, ChangeAccount, NewPassword};

impl Registry {
    /// All accounts.
    pub(crate) async fn accounts(self) -> Result<Vec<Account>, RegistryError> {
        self.get("/accounts").await
    }

    /// Adds an account and gets its first password.
    pub(crate) async fn add_account(self, add: AddAccount) -> Result<NewPassword, RegistryError> {
        self.post("/accounts", &add).await
    }

    /// Changes role, permissions and whether somebody can log in.
    pub(crate) async fn change_account(
        self,
        name: String,
        change: ChangeAccount,
    ) -> Result<Account, RegistryError> {
        self.put(&path(&name), &change).await
    }

    /// Has a new password made for an account.
    pub(crate) async fn new_password(self, name: String) -> Result<NewPassword, RegistryError> {
        self.post_nothing(&format!("{}/password", path(&name))).await
    }

    /// Lets somebody log in again before their lock ends by itself.
    pub(crate) async fn unlock_account(self, name: String) -> Result<Account, RegistryError> {
        self.post_nothing(&format!("{}/unlock", path(&name))).await
    }
}

fn path(name: &str) -> String {
    format!("/accounts/{}", escape(name))
}
