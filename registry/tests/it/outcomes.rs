use crate::desk::{chip, written};
use crate::story::Story;
use cardwright_protocol::domain::{CardState, Command, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome, Receipt};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;
use cardwright_seal::{SigningKey, sign, verify};
use expect_test::expect;

#[tokio::test]
async fn a_receipt_makes_the_card_unassigned_once() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let job = story.job(&chip(7)).await;
    let receipt = registry.desk.receipt(&job);
    let taken = operator.hand_over(&receipt).await;
    let acknowledgement = verify(&registry.key, &taken.acknowledgement).unwrap();
    assert_eq!(acknowledgement.job, job.header.job);
    let Outcome::Finished(signed) = &receipt else { unreachable!() };
    assert_eq!(acknowledgement.outcome_hash, cardwright_seal::sha256(signed.statement.as_bytes()));
    assert_eq!(taken.process.as_ref().unwrap().state, ProcessState::Completed);
    assert_eq!(taken.process.as_ref().unwrap().card.state, CardState::Unassigned);
    let written = taken.process.as_ref().unwrap().written.clone().unwrap();
    assert_eq!(written.card_id, job.contents.card_id);
    assert_eq!(written.guid.replace('-', ""), hex::encode(&job.contents.guid.0));
    assert_eq!((written.expires_on.as_str(), written.commands), ("2032-11-01", 29));

    let card = operator.card("TC-1").await;
    assert_eq!(card.guid, Some(written.guid));
    let history = operator.history("TC-1").await;
    expect![[r#"
        operator: Initialize temporary card completed -> unassigned
        operator: Encoded at desk-1 with 29 commands; everything was read back and proved
        operator: Encoding begun at desk-1
        operator: Chip 3B1F 7A02 9C07 bound to this card
        operator: Initialize temporary card started
        registry: Imported from the bureau's list -> produced"#]]
    .assert_eq(&history.join("\n"));

    // Replayed, whoever carries it: the same acknowledgement, and nothing happens again.
    let admin = registry.log_in("admin").await;
    let again = admin.hand_over(&receipt).await;
    assert_eq!(again.acknowledgement, taken.acknowledgement);
    assert_eq!(operator.card("TC-1").await, card);

    let other = story.failure(&job, FailureCause::Internal, Condition::Unknown);
    for _ in 0..2 {
        let taken = operator.hand_over(&other).await;
        assert_eq!(taken.process.unwrap().state, ProcessState::Completed, "the first one counts");
    }
    let history = operator.history("TC-1").await;
    let second =
        "registry: desk-1 told the end of a job that had ended already: nothing is changed";
    assert_eq!(history.iter().filter(|entry| *entry == second).count(), 1);
    assert_eq!(operator.card("TC-1").await.row, card.row);
    let answer = operator.try_start("TC-1", Command::InitializeTemporaryCard, None).await;
    assert_eq!(answer.refused(), ProblemCode::WrongState);
}

#[tokio::test]
async fn a_receipt_that_is_not_of_its_job_is_refused() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let job = story.job(&chip(7)).await;
    let before = operator.process(process).await;
    type Alteration = fn(&mut Receipt);
    let alterations: [(&str, Alteration); 12] = [
        ("process", |receipt| receipt.process = "other".into()),
        ("card", |receipt| receipt.card = "TC-2".into()),
        ("profile_hash", |receipt| receipt.profile_hash.0[0] ^= 1),
        ("chip.card_id", |receipt| receipt.chip.card_id.as_mut().unwrap().0[13] ^= 1),
        ("chip.card_id", |receipt| receipt.chip.card_id = None),
        ("chip.guid", |receipt| receipt.chip.guid.as_mut().unwrap().0[0] ^= 1),
        ("card_capability_container", |receipt| receipt.card_capability_container.0[10] ^= 1),
        ("card_holder_unique_identifier", |receipt| {
            receipt.card_holder_unique_identifier.0[5] ^= 1;
        }),
        ("card_holder_unique_identifier", |receipt| {
            receipt.card_holder_unique_identifier.0.truncate(20);
        }),
        ("keys", |receipt| receipt.keys.clear()),
        ("keys", |receipt| receipt.keys.push(receipt.keys[0].clone())),
        ("chip.cplc", |receipt| receipt.chip.cplc.as_mut().unwrap().0[11] ^= 1),
    ];
    for (field, alter) in alterations {
        let mut receipt = registry.desk.receipt_of(&job);
        alter(&mut receipt);
        let outcome = Outcome::Finished(sign(&registry.desk.signing_key, &receipt));
        let problem = operator.try_hand_over(&outcome).await.problem();
        assert_eq!((problem.code, problem.field.as_deref()), (ProblemCode::Invalid, Some(field)));
    }
    let receipt = registry.desk.receipt_of(&job);
    let foreign = Outcome::Finished(sign(&SigningKey::generate(), &receipt));
    assert_eq!(operator.try_hand_over(&foreign).await.refused(), ProblemCode::BadSignature);
    let Outcome::Finished(mut altered) = registry.desk.receipt(&job) else { unreachable!() };
    altered.statement = altered.statement.replace(":29", ":28");
    let answer = operator.try_hand_over(&Outcome::Finished(altered)).await;
    assert_eq!(answer.refused(), ProblemCode::BadSignature);
    assert_eq!(operator.process(process).await, before);
}

#[tokio::test]
async fn a_failure_that_nobody_can_mend_ends_the_process() {
    let story = Story::begin().await;
    let operator = &story.operator;
    let job = story.job(&chip(7)).await;
    let cause = FailureCause::Foreign { what: "management key".to_owned() };
    let failed = story.failure(&job, cause.clone(), Condition::Untouched);
    let taken = operator.hand_over(&failed).await;
    assert_eq!(taken.process.as_ref().unwrap().state, ProcessState::Failed);
    assert_eq!(taken.process.as_ref().unwrap().failure.as_ref().unwrap().cause, cause);
    let card = operator.card("TC-1").await;
    assert_eq!(
        (card.row.state, card.row.interrupted, card.process),
        (CardState::Produced, false, None)
    );
    assert_eq!(card.row.commands, [Command::InitializeTemporaryCard], "free again");
    assert_eq!(operator.hand_over(&failed).await.acknowledgement, taken.acknowledgement);
}

#[tokio::test]
async fn a_failure_that_a_person_can_mend_leaves_the_process_open() {
    let story = Story::begin().await;
    let operator = &story.operator;
    for (cause, condition, interrupted) in [
        (FailureCause::Canceled, Condition::Untouched, false),
        (FailureCause::CardRemoved, Condition::Unknown, true),
        (FailureCause::ReaderBusy, Condition::Untouched, true),
    ] {
        let job = story.job(&chip(7)).await;
        let taken = operator.hand_over(&story.failure(&job, cause, condition)).await;
        assert_eq!(taken.process.as_ref().unwrap().state, ProcessState::Started);
        assert_eq!(taken.process.as_ref().unwrap().job, None);
        assert_eq!(taken.process.as_ref().unwrap().card.interrupted, interrupted);
    }
    let job = story.job(&chip(7)).await;
    let taken = operator.hand_over(&story.registry.desk.receipt(&job)).await;
    assert_eq!(
        (taken.process.as_ref().unwrap().card.interrupted, taken.process.unwrap().failure),
        (false, None)
    );
}

#[tokio::test]
async fn a_late_receipt_of_a_superseded_job_moves_the_card_only_if_nothing_newer_runs() {
    let story = Story::begin().await;
    let operator = &story.operator;
    let first = story.job(&chip(7)).await;
    let second = story.job(&written(&chip(7), &first)).await;
    let late = operator.hand_over(&story.registry.desk.receipt(&first)).await;
    assert_eq!(late.process.as_ref().unwrap().state, ProcessState::Encoding);
    assert_eq!(late.process.as_ref().unwrap().job.as_ref().unwrap().job, second.header.job);
    assert_eq!(late.process.as_ref().unwrap().card.state, CardState::Produced);
    assert!(
        late.process.as_ref().unwrap().card.interrupted,
        "nobody knows what the second one did since"
    );
    let failed = story.failure(&second, FailureCause::CardHung, Condition::Unknown);
    let taken = operator.hand_over(&failed).await;
    assert_eq!(
        (taken.process.as_ref().unwrap().state, taken.process.as_ref().unwrap().card.interrupted),
        (ProcessState::Started, true)
    );

    let third = story.job(&written(&chip(7), &first)).await;
    assert_eq!(third.contents.card_id.0[13], 2, "the next generation");
    assert_eq!(third.contents.guid, first.contents.guid, "a chip keeps its GUID");
    let [before, factory] = &third.contents.candidates[..] else { panic!("two sets of values") };
    assert_eq!(before.card_id.as_ref(), Some(&first.contents.card_id));
    assert_eq!(before.pins, [first.contents.pin]);
    assert_eq!(before.puks, [first.contents.puk]);
    assert_eq!(before.management_keys, first.contents.management_keys);
    assert_eq!(factory.card_id, None);
    let done = operator.hand_over(&story.registry.desk.receipt(&third)).await;
    assert_eq!(done.process.as_ref().unwrap().card.state, CardState::Unassigned);
}

#[tokio::test]
async fn a_late_receipt_says_nothing_of_a_chip_that_was_keyed_anew_since() {
    let story = Story::begin().await;
    let operator = &story.operator;
    let first = story.job(&chip(7)).await;
    let second = story.job(&written(&chip(7), &first)).await;
    let third = story.job(&written(&chip(7), &first)).await;
    operator.hand_over(&story.registry.desk.receipt(&first)).await;
    let fourth = story.job(&written(&chip(7), &first)).await;
    assert_eq!(fourth.contents.card_id.0[13], 2, "the next generation");
    let torn = story.failure(&fourth, FailureCause::CardRemoved, Condition::PartlyWritten);
    assert!(operator.hand_over(&torn).await.process.as_ref().unwrap().card.interrupted);
    let before = operator.card("TC-1").await;

    for late in [&second, &third] {
        let taken = operator.hand_over(&story.registry.desk.receipt(late)).await;
        assert_eq!(
            taken.process.as_ref().unwrap().state,
            ProcessState::Started,
            "the chip is torn"
        );
        let card = operator.card("TC-1").await;
        assert_eq!((card.row.state, card.row.interrupted), (CardState::Produced, true));
        assert_eq!(card.version, before.version);
    }
    let fifth = story.job(&written(&chip(7), &fourth)).await;
    assert_eq!(fifth.values(), fourth.values(), "the torn generation is finished");
    let done = operator.hand_over(&story.registry.desk.receipt(&fifth)).await;
    assert_eq!(done.process.as_ref().unwrap().card.state, CardState::Unassigned);
}

#[tokio::test]
async fn a_receipt_after_the_process_was_closed_is_recorded_and_moves_nothing() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let job = story.job(&chip(7)).await;
    let _: Process = operator.try_cancel(process).await.ok();
    let taken = operator.hand_over(&registry.desk.receipt(&job)).await;
    assert_eq!(taken.process.as_ref().unwrap().state, ProcessState::Canceled);
    let card = operator.card("TC-1").await;
    assert_eq!((card.row.state, card.row.interrupted), (CardState::Produced, false));
    assert!(card.guid.is_some());
}

#[tokio::test]
async fn the_same_outcome_at_the_same_time_changes_the_state_once() {
    let story = Story::begin().await;
    let job = story.job(&chip(7)).await;
    let receipt = story.registry.desk.receipt(&job);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (operator, receipt) = (story.operator.clone(), receipt.clone());
        tasks.spawn(async move { operator.hand_over(&receipt).await.acknowledgement });
    }
    let acknowledgements = tasks.join_all().await;
    assert!(acknowledgements.iter().all(|other| *other == acknowledgements[0]));
    let history = story.operator.history("TC-1").await;
    assert_eq!(history.iter().filter(|entry| entry.contains("completed")).count(), 1);
}
