use crate::desk::{chip, written};
use crate::story::Story;
use cardwright_protocol::domain::{CardState, ProcessState};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;
use expect_test::expect;

#[tokio::test]
async fn an_admin_takes_a_process_over_and_finishes_it_at_another_workstation() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let admin = registry.log_in("admin").await;
    let first = story.job(&chip(7)).await;
    let answer = admin.post_nothing(&format!("/processes/{process}/nonces")).await;
    assert_eq!(answer.refused(), ProblemCode::CardInUse, "not without taking it over");
    assert!(admin.process(process).await.can_take_over);
    assert!(!operator.process(process).await.can_take_over, "it is theirs");

    let taken: Process = admin.try_take_over(process).await.ok();
    assert_eq!((taken.state, taken.operator.as_str()), (ProcessState::Started, "admin"));
    assert_eq!((taken.mine, taken.can_take_over, taken.job), (true, false, None));
    assert!(taken.card.interrupted, "nobody knows what the job did");
    let again: Process = admin.try_take_over(process).await.ok();
    assert_eq!(again.state, ProcessState::Started, "once is enough");
    let seen = operator.process(process).await;
    assert_eq!((seen.mine, seen.can_take_over), (false, false));
    let answer = operator.post_nothing(&format!("/processes/{process}/nonces")).await;
    assert_eq!(answer.refused(), ProblemCode::CardInUse);

    let torn = written(&chip(7), &first);
    let second = story.job_at(&registry.other_desk, &admin, &torn).await;
    assert_eq!(second.values(), first.values());
    let done = admin.hand_over(&registry.other_desk.receipt(&second)).await.process.unwrap();
    assert_eq!(done.card.state, CardState::Unassigned);
    expect![[r#"
        admin: Initialize temporary card completed -> unassigned
        admin: Encoded at desk-2 with 29 commands; everything was read back and proved
        admin: Encoding begun at desk-2
        admin: Initialize temporary card taken over from operator; how the encoding at desk-1 ended is not known
        operator: Encoding begun at desk-1
        operator: Chip 3B1F 7A02 9C07 bound to this card
        operator: Initialize temporary card started
        registry: Imported from the bureau's list -> produced"#]].assert_eq(&operator.history("TC-1").await.join("\n"));
    assert_eq!(admin.try_take_over(process).await.refused(), ProblemCode::ProcessEnded);
}

#[tokio::test]
async fn nobody_takes_over_without_the_permission() {
    let story = Story::begin().await;
    let other = story.registry.log_in_new("desk.2", "operator").await;
    assert!(!other.process(&story.process).await.can_take_over);
    assert_eq!(other.try_take_over(&story.process).await.refused(), ProblemCode::NotPermitted);
    let admin = story.registry.log_in("admin").await;
    let unknown = admin.try_take_over(&"0".repeat(32).as_str().into()).await;
    assert_eq!(unknown.refused(), ProblemCode::NotFound);
}

#[tokio::test]
async fn what_was_inspected_for_the_former_operator_is_of_no_use_afterwards() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let admin = registry.log_in("admin").await;
    let report = registry.desk.report(&operator.nonce(process).await, &chip(7));
    let _: Process = admin.try_take_over(process).await.ok();
    let answer = admin.try_job(process, &report, Some("TC-1")).await;
    assert_eq!(answer.refused(), ProblemCode::StaleReport);
}

/// The helper of the first workstation is gone for good, with its journal.
#[tokio::test]
async fn the_same_operator_goes_on_at_another_workstation() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let first = story.job(&chip(7)).await;
    let torn = written(&chip(7), &first);
    let second = story.job_at(&registry.other_desk, operator, &torn).await;
    assert_eq!(second.values(), first.values());
    let open = operator.process(process).await;
    assert_eq!(open.job.unwrap().workstation, "desk-2".into());
    assert!(open.card.interrupted);
    let done = operator.hand_over(&registry.other_desk.receipt(&second)).await.process.unwrap();
    assert_eq!((done.state, done.card.interrupted), (ProcessState::Completed, false));
    let history = operator.history("TC-1").await;
    assert!(
        history.contains(
            &"operator: How the encoding at desk-1 ended is not known; another one takes its place"
                .to_owned()
        )
    );
}
