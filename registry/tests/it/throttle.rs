//! Failed logins, and what they cost.

use crate::world::{Browser, TestRegistry};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use expect_test::{Expect, expect};
use std::time::Duration;

const WRONG: &str = "wrong horse battery";

/// Tries a wrong password until it is no longer compared: how often it was, and what is said then.
async fn try_until_blocked(browser: &Browser, name: &str) -> (u32, String) {
    let mut tries = 0;
    loop {
        let problem = browser.log_in(name, WRONG).await.problem();
        match problem.code {
            ProblemCode::WrongPassword => tries += 1,
            ProblemCode::TooManyTries => return (tries, problem.message),
            code => panic!("{code:?}"),
        }
    }
}

/// What happens to a name when each wait is waited for.
async fn check(registry: &TestRegistry, name: &str, expected: &Expect) {
    let browser = registry.browser();
    let mut said = String::new();
    for wait in [5, 10, 20, 40, 15 * 60, 15 * 60] {
        let (tries, message) = try_until_blocked(&browser, name).await;
        said += &format!("{tries}: {message}\n");
        registry.clock.advance(Duration::from_secs(wait - 1));
        assert_eq!(browser.log_in(name, WRONG).await.refused(), ProblemCode::TooManyTries);
        registry.clock.advance(Duration::from_secs(1));
    }
    expected.assert_eq(&said);
}

#[tokio::test]
async fn waits_double_up_to_a_lock_that_ends_by_itself() {
    let registry = TestRegistry::empty().await;
    let expected = expect![[r#"
        6: Too many failed logins. Try again in 5 seconds.
        1: Too many failed logins. Try again in 10 seconds.
        1: Too many failed logins. Try again in 20 seconds.
        1: Too many failed logins. Try again in 40 seconds.
        1: Too many failed logins. Try again in 15 minutes.
        1: Too many failed logins. Try again in 15 minutes.
    "#]];
    check(&registry, "operator", &expected).await;
    check(&registry, "not-there", &expected).await;
    assert_eq!(registry.log_in("operator").await.me().await.name, "operator");
    let (tries, _) = try_until_blocked(&registry.browser(), "operator").await;
    assert_eq!(tries, 6, "the right password lets the count begin anew");
}

#[tokio::test]
async fn a_wait_holds_for_the_right_password_too_and_for_nobody_else() {
    let registry = TestRegistry::empty().await;
    let other = registry.log_in("operator").await;
    let browser = registry.browser();
    let _ = try_until_blocked(&browser, "operator").await;
    let password = registry.password("operator");
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
    assert_eq!(other.me().await.name, "operator", "a session goes on");
    let answer = other.change_password(&password, "correct horse battery").await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries, "no way around it");
    assert_eq!(registry.log_in("admin").await.me().await.name, "admin");
    let registry = registry.restart().await;
    let browser = browser.moved_to(&registry);
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries, "a restart does not end it");
}

#[tokio::test]
async fn many_tries_at_once_are_no_more_than_many_in_a_row() {
    let registry = TestRegistry::empty().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let browser = registry.browser();
        tries.spawn(async move { browser.log_in("operator", WRONG).await.refused() });
    }
    let answers = tries.join_all().await;
    let compared = answers.iter().filter(|code| **code == ProblemCode::WrongPassword).count();
    assert!((1..=6).contains(&compared), "{answers:?}");
}

#[tokio::test]
async fn an_address_waits_however_many_names_it_tries() {
    let registry = TestRegistry::empty().await;
    let browser = registry.browser();
    for number in 0..51 {
        let answer = browser.log_in(&format!("name-{number}"), WRONG).await;
        assert_eq!(answer.refused(), ProblemCode::WrongPassword, "{number}");
        if number == 20 {
            let _: Me = registry.log_in("operator").await.me().await;
        }
    }
    let password = registry.password("operator");
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
    registry.clock.advance(Duration::from_secs(5));
    assert_eq!(browser.log_in("operator", &password).await.status, 200);
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.status, 200, "the right password costs its address nothing");
    assert_eq!(browser.log_in("name", WRONG).await.refused(), ProblemCode::WrongPassword);
    let answer = browser.log_in("operator", &password).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
    registry.clock.advance(Duration::from_secs(60 * 60));
    for name in ["name-0", "name-0", "name-0"] {
        let (_, message) = try_until_blocked(&browser, name).await;
        assert!(message.contains("seconds"), "{message}");
        registry.clock.advance(Duration::from_secs(60 * 60));
    }
}

#[tokio::test]
async fn a_name_that_may_be_a_password_is_not_kept() {
    let registry = TestRegistry::empty().await;
    let answer = registry.browser().log_in("correct-horse-battery", "operator").await;
    assert_eq!(answer.refused(), ProblemCode::WrongPassword);
    assert!(!registry.database_holds(b"correct-horse-battery"));
    let hash = cardwright_seal::sha256(b"correct-horse-battery");
    assert!(!registry.database_holds(&hash.0));
    assert!(!registry.database_holds(WRONG.as_bytes()));
}
