use super::{ActionError, refused};
use crate::access::permissions;
use crate::store::{AccountRecord, Snapshot, Store, Transaction};
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::problem::ProblemCode;

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Permissions beyond the role.
    pub(crate) granted: Vec<Permission>,
    /// Nothing else may be done before.
    pub(crate) must_change_password: bool,
    /// The public key that is the session.
    pub(crate) session: String,
}

impl Person {
    /// The owner of an account, who has a session of this key.
    pub(crate) fn of(account: AccountRecord, session: &str) -> Self {
        let AccountRecord { name, role, granted, must_change_password, .. } = account;
        Self { name, role, granted, must_change_password, session: session.to_owned() }
    }

    /// What the person may do: by the role, and granted to the account.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        [permissions(self.role), &self.granted].concat()
    }

    /// Whether the person may do something.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        permissions(self.role).contains(&permission) || self.granted.contains(&permission)
    }

    /// Refuses unless the person may do something.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), ActionError> {
        match self.may(permission) {
            true => Ok(()),
            false => Err(refused(
                ProblemCode::NotPermitted,
                format!("Your account may not do this: {}.", permission.title()),
            )),
        }
    }

    /// Begins a change in the name of this person, after [`check`](Self::check): since the request
    /// was let in others wrote, or a password was hashed, and meanwhile somebody may have disabled
    /// the account or taken a permission from it.
    pub(crate) async fn begin(&self, store: &Store) -> Result<Transaction, ActionError> {
        let transaction = store.begin().await?;
        self.check(&transaction).await?;
        Ok(transaction)
    }

    /// Refuses unless the person is still logged in and may do no less.
    pub(crate) async fn check(&self, snapshot: &Snapshot) -> Result<(), ActionError> {
        // Whether it is too old was looked at before.
        let found = snapshot.session(&self.session, i64::MIN, i64::MIN).await?;
        match found.is_some_and(|(account, _)| self.is_still(account)) {
            true => Ok(()),
            false => Err(refused(
                ProblemCode::NotLoggedIn,
                "Your session ended meanwhile; nothing was changed. Log in again.",
            )),
        }
    }

    fn is_still(&self, account: AccountRecord) -> bool {
        let is_enabled = !account.disabled;
        let now = Self::of(account, &self.session);
        is_enabled
            && now.name == self.name
            && (!now.must_change_password || self.must_change_password)
            && self.permissions().iter().all(|permission| now.may(*permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::accounts_at_command_line::{Given, set_password};
    use crate::actions::workstations::{By, Manager};
    use crate::actions::{accounts, audit, cancel, inspect, passwords, reveal, sessions, start};
    use crate::actions::{take_over, templates, tickets};
    use crate::config::{Config, PasswordCost};
    use crate::registry::Registry;
    use cardwright_protocol::domain::Command;
    use cardwright_protocol::registry::accounts::{AddAccount, ChangeAccount};
    use cardwright_protocol::registry::processes::StartProcess;
    use cardwright_protocol::registry::secrets::{Reveal, RevealedKind};
    use cardwright_protocol::registry::session::Login;
    use cardwright_protocol::registry::templates::ChangeTemplate;
    use cardwright_protocol::registry::workstations::AskForTicket;
    use cardwright_protocol::ticket::CHALLENGE_LENGTH;
    use cardwright_seal::{Secret, SigningKey, VerifyingKey};
    use tempfile::TempDir;

    /// A registry, its admin, and how others log in to it.
    struct Office {
        registry: Registry,
        passwords: Vec<(String, String)>,
        _folder: TempDir,
    }

    impl Office {
        async fn open() -> Self {
            let folder = TempDir::new().unwrap();
            let password_cost = PasswordCost { memory: 8, passes: 1 };
            let config = Config { password_cost, ..Config::default() };
            let (registry, accounts) = Registry::open(folder.path(), config).await.unwrap();
            let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
            let passwords = accounts.iter().map(|it| (it.name.clone(), text(&it.password)));
            Self { registry, passwords: passwords.collect(), _folder: folder }
        }

        async fn log_in(&self, name: &str, key: &VerifyingKey) -> Person {
            let (name, password) = self.passwords.iter().find(|it| it.0 == name).unwrap().clone();
            let login = Login { name, password: password.as_str().into() };
            sessions::log_in(&self.registry, login, key, "unknown").await.unwrap();
            sessions::session(&self.registry, key).await.unwrap().unwrap().person
        }

        async fn change(&self, name: &str, change: impl FnOnce(&mut ChangeAccount)) {
            let admin = self.log_in("admin", &SigningKey::generate().verifying_key()).await;
            let accounts = accounts::list(&self.registry).await.unwrap();
            let now = accounts.into_iter().find(|account| account.name == name).unwrap();
            let (version, role, disabled) = (now.version, now.role, now.disabled);
            let mut request = ChangeAccount { version, role, granted: now.granted, disabled };
            change(&mut request);
            accounts::change(&self.registry, &admin, name, request).await.unwrap();
        }

        async fn is_let(&self, person: &Person) -> bool {
            is_let(person.begin(&self.registry.store).await)
        }
    }

    fn is_let<T>(result: Result<T, ActionError>) -> bool {
        match result {
            Err(ActionError::Refused(problem)) => problem.code != ProblemCode::NotLoggedIn,
            Err(error) => panic!("{error}"),
            Ok(_) => true,
        }
    }

    #[tokio::test]
    async fn whose_rights_were_taken_meanwhile_changes_nothing() {
        let office = Office::open().await;
        let key = SigningKey::generate().verifying_key();
        office.change("operator", |it| it.granted = vec![Permission::RevealPin]).await;
        let person = office.log_in("operator", &key).await;
        assert!(office.is_let(&person).await);
        office.change("operator", |it| it.granted = Permission::GRANTABLE.to_vec()).await;
        assert!(office.is_let(&person).await, "who may do more goes on");
        office.change("operator", |it| it.granted = Vec::new()).await;
        assert!(!office.is_let(&person).await);
        let less = office.log_in("operator", &key).await;
        assert!(office.is_let(&less).await);
        assert!(!office.is_let(&person).await, "nor by the same key, logged in since");

        sessions::log_out(&office.registry, &less).await.unwrap();
        assert!(!office.is_let(&less).await);
        let person = office.log_in("operator", &key).await;
        office.change("operator", |it| it.disabled = true).await;
        assert!(!office.is_let(&person).await);
        office.change("operator", |it| it.disabled = false).await;
        assert!(!office.is_let(&person).await);
        let person = office.log_in("operator", &key).await;
        let (store, now) = (&office.registry.store, office.registry.now());
        let password = Secret::from(&b"correct horse battery"[..]);
        let given = Given { name: "operator", password, must_change_password: true };
        set_password(store, &office.registry.passwords, now, given).await.unwrap();
        assert!(!office.is_let(&person).await);
    }

    #[tokio::test]
    async fn no_change_goes_around_it() {
        let office = Office::open().await;
        let registry = &office.registry;
        let key = SigningKey::generate().verifying_key();
        office.change("auditor", |it| it.role = Role::Admin).await;
        office.change("auditor", |it| it.granted = Permission::GRANTABLE.to_vec()).await;
        let one = &office.log_in("auditor", &key).await;
        office.change("auditor", |it| it.role = Role::Auditor).await;

        let role = Role::Admin;
        let add = AddAccount { name: "mine".to_owned(), role };
        assert!(!is_let(accounts::add(registry, one, add).await));
        let granted = Permission::GRANTABLE.to_vec();
        let change = ChangeAccount { version: 1, role, granted, disabled: false };
        assert!(!is_let(accounts::change(registry, one, "operator", change).await));
        assert!(!is_let(accounts::unlock(registry, one, "operator").await));
        assert!(!is_let(passwords::make_for(registry, one, "admin").await.map(drop)));
        let (states, version) = (Vec::new(), 1);
        let change = ChangeTemplate { version, confirm_number: false, allow_erase: true, states };
        assert!(!is_let(templates::change(registry, one, "temporary-card", change).await));
        let manager = Manager { store: &registry.store, by: By::Person(one), now: registry.now() };
        assert!(!is_let(manager.add(&"desk-9".into()).await));
        assert!(!is_let(manager.new_code("unknown").await));
        assert!(!is_let(manager.revoke("unknown").await));
        assert!(!is_let(audit::export(registry, one, Default::default()).await.map(drop)));
        let asked = Reveal { secret: RevealedKind::Pin, reason: "lost".to_owned() };
        assert!(!is_let(reveal::reveal(registry, one, "TC-1", asked).await.map(drop)));
        assert!(!is_let(cancel::cancel(registry, one, "unknown").await));
        assert!(!is_let(take_over::take_over(registry, one, "unknown").await));
        assert!(!is_let(inspect::make_nonce(registry, one, "unknown").await));
        let ask = AskForTicket { challenge: vec![7; CHALLENGE_LENGTH].into() };
        let origin = "http://127.0.0.1:8420".to_owned();
        assert!(!is_let(tickets::issue(registry, one, origin, "unknown", ask).await));
        let operator = &Person { role: Role::Operator, ..one.clone() };
        let command = Command::MarkAsLost;
        let lost = StartProcess { command, version, reason: Some("lost".to_owned()) };
        assert!(!is_let(start::start(registry, operator, "TC-1", lost).await));
        let events = registry.store.read().await.unwrap().events().await.unwrap();
        let by_them = events.iter().filter(|(_, by)| by == "auditor").map(|(kind, _)| &**kind);
        assert_eq!(by_them.collect::<Vec<_>>(), ["session.logged-in"], "nothing is left of it");
    }
}
