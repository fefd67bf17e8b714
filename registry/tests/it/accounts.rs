//! Accounts, as admins see and change them.

use crate::world::TestRegistry;
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::accounts::{Account, AddAccount, NewPassword};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use std::time::Duration;

fn account(name: &str, role: Role) -> AddAccount {
    AddAccount { name: name.to_owned(), role }
}

#[tokio::test]
async fn an_admin_adds_an_account_whose_password_is_shown_once() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let answer = admin.post("/accounts", &account("desk.2", Role::Operator)).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let made: NewPassword = answer.ok();
    assert_eq!((made.account.role, made.account.must_change_password), (Role::Operator, true));
    assert!(!registry.database_holds(made.password.expose().as_bytes()));
    let accounts: Vec<Account> = admin.get("/accounts").await.ok();
    let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["admin", "auditor", "desk.2", "operator"]);
    assert_eq!(accounts[2], made.account);
    assert_eq!(accounts[0].logged_in_at.as_deref(), Some("2026-11-22T07:00:00Z"));

    let browser = registry.browser();
    let me: Me = browser.log_in("desk.2", made.password.expose()).await.ok();
    assert!(me.must_change_password);
    let again: NewPassword = admin.post_nothing("/accounts/desk.2/password").await.ok();
    assert_eq!(browser.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let answer = browser.log_in("desk.2", made.password.expose()).await;
    assert_eq!(answer.refused(), ProblemCode::WrongPassword);
    assert!(
        browser.log_in("desk.2", again.password.expose()).await.ok::<Me>().must_change_password
    );
}

#[tokio::test]
async fn what_is_no_account_is_refused_at_its_place() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let unfit = ["", "Desk", "desk 2", "registry", "nobody", "operator", ".", "..", "-h", "@x"];
    for name in unfit.into_iter().chain([&*"x".repeat(65)]) {
        let problem = admin.post("/accounts", &account(name, Role::Operator)).await.problem();
        let expected = (ProblemCode::Invalid, Some("name"));
        assert_eq!((problem.code, problem.field.as_deref()), expected, "{name}");
    }
    let twice = vec![Permission::RevealPin, Permission::RevealPin];
    for granted in [vec![Permission::ConfigureTemplates], twice] {
        let problem =
            admin.change_account("operator", |change| change.granted = granted).await.problem();
        let expected = (ProblemCode::Invalid, Some("granted"));
        assert_eq!((problem.code, problem.field.as_deref()), expected);
    }
    let answer = admin.change_account("operator", |change| change.version += 1).await;
    assert_eq!(answer.refused(), ProblemCode::StaleVersion);
    for path in ["/accounts/not-there/password", "/accounts/not-there/unlock"] {
        assert_eq!(admin.post_nothing(path).await.refused(), ProblemCode::NotFound, "{path}");
    }
    assert_eq!(admin.get("/accounts").await.ok::<Vec<Account>>().len(), 3);
    assert_eq!(admin.account("operator").await.version, 1, "nothing was changed");
}

#[tokio::test]
async fn a_grant_counts_at_once_and_what_is_taken_away_ends_the_sessions() {
    let registry = TestRegistry::empty().await;
    let (admin, operator) = (registry.log_in("admin").await, registry.log_in("operator").await);
    let before = operator.me().await.permissions;
    let granted = vec![Permission::RevealPuk, Permission::RevealPin];
    let changed: Account =
        admin.change_account("operator", |change| change.granted = granted).await.ok();
    assert_eq!((changed.version, &changed.granted[..]), (2, Permission::GRANTABLE));
    let now = operator.me().await.permissions;
    assert_eq!(now, [&before, Permission::GRANTABLE].concat());
    for (permission, done) in [("Reveal PIN", "granted to"), ("Reveal PUK", "granted to")] {
        let event = format!("{permission} {done} account operator");
        assert!(registry.database_holds(event.as_bytes()), "{event}");
    }
    let granted = vec![Permission::RevealPin];
    let _: Account = admin.change_account("operator", |change| change.granted = granted).await.ok();
    assert!(registry.database_holds(b"Reveal PUK taken from account operator"));
    assert_eq!(operator.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let operator = registry.log_in("operator").await;
    assert_eq!(operator.me().await.permissions, [&before[..], &[Permission::RevealPin]].concat());

    let auditor = registry.log_in("auditor").await;
    let _: Account = admin.change_account("auditor", |change| change.role = Role::Admin).await.ok();
    assert_eq!(auditor.me().await.role, Role::Admin, "may do more: goes on");
    let _: Account =
        admin.change_account("auditor", |change| change.role = Role::Operator).await.ok();
    assert_eq!(auditor.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let same: Account = admin.change_account("auditor", |_| {}).await.ok();
    assert_eq!(same.version, 3, "what changes nothing is no change");
}

#[tokio::test]
async fn a_disabled_account_is_out_until_it_is_enabled() {
    let registry = TestRegistry::empty().await;
    let (admin, operator) = (registry.log_in("admin").await, registry.log_in("operator").await);
    let changed: Account =
        admin.change_account("operator", |change| change.disabled = true).await.ok();
    assert!(changed.disabled);
    assert_eq!(operator.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let password = registry.password("operator");
    let answer = operator.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::NotPermitted);
    let answer = operator.log_in("operator", "wrong horse battery").await;
    assert_eq!(answer.refused(), ProblemCode::WrongPassword, "only its owner learns of it");
    let _: Account = admin.change_account("operator", |change| change.disabled = false).await.ok();
    assert_eq!(operator.log_in("operator", &password).await.status, 200);
}

#[tokio::test]
async fn there_is_always_an_admin() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let other = registry.log_in_new("other", "admin").await;
    for browser in [&admin, &other] {
        let own = browser.me().await.name;
        let demoted = browser.change_account(&own, |change| change.role = Role::Operator).await;
        let disabled = browser.change_account(&own, |change| change.disabled = true).await;
        for (answer, field) in [(demoted, "role"), (disabled, "disabled")] {
            let problem = answer.problem();
            let expected = (ProblemCode::Invalid, Some(field));
            assert_eq!((problem.code, problem.field.as_deref()), expected);
        }
        let answer = browser.post_nothing(&format!("/accounts/{own}/password")).await;
        assert_eq!(answer.refused(), ProblemCode::NotPermitted, "theirs needs the old one");
    }
    // Each takes the other's rights at the same time: one of them is faster.
    let (first, second) = tokio::join!(
        admin.change_account("other", |change| change.disabled = true),
        other.change_account("admin", |change| change.disabled = true),
    );
    assert!([first.status, second.status].contains(&200));
    assert_ne!(first.status, second.status);
}

#[tokio::test]
async fn an_admin_or_the_command_line_ends_a_lock() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let browser = registry.browser();
    let lock = async || {
        let mut locked = admin.account("operator").await.locked_until;
        while locked.is_none() {
            let _ = browser.log_in("operator", "wrong horse battery").await.problem();
            registry.clock.advance(Duration::from_secs(41));
            locked = admin.account("operator").await.locked_until;
        }
    };
    lock().await;
    let password = registry.password("operator");
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
    let unlocked: Account = admin.post_nothing("/accounts/operator/unlock").await.ok();
    assert_eq!(unlocked.locked_until, None);
    assert_eq!(browser.log_in("operator", &password).await.status, 200);
    lock().await;
    registry.command(&["unlock", "operator"]).await;
    assert_eq!(browser.log_in("operator", &password).await.status, 200);
    lock().await;
    let set = registry.command(&["set-password", "operator", "--generate"]).await;
    assert_eq!(browser.log_in("operator", &set[0][1]).await.status, 200);
}

/// Requests that were let in before wait for their turn to write.
#[tokio::test]
async fn nobody_makes_accounts_after_their_own_was_disabled() {
    let registry = TestRegistry::empty().await;
    let admin = registry.log_in("admin").await;
    let other = registry.log_in_new("other", "admin").await;
    let mut adding = tokio::task::JoinSet::new();
    for number in 0..48 {
        let other = other.clone();
        adding.spawn(async move {
            let name = format!("more-{number}");
            other.post("/accounts", &account(&name, Role::Admin)).await.status
        });
    }
    assert_eq!(adding.join_next().await.unwrap().unwrap(), 201);
    let _: Account = admin.change_account("other", |change| change.disabled = true).await.ok();
    let answers = adding.join_all().await;
    assert!(answers.iter().all(|status| [201, 401].contains(status)), "{answers:?}");
    let events = registry.events("account.").await;
    let disabled = events.iter().position(|event| event.contains("other disabled")).unwrap();
    let later = &events[disabled + 1..];
    assert!(!later.iter().any(|event| event.starts_with("other: ")), "{later:#?}");
}
