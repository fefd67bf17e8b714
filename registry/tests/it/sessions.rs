use crate::world::TestRegistry;
use cardwright_protocol::domain::Role;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use reqwest::Method;
use std::time::Duration;

#[tokio::test]
async fn a_session_begins_with_the_right_password_and_ends_by_logging_out() {
    let registry = TestRegistry::empty().await;
    let browser = registry.browser();
    assert_eq!(browser.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let me: Me = browser.log_in("operator", &registry.password("operator")).await.ok();
    assert_eq!(
        (me.name.as_str(), me.role, &me.helper_ports[..], me.must_change_password),
        ("operator", Role::Operator, &[18_421][..], false)
    );
    assert_eq!(browser.get("/session").await.ok::<Me>(), me);
    let gone = browser.send(Method::DELETE, "/api/v1/session", &[], None).await;
    assert_eq!(gone.status, 204);
    assert_eq!(browser.get("/session").await.refused(), ProblemCode::NotLoggedIn);
}

#[tokio::test]
async fn a_key_is_one_session() {
    let registry = TestRegistry::empty().await;
    let browser = registry.log_in("operator").await;
    let again: Me = browser.log_in("admin", &registry.password("admin")).await.ok();
    assert_eq!(again.name, "admin");
    assert_eq!(browser.get("/session").await.ok::<Me>(), again);
    let answer = browser.log_in("operator", "wrong horse battery").await;
    assert_eq!(answer.refused(), ProblemCode::WrongPassword);
    assert_eq!(browser.get("/session").await.ok::<Me>(), again, "only a login ends a session");
}

#[tokio::test]
async fn wrong_names_and_passwords_are_refused_alike() {
    let registry = TestRegistry::empty().await;
    let browser = registry.browser();
    let long = "x".repeat(300);
    let known = browser.log_in("operator", "wrong").await.problem();
    assert_eq!(known.code, ProblemCode::WrongPassword);
    for (name, password) in [("nobody", "wrong"), ("", ""), ("operator", &long), (&long, "wrong")] {
        assert_eq!(browser.log_in(name, password).await.problem(), known, "{name}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_or_too_old() {
    let registry = TestRegistry::empty().await;
    let idle = registry.log_in("operator").await;
    registry.clock.advance(Duration::from_secs(59 * 60));
    assert_eq!(idle.get("/session").await.status, 200);
    registry.clock.advance(Duration::from_secs(59 * 60));
    assert_eq!(idle.get("/session").await.status, 200, "use keeps it alive");
    registry.clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(idle.get("/session").await.refused(), ProblemCode::NotLoggedIn);

    let old = registry.log_in("operator").await;
    for _ in 0..15 {
        assert_eq!(old.get("/session").await.status, 200);
        registry.clock.advance(Duration::from_secs(48 * 60));
    }
    assert_eq!(old.get("/session").await.refused(), ProblemCode::NotLoggedIn);
}

#[tokio::test]
async fn what_an_open_page_does_by_itself_is_no_use_of_the_session() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    for _ in 0..3 {
        let answer = operator.post_nothing("/outcomes").await;
        assert_eq!(answer.refused(), ProblemCode::Malformed);
        registry.clock.advance(Duration::from_secs(20 * 60));
    }
    let answer = operator.post_nothing("/outcomes").await;
    assert_eq!(answer.refused(), ProblemCode::NotLoggedIn);
}

#[tokio::test]
async fn a_session_outlives_a_restart() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let registry = registry.restart().await;
    assert_eq!(operator.moved_to(&registry).me().await.name, "operator");
}

#[tokio::test]
async fn accounts_and_sessions_outlive_a_restart() {
    let registry = TestRegistry::empty().await.restart().await;
    let me: Me = registry.log_in("admin").await.get("/session").await.ok();
    assert_eq!(me.role, Role::Admin);
}
