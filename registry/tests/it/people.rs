//! Accounts of a test, and what their owners do with them.

use crate::answer::Answer;
use crate::program::{program, words};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::registry::accounts::{Account, ChangeAccount};
use cardwright_protocol::registry::session::{ChangePassword, Me};
use reqwest::Method;

impl TestRegistry {
    /// Does something at the command line while the registry runs; what it prints.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Vec<Vec<String>> {
        words(program(arguments, self.folder.path())).await.unwrap()
    }

    /// Adds an account; its password is to be changed at the first login.
    pub(crate) async fn add_account(&self, name: &str, role: &str) -> String {
        let made = self.command(&["add-account", name, "--role", role, "--generate"]).await;
        made[0][1].clone()
    }

    /// Adds an account whose owner need not change its password, and logs it in.
    pub(crate) async fn log_in_new(&self, name: &str, role: &str) -> Browser {
        let add = ["add-account", name, "--role", role, "--generate", "--permanent"];
        let made = self.command(&add).await;
        let browser = self.browser();
        let _: Me = browser.log_in(name, &made[0][1]).await.ok();
        browser
    }
}

impl Browser {
    pub(crate) async fn me(&self) -> Me {
        self.get("/session").await.ok()
    }

    pub(crate) async fn put(&self, path: &str, body: &impl serde::Serialize) -> Answer {
        self.json(Method::PUT, path, serde_json::to_string(body).unwrap()).await
    }

    pub(crate) async fn change_password(&self, old: &str, new: &str) -> Answer {
        let change = ChangePassword { old: old.into(), new: new.into() };
        self.put("/session/password", &change).await
    }

    /// An account as an admin sees it.
    pub(crate) async fn account(&self, name: &str) -> Account {
        let accounts: Vec<Account> = self.get("/accounts").await.ok();
        accounts.into_iter().find(|account| account.name == name).unwrap()
    }

    /// Changes an account as it is now.
    pub(crate) async fn change_account(
        &self,
        name: &str,
        change: impl FnOnce(&mut ChangeAccount),
    ) -> Answer {
        let Account { version, role, granted, disabled, .. } = self.account(name).await;
        let mut request = ChangeAccount { version, role, granted, disabled };
        change(&mut request);
        self.put(&format!("/accounts/{name}"), &request).await
    }
}
