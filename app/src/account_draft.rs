//! An account as it is being changed, and what a name and a password must be.

use crate::complaint::Complaint;
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::account_name::check_account_name;
use cardwright_protocol::registry::accounts::{Account, ChangeAccount};
use cardwright_protocol::registry::session::MIN_PASSWORD_LENGTH;

/// An account with changes that are not saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountDraft {
    saved: Account,
    /// Role.
    pub(crate) role: Role,
    granted: Vec<Permission>,
}

impl AccountDraft {
    /// A draft without changes.
    pub(crate) fn new(saved: Account) -> Self {
        Self { role: saved.role, granted: saved.granted.clone(), saved }
    }

    /// The account as the registry has it.
    pub(crate) fn saved(&self) -> &Account {
        &self.saved
    }

    /// Whether a permission is granted.
    pub(crate) fn grants(&self, permission: Permission) -> bool {
        self.granted.contains(&permission)
    }

    /// Grants a permission.
    pub(crate) fn grant(&mut self, permission: Permission) {
        self.withdraw(permission);
        self.granted.push(permission);
        // In the order of the list, so that granting what was withdrawn changes nothing.
        let order = |it: &Permission| Permission::GRANTABLE.iter().position(|all| all == it);
        self.granted.sort_by_key(order);
    }

    /// Withdraws a permission.
    pub(crate) fn withdraw(&mut self, permission: Permission) {
        self.granted.retain(|it| *it != permission);
    }

    /// Whether there is something to save.
    pub(crate) fn is_dirty(&self) -> bool {
        let same = |a: &[Permission], b: &[Permission]| a.iter().all(|it| b.contains(it));
        let (new, old) = (&self.granted, &self.saved.granted);
        self.role != self.saved.role || !same(new, old) || !same(old, new)
    }

    /// Takes all changes back.
    pub(crate) fn discard(&mut self) {
        *self = Self::new(self.saved.clone());
    }

    /// Takes what the registry has now. Changes that are not saved stay.
    pub(crate) fn is_now(&mut self, saved: Account) {
        match self.is_dirty() {
            true => self.saved = saved,
            false => *self = Self::new(saved),
        }
    }

    /// What *Save* asks for.
    pub(crate) fn wire_change(&self) -> ChangeAccount {
        let Account { version, disabled, .. } = self.saved;
        ChangeAccount { version, role: self.role, granted: self.granted.clone(), disabled }
    }

    /// What *Disable* asks for. Changes that are not saved stay what they are.
    pub(crate) fn wire_disabled(&self) -> ChangeAccount {
        ChangeAccount { disabled: true, ..Self::new(self.saved.clone()).wire_change() }
    }

    /// What *Enable* asks for. Changes that are not saved stay what they are.
    pub(crate) fn wire_enabled(&self) -> ChangeAccount {
        ChangeAccount { disabled: false, ..Self::new(self.saved.clone()).wire_change() }
    }
}

/// What a role is for, in one sentence.
pub(crate) fn role_sentence(role: Role) -> &'static str {
    match role {
        Role::Admin => {
            "Configures templates, workstations and accounts, and sees what operators and auditors \
             see."
        }
        Role::Operator => "Works with cards and readers.",
        Role::Auditor => "Reads cards and the audit log, and changes nothing.",
    }
}

/// What a permission that can be granted means, in one sentence.
pub(crate) fn grant_sentence(permission: Permission) -> &'static str {
    match permission {
        Permission::RevealPin => {
            "Sees the PIN of any encoded card, with a reason. Whoever has the PIN and the card can \
             use it as if it were theirs."
        }
        Permission::RevealPuk => {
            "Sees the PUK of any encoded card, with a reason. Whoever has the PUK and the card can \
             set its PIN anew."
        }
        _ => "",
    }
}

/// Why a name cannot be that of an account.
pub(crate) fn name_complaint(name: &str) -> Option<Complaint> {
    check_account_name(name).err().map(|bad| Complaint::at("name", &bad.to_string()))
}

/// Why a password cannot be chosen.
pub(crate) fn password_complaint(old: &str, new: &str, again: &str) -> Option<Complaint> {
    if new.chars().count() < MIN_PASSWORD_LENGTH {
        let rule = format!(
            "A password has at least {MIN_PASSWORD_LENGTH} characters; several words do well."
        );
        return Some(Complaint::at("new", &rule));
    }
    if new == old {
        return Some(Complaint::at("new", "It must be another password than the one until now."));
    }
    (new != again).then(|| Complaint::at("again", "It is not the same as the new password."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            name: "ada".into(),
            version: 4,
            role: Role::Operator,
            granted: vec![Permission::RevealPuk],
            disabled: false,
            must_change_password: false,
            locked_until: None,
            logged_in_at: None,
        }
    }

    #[test]
    fn a_change_names_the_version_that_was_seen() {
        let mut draft = AccountDraft::new(account());
        assert!(!draft.is_dirty());
        draft.grant(Permission::RevealPin);
        draft.role = Role::Auditor;
        assert!(draft.is_dirty());
        let wire = serde_json::to_string(&draft.wire_change()).unwrap();
        expect_test::expect![[
            r#"{"version":4,"role":"auditor","granted":["secrets.reveal-pin","secrets.reveal-puk"],"disabled":false}"#
        ]]
        .assert_eq(&wire);
        draft.discard();
        assert!(!draft.is_dirty());
    }

    #[test]
    fn what_is_withdrawn_and_granted_again_is_no_change() {
        let mut draft = AccountDraft::new(account());
        draft.withdraw(Permission::RevealPuk);
        assert!(draft.is_dirty() && !draft.grants(Permission::RevealPuk));
        draft.grant(Permission::RevealPuk);
        draft.grant(Permission::RevealPuk);
        assert!(!draft.is_dirty());
    }

    #[test]
    fn disabling_saves_nothing_else() {
        let mut draft = AccountDraft::new(account());
        draft.role = Role::Admin;
        let change = draft.wire_disabled();
        assert_eq!((change.role, change.disabled), (Role::Operator, true));
        assert!(!draft.wire_enabled().disabled);
        draft.is_now(Account { version: 5, disabled: true, ..account() });
        assert_eq!((draft.role, draft.wire_change().version), (Role::Admin, 5));
        assert!(draft.wire_change().disabled);
    }

    #[test]
    fn every_permission_that_can_be_granted_says_what_it_means() {
        for permission in Permission::GRANTABLE {
            assert!(!grant_sentence(*permission).is_empty(), "{permission:?}");
        }
    }

    #[test]
    fn names_are_checked_by_the_rule_and_in_the_words_of_the_registry() {
        for name in ["a", "7", "ada.l-1_x@site"] {
            assert_eq!(name_complaint(name), None, "{name}");
        }
        let of_name = |name: &str| name_complaint(name)?.of_field("name");
        for name in ["", "Ada", "ada l", "é", ".ada", "-h", "@ada", "_"] {
            let rule = "A name has 1 to 64 lower case letters, digits and . - _ @, a letter or \
                        digit first.";
            assert_eq!(of_name(name).as_deref(), Some(rule), "{name}");
        }
        let taken = "The registry itself goes by this name; choose another.";
        assert_eq!(of_name("registry").as_deref(), Some(taken));
    }

    #[test]
    fn a_new_password_is_long_new_and_typed_twice() {
        let field = |old: &str, new: &str, again: &str| {
            let complaint = password_complaint(old, new, again)?;
            ["new", "again"].into_iter().find(|field| complaint.of_field(field).is_some())
        };
        for (new, again, expected) in [
            ("elevenchars", "elevenchars", Some("new")),
            ("the password until now", "the password until now", Some("new")),
            ("twelve chars", "twelve char", Some("again")),
            ("twelve chars", "twelve chars", None),
            ("éééééééééééé", "éééééééééééé", None),
        ] {
            assert_eq!(field("the password until now", new, again), expected, "{new}");
        }
    }
}
