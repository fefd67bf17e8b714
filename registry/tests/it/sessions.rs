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
    let answer = browser.log_in("operator", &registry.password("operator")).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let me: Me = answer.ok();
    assert_eq!(
        (me.name.as_str(), me.role, &me.helper_ports[..]),
        ("operator", Role::Operator, &[18_421][..])
    );
    assert_eq!(browser.get("/session").await.ok::<Me>(), me);

    let token = cookie.split(['=', ';']).nth(1).unwrap();
    assert_eq!(token.len(), 64);
    assert!(!registry.database_holds(token.as_bytes()), "only the hash of a token is kept");

    let gone = browser.send(Method::DELETE, "/api/v1/session", &[], None).await;
    assert_eq!(gone.status, 204);
    let old = [("cookie", cookie.split(';').next().unwrap())];
    let answer = browser.send(Method::GET, "/api/v1/session", &old, None).await;
    assert_eq!(answer.refused(), ProblemCode::NotLoggedIn);
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
async fn accounts_and_sessions_outlive_a_restart() {
    let registry = TestRegistry::empty().await.restart().await;
    let me: Me = registry.log_in("admin").await.get("/session").await.ok();
    assert_eq!(me.role, Role::Admin);
}
