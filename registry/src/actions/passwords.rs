//! Passwords that people choose, and those that the registry makes for them.

use super::sessions::{MAX_LENGTH, me};
use super::throttle::Try;
use super::{ActionError, Person, accounts, invalid, not_found, refused, throttle};
use crate::passwords::random_password;
use crate::registry::Registry;
use crate::store::{AccountRecord, Event, EventKind};
use cardwright_protocol::registry::accounts::NewPassword;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::session::{ChangePassword, MIN_PASSWORD_LENGTH, Me};
use cardwright_protocol::secret_text::SecretText;
use cardwright_seal::Secret;

/// Whether the owner of an account may have this password.
pub(crate) fn check(name: &str, password: &Secret) -> Result<(), ActionError> {
    let text = std::str::from_utf8(password.expose()).unwrap_or_default();
    if text.chars().count() < MIN_PASSWORD_LENGTH {
        let message = format!("A password has at least {MIN_PASSWORD_LENGTH} characters.");
        return Err(invalid("new", message));
    }
    if text.len() > MAX_LENGTH {
        return Err(invalid("new", format!("A password has at most {MAX_LENGTH} bytes.")));
    }
    match text.eq_ignore_ascii_case(name) {
        true => Err(invalid("new", "The name of the account is no password; choose another one.")),
        false => Ok(()),
    }
}

/// A person chooses another password for their own account; its other sessions end.
pub(crate) async fn change_own(
    registry: &Registry,
    person: &Person,
    address: &str,
    request: ChangePassword,
) -> Result<Me, ActionError> {
    let ChangePassword { old, new } = request;
    let [old, new] = [old, new].map(|text| Secret::from(text.expose().as_bytes()));
    check(&person.name, &new)?;
    if new == old {
        return Err(invalid("new", "This is the password of now; choose another one."));
    }
    let seen = registry.store.read().await?.account(&person.name).await?;
    let seen = seen.ok_or_else(|| not_found("account"))?;
    let turn = registry.passwords.turn()?;
    let tried = throttle::begin(registry, &person.name, Some(&seen), address).await?;
    let matches = turn.matches(old, Some(seen.password_hash.clone())).await?;
    let hash = match matches {
        true => Some(registry.passwords.hash(new).await?),
        false => None,
    };
    write_own(registry, person, &seen, tried, hash).await?;
    me(registry, &Person { must_change_password: false, ..person.clone() }).await
}

/// Writes a password down whose hash is there if the one before was right, and that one is still
/// as it was seen: comparing takes a while.
async fn write_own(
    registry: &Registry,
    person: &Person,
    seen: &AccountRecord,
    tried: Try,
    hash: Option<String>,
) -> Result<(), ActionError> {
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let current = transaction.account(&seen.name).await?.map(|account| account.password_hash);
    let Some(hash) = hash.filter(|_| current.as_ref() == Some(&seen.password_hash)) else {
        let what = "Change of the password refused";
        tried.was_wrong(&transaction, now, EventKind::PasswordRefused, what).await?;
        transaction.commit().await?;
        return Err(ActionError::Refused(Problem {
            code: ProblemCode::WrongPassword,
            message: "This is not the password of now. Check it and try again.".to_owned(),
            field: Some("old".to_owned()),
        }));
    };
    transaction.change_password(seen.id, &hash, false).await?;
    transaction.delete_other_sessions(seen.id, &person.session).await?;
    tried.was_right(&transaction).await?;
    let what = "Password changed by its owner; its other sessions ended".to_owned();
    transaction.record(event(now, &seen.name, EventKind::PasswordChanged, what)).await?;
    Ok(transaction.commit().await?)
}

/// Makes a password for somebody else, who chooses another one at the first login. The account's
/// sessions end, and so does its lock.
pub(crate) async fn make_for(
    registry: &Registry,
    person: &Person,
    name: &str,
) -> Result<NewPassword, ActionError> {
    if person.name == name {
        return Err(refused(
            ProblemCode::NotPermitted,
            "This is your own account: choose another password for it yourself.",
        ));
    }
    let password = random_password().map_err(crate::passwords::PasswordError::from)?;
    let hash = registry.passwords.hash(password.clone()).await?;
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let account = transaction.account(name).await?.ok_or_else(|| not_found("account"))?;
    transaction.change_password(account.id, &hash, true).await?;
    transaction.delete_sessions(account.id).await?;
    throttle::unlock(&transaction, &account).await?;
    let what = format!("New password made for account {name}; its sessions ended");
    transaction.record(event(now, &person.name, EventKind::PasswordSet, what)).await?;
    let account = accounts::read(&transaction, name, now).await?;
    transaction.commit().await?;
    Ok(shown(account, &password))
}

/// A password for one look.
pub(super) fn shown(
    account: cardwright_protocol::registry::accounts::Account,
    password: &Secret,
) -> NewPassword {
    // It was made of letters and digits.
    let text = std::str::from_utf8(password.expose()).unwrap_or_default();
    NewPassword { account, password: SecretText::from(text) }
}

fn event(at: i64, by: &str, kind: EventKind, what: String) -> Event {
    Event { at, by: by.to_owned(), kind, card: None, process: None, what, state: None }
}
