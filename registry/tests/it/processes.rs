use crate::desk::chip;
use crate::world::TestRegistry;
use cardwright_protocol::domain::{CardState, Command, ProcessState};
use cardwright_protocol::outcome::Phase;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Process, StartProcess};
use std::collections::HashMap;

const INITIALIZE: Command = Command::InitializeTemporaryCard;

fn initialize(version: u64) -> StartProcess {
    StartProcess { command: INITIALIZE, version, reason: None }
}

#[tokio::test]
async fn a_command_is_absent_until_an_admin_enables_it() {
    let registry = TestRegistry::with(&[["TC-1", "produced", "", "2026-11-02", ""]]).await;
    let operator = registry.log_in("operator").await;
    assert_eq!(operator.card("TC-1").await.row.commands, []);
    let answer = operator.try_start("TC-1", INITIALIZE, None).await;
    assert_eq!(answer.refused(), ProblemCode::NotEnabled);
    assert_eq!(operator.card("TC-1").await.process, None);

    let admin = registry.log_in("admin").await;
    admin.enable(CardState::Produced, &[INITIALIZE]).await;
    assert_eq!(operator.card("TC-1").await.row.commands, [INITIALIZE]);
    let process = operator.start("TC-1").await;
    assert_eq!(
        (process.state, process.operator.as_str(), process.mine),
        (ProcessState::Started, "operator", true)
    );
    assert_eq!((process.phases.first(), process.phases.len()), (Some(&Phase::Identify), 9));
    assert!(process.confirm_number);
    assert_eq!(operator.process(&process.id).await, process);
    let card = operator.card("TC-1").await;
    assert_eq!(card.process.unwrap().id, process.id);
    assert_eq!(card.row.commands, [], "the card is held");
    assert!(!admin.process(&process.id).await.mine);
}

#[tokio::test]
async fn a_start_that_does_not_fit_changes_nothing() {
    let registry = TestRegistry::with_one_card().await;
    registry.import(&[["TC-2", "ordered", "", "", ""]]).await;
    let operator = registry.log_in("operator").await;
    let path = "/cards/TC-1/processes";
    assert_eq!(operator.post(path, &initialize(2)).await.refused(), ProblemCode::StaleVersion);
    let answer = operator.try_start("TC-2", INITIALIZE, None).await;
    assert_eq!(answer.refused(), ProblemCode::WrongState);
    let answer = operator.post("/cards/TC-9/processes", &initialize(1)).await;
    assert_eq!(answer.refused(), ProblemCode::NotFound);
    let problem = operator.try_start("TC-1", INITIALIZE, Some("why not")).await.problem();
    assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::Invalid, Some("reason")));
    let card = operator.card("TC-1").await;
    assert_eq!((card.process, card.version), (None, 1));
}

#[tokio::test]
async fn of_two_operators_on_one_card_exactly_one_wins() {
    let registry = TestRegistry::with_one_card().await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(registry.log_in("operator").await);
    }
    let other = registry.log_in_new("desk.2", "operator").await;
    browsers.extend([other.clone(), other.clone(), other]);
    let request = initialize(1);
    let mut tasks = tokio::task::JoinSet::new();
    for browser in browsers.clone() {
        let request = request.clone();
        tasks.spawn(async move { browser.post("/cards/TC-1/processes", &request).await });
    }
    let mut counts = HashMap::new();
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            201 => *counts.entry("won").or_insert(0) += 1,
            _ => {
                assert_eq!(answer.refused(), ProblemCode::CardInUse);
                *counts.entry("lost").or_insert(0) += 1;
            }
        }
    }
    assert_eq!(counts, HashMap::from([("won", 1), ("lost", 5)]));
    let again = browsers[0].try_start("TC-1", INITIALIZE, None).await;
    assert_eq!(again.refused(), ProblemCode::CardInUse);
}

#[tokio::test]
async fn another_operator_can_read_a_process_and_nothing_else() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let other = registry.log_in_new("desk.2", "operator").await;
    let process = operator.start("TC-1").await;
    let seen = other.process(&process.id).await;
    assert_eq!((seen.operator.as_str(), seen.mine), ("operator", false));
    let held = other.card("TC-1").await.process.unwrap();
    assert_eq!((held.operator.as_str(), held.mine), ("operator", false));

    let problem = other.try_start("TC-1", INITIALIZE, None).await.problem();
    assert_eq!(problem.code, ProblemCode::CardInUse);
    assert!(problem.message.contains("operator"), "{}", problem.message);
    let nonces = format!("/processes/{}/nonces", process.id);
    assert_eq!(other.post_nothing(&nonces).await.refused(), ProblemCode::CardInUse);
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    assert_eq!(other.try_assess(&process.id, &report).await.refused(), ProblemCode::CardInUse);
    let answer = other.try_job(&process.id, &report, Some("TC-1")).await;
    assert_eq!(answer.refused(), ProblemCode::CardInUse);
    assert_eq!(other.try_cancel(&process.id).await.refused(), ProblemCode::NotPermitted);

    // Nothing of it changed anything, not even the report's freshness.
    assert_eq!(operator.process(&process.id).await, process);
    operator.job(&process.id, &report, "TC-1").await;
    assert_eq!(other.try_cancel(&process.id).await.refused(), ProblemCode::NotPermitted);
    assert_eq!(operator.process(&process.id).await.state, ProcessState::Encoding);
}

#[tokio::test]
async fn a_canceled_process_leaves_the_card_free() {
    let registry = TestRegistry::with_one_card().await;
    registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    let canceled: Process = operator.try_cancel(&process.id).await.ok();
    assert_eq!(canceled.state, ProcessState::Canceled);
    assert_eq!(canceled.next_card, Some("TC-2".into()));
    assert_eq!(operator.try_cancel(&process.id).await.refused(), ProblemCode::ProcessEnded);
    let answer = operator.post_nothing(&format!("/processes/{}/nonces", process.id)).await;
    assert_eq!(answer.refused(), ProblemCode::ProcessEnded);
    let next = operator.start("TC-1").await;
    assert_ne!(next.id, process.id);

    let admin = registry.log_in("admin").await;
    let closed: Process = admin.try_cancel(&next.id).await.ok();
    assert_eq!(closed.state, ProcessState::Canceled, "an admin closes processes of others");
    let unknown = operator.try_cancel(&"0".repeat(32).as_str().into()).await;
    assert_eq!(unknown.refused(), ProblemCode::NotFound);
}

#[tokio::test]
async fn marking_a_card_wants_a_reason_and_is_done_at_once() {
    let registry = TestRegistry::with(&[
        ["TC-1", "produced", "", "2026-11-02", ""],
        ["TC-2", "ordered", "", "", ""],
    ])
    .await;
    let (admin, operator) = (registry.log_in("admin").await, registry.log_in("operator").await);
    admin.enable(CardState::Produced, &[Command::MarkAsDefective]).await;
    admin.enable(CardState::Ordered, &[Command::MarkAsLost]).await;
    for reason in [None, Some(""), Some("  "), Some("x".repeat(501).as_str())] {
        let problem = operator.try_start("TC-1", Command::MarkAsDefective, reason).await.problem();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (ProblemCode::Invalid, Some("reason"))
        );
    }
    let answer = operator.try_start("TC-1", Command::MarkAsDefective, Some("bent")).await;
    assert_eq!(answer.status, 201);
    let process: Process = answer.ok();
    assert_eq!(process.state, ProcessState::Completed);
    assert_eq!(process.card.state, CardState::Defective);
    let card = operator.card("TC-1").await;
    assert_eq!((card.row.state, card.version, card.process), (CardState::Defective, 2, None));
    assert_eq!(operator.history("TC-1").await[0], "operator: Mark as defective: bent -> defective");
    let _: Process = operator.try_start("TC-2", Command::MarkAsLost, Some("post")).await.ok();
    assert_eq!(operator.card("TC-2").await.row.state, CardState::Lost);
}
