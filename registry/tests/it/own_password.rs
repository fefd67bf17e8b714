//! A password that its owner changes.

use crate::world::TestRegistry;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use reqwest::Method;

const NEW: &str = "correct horse battery";

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let registry = TestRegistry::empty().await;
    let (browser, other) = (registry.log_in("operator").await, registry.log_in("operator").await);
    let stranger = registry.log_in("admin").await;
    let old = registry.password("operator");
    let me: Me = browser.change_password(&old, NEW).await.ok();
    assert_eq!(browser.me().await, me);
    assert_eq!(other.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    assert_eq!(stranger.me().await.name, "admin");
    let answer = other.log_in("operator", &old).await;
    assert_eq!(answer.refused(), ProblemCode::WrongPassword);
    assert_eq!(other.log_in("operator", NEW).await.status, 200);
    assert!(!registry.database_holds(NEW.as_bytes()));
}

#[tokio::test]
async fn what_is_no_password_is_refused_at_its_place() {
    let registry = TestRegistry::empty().await;
    let browser = registry.log_in("operator").await;
    let old = registry.password("operator");
    let long = "x".repeat(257);
    for (given, new, code, field) in [
        ("wrong horse battery", NEW, ProblemCode::WrongPassword, "old"),
        (&old, "short", ProblemCode::Invalid, "new"),
        (&old, "", ProblemCode::Invalid, "new"),
        (&old, &long, ProblemCode::Invalid, "new"),
        (&old, &old, ProblemCode::Invalid, "new"),
    ] {
        let problem = browser.change_password(given, new).await.problem();
        assert_eq!((problem.code, problem.field.as_deref()), (code, Some(field)), "{new}");
    }
    let named = registry.log_in_new("desk-of-office-2", "operator").await;
    let problem = named.change_password("whatever it is", "Desk-Of-Office-2").await.problem();
    assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::Invalid, Some("new")));
    assert_eq!(browser.log_in("operator", &old).await.status, 200, "nothing was changed");
}

#[tokio::test]
async fn an_old_password_is_guessed_no_faster_than_at_the_login() {
    let registry = TestRegistry::empty().await;
    let browser = registry.log_in("operator").await;
    for _ in 0..6 {
        let answer = browser.change_password("wrong horse battery", NEW).await;
        assert_eq!(answer.refused(), ProblemCode::WrongPassword);
    }
    let answer = browser.change_password(&registry.password("operator"), NEW).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
    let answer = browser.log_in("operator", &registry.password("operator")).await;
    assert_eq!(answer.refused(), ProblemCode::TooManyTries);
}

#[tokio::test]
async fn who_must_change_a_password_can_do_nothing_else() {
    let registry = TestRegistry::with_one_card().await;
    let given = registry.add_account("desk.2", "operator").await;
    let browser = registry.browser();
    let me: Me = browser.log_in("desk.2", &given).await.ok();
    assert!(me.must_change_password);
    assert_eq!(browser.me().await, me);
    for path in ["/cards", "/cards/TC-1"] {
        assert_eq!(browser.get(path).await.refused(), ProblemCode::PasswordChangeNeeded, "{path}");
    }
    let answer = browser.change_password(&given, &given).await;
    assert_eq!(answer.refused(), ProblemCode::Invalid, "the same one is none");
    let answer = browser.send(Method::DELETE, "/api/v1/session", &[], None).await;
    assert_eq!(answer.status, 204, "they can log out");
    let _: Me = browser.log_in("desk.2", &given).await.ok();
    let me: Me = browser.change_password(&given, NEW).await.ok();
    assert!(!me.must_change_password);
    assert_eq!(browser.search("").await.total, 1);

    let set = registry.command(&["set-password", "desk.2", "--generate"]).await;
    let me: Me = browser.log_in("desk.2", &set[0][1]).await.ok();
    assert!(me.must_change_password);
    let set = registry.command(&["set-password", "desk.2", "--generate", "--permanent"]).await;
    let me: Me = browser.log_in("desk.2", &set[0][1]).await.ok();
    assert!(!me.must_change_password);
}
