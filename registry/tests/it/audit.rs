use crate::answer::Answer;
use crate::audit_verifier::{offline, online};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::Command;
use cardwright_protocol::registry::audit::{AuditEvent, AuditPage};
use cardwright_protocol::registry::problem::ProblemCode;

async fn search(browser: &Browser, query: &str) -> AuditPage {
    browser.get(&format!("/audit?{query}")).await.ok()
}

async fn export(browser: &Browser, query: &str) -> Answer {
    browser.get(&format!("/audit/export?{query}")).await
}

#[tokio::test]
async fn the_events_of_a_story_are_found_by_everything_that_they_say() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    operator.try_cancel(&process.id).await;
    let admin = registry.log_in("admin").await;
    let all = search(&admin, "size=100").await;
    let seqs: Vec<u64> = all.events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=all.total).rev().collect::<Vec<_>>(), "newest first, without gaps");
    assert!(all.kinds.iter().any(|kind| kind == "session.refused"));

    let check = async |query: &str, fits: &dyn Fn(&AuditEvent) -> bool| {
        let found = search(&admin, &format!("size=100&{query}")).await;
        let expected: Vec<_> = all.events.iter().filter(|it| fits(it)).cloned().collect();
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(found.events, expected, "{query}");
    };
    check("by=operator", &|it| it.by == "operator").await;
    check("kind=process.", &|it| it.kind.starts_with("process.")).await;
    check("card=TC-1", &|it| it.card.as_ref().is_some_and(|card| card.0 == "TC-1")).await;
    check("text=CANCELED", &|it| it.what.to_lowercase().contains("canceled")).await;
    check("from=2026-11-22&to=2026-11-22", &|it| it.at.starts_with("2026-11-22")).await;
    check("by=operator&kind=session.", &|it| {
        it.by == "operator" && it.kind.starts_with("session.")
    })
    .await;
    for query in ["by=nobody-else", "kind=none", "card=TC-2", "from=2027-01-01", "text=%25"] {
        assert_eq!(search(&admin, query).await.total, 0, "{query}");
    }
    let second = search(&admin, "size=2&page=2").await;
    assert_eq!(second.events, all.events[2..4]);
    for (query, field) in [
        ("from=22.11.2026", "from"),
        ("to=2026-02-30", "to"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("page=0", "page"),
        ("by=%00", "by"),
        (&format!("text={}", "x".repeat(101)), "text"),
    ] {
        let problem = admin.get(&format!("/audit?{query}")).await.problem();
        assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::Invalid, Some(field)));
    }
    assert_eq!(admin.get("/audit?when=now").await.refused(), ProblemCode::Malformed);
    assert_eq!(operator.get("/audit").await.refused(), ProblemCode::NotPermitted);
    assert_eq!(operator.get("/audit/export").await.refused(), ProblemCode::NotPermitted);
}

#[tokio::test]
async fn an_export_of_anything_is_verified_offline_and_is_an_event() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    operator.try_start("TC-1", Command::InitializeTemporaryCard, None).await;
    let admin = registry.log_in("admin").await;
    for query in ["", "kind=session.", "card=TC-1", "by=operator&text=logged", "card=none"] {
        let answer = export(&admin, query).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.header("content-type").starts_with("text/csv"));
        assert!(answer.header("content-disposition").starts_with("attachment"));
        let (code, said) = offline(answer.body.as_bytes(), &registry.key).await;
        assert_eq!(code, 0, "{said:?}");
        assert_eq!(said[0][0], "verified");
        let rows = format!("{} events", answer.body.matches("\r\n").count() - 2);
        assert_eq!(said[0][1], rows, "{query}");
        let newest = search(&admin, "size=1").await.events.remove(0);
        assert_eq!((newest.kind.as_str(), newest.by.as_str()), ("audit.exported", "admin"));
        assert!(said[0][2].starts_with(&format!("head {} {}", newest.seq, newest.hash)));
        let altered = answer.body.replacen("seq", "Seq", 1);
        assert_eq!(offline(altered.as_bytes(), &registry.key).await.0, 1);
    }
    assert_eq!(export(&admin, "page=2").await.refused(), ProblemCode::Invalid);
    let (code, said) = online(registry.folder.path()).await;
    assert_eq!((code, said[0][0].as_str()), (0, "verified"), "{said:?}");
}

#[tokio::test]
async fn whoever_writes_at_the_same_time_the_chain_has_no_gap() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let admin = registry.log_in("admin").await;
    let attempt = async || {
        for _ in 0..5 {
            // One of them gets the card, the others are rolled back.
            let started = operator.try_start("TC-1", Command::InitializeTemporaryCard, None).await;
            if started.status < 300 {
                let process: cardwright_protocol::registry::processes::Process = started.ok();
                operator.try_cancel(&process.id).await;
            }
            operator.log_in("operator", "wrong horse battery").await;
        }
    };
    let command_line = registry.log_in_new("desk.2", "operator");
    let (_, _, _, _, _) = tokio::join!(attempt(), attempt(), attempt(), attempt(), command_line);
    let total = search(&admin, "size=1").await.total;
    let newest = search(&admin, "size=1").await.events.remove(0).seq;
    assert_eq!(newest, total);
    let (code, said) = online(registry.folder.path()).await;
    assert_eq!(code, 0, "{said:?}");
}
