//! Whether somebody can log in to an account.

use crate::components::Moment;
use crate::helper::Tone;
use cardwright_protocol::registry::accounts::Account;
use leptos::prelude::*;

/// A colored dot with its word. What keeps people out longest comes first.
#[component]
pub(crate) fn AccountState(account: Account) -> impl IntoView {
    let (tone, word) = words(&account);
    let until = account.locked_until.filter(|_| !account.disabled);
    view! {
        <span class=format!("state {}", tone.class())>
            <span class="dot" aria-hidden="true"></span>
            {word}
            {until.map(|at| view! { " " <Moment at /> })}
        </span>
    }
}

fn words(account: &Account) -> (Tone, &'static str) {
    match account {
        Account { disabled: true, .. } => (Tone::Bad, "Disabled"),
        Account { locked_until: Some(_), .. } => (Tone::Warn, "Locked until"),
        Account { must_change_password: true, .. } => (Tone::Plain, "Must choose a password"),
        _ => (Tone::Good, "Active"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::domain::Role;

    #[test]
    fn what_keeps_people_out_longest_is_said_first() {
        let mut account = Account {
            name: "ada".into(),
            version: 1,
            role: Role::Operator,
            granted: vec![],
            disabled: true,
            must_change_password: true,
            locked_until: Some("2026-11-20T14:02:00Z".into()),
            logged_in_at: None,
        };
        assert_eq!(words(&account).1, "Disabled");
        account.disabled = false;
        assert_eq!(words(&account).1, "Locked until");
        account.locked_until = None;
        assert_eq!(words(&account).1, "Must choose a password");
        account.must_change_password = false;
        assert_eq!(words(&account).1, "Active");
    }
}
