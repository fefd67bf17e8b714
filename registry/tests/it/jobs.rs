use crate::desk::{Desk, chip, written};
use crate::program::program;
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::chip::{ChipFacts, ChipIds, ManagementKeyAlgorithm};
use cardwright_protocol::domain::{CardState, Command, ProcessState};
use cardwright_protocol::outcome::{Condition, FailureCause};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Process, Verdict};
use cardwright_seal::{Secret, TriesAllowed, sign};

/// Three produced cards, the first with a chip that the bureau named.
async fn registry() -> (TestRegistry, Browser) {
    let registry = TestRegistry::with(&[
        ["TC-1", "produced", "B-1", "2026-11-02", "4790516750643B1F7A029C01"],
        ["TC-2", "produced", "B-1", "2026-11-02", ""],
        ["TC-3", "produced", "B-1", "2026-11-02", ""],
    ])
    .await;
    let admin = registry.log_in("admin").await;
    admin.enable(CardState::Produced, &[Command::InitializeTemporaryCard]).await;
    let operator = registry.log_in("operator").await;
    (registry, operator)
}

#[tokio::test]
async fn a_job_brings_everything_that_the_chip_is_to_keep() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    let assessment = operator.assess(&process.id, &report).await;
    assert_eq!(assessment.verdict, Verdict::Ready);
    assert_eq!(assessment.kind, "PIV 5.4.0, as from the factory");
    assert_eq!(assessment.chip.as_deref(), Some("3B1F 7A02 9C07"));
    assert_eq!(assessment.matched_by, None);
    assert_eq!(
        operator.assess(&process.id, &report).await,
        assessment,
        "handed as often as wanted"
    );

    let issued = operator.try_job(&process.id, &report, Some(" tc-2 ")).await;
    assert_eq!(issued.status, 201);
    let job = registry.desk.open(
        &issued.ok::<cardwright_protocol::registry::processes::IssuedJob>().job,
        &registry.key,
    );
    assert_eq!(job.header.card, "TC-2".into());
    assert_eq!(job.header.chip, chip(7).ids);
    let contents = &job.contents;
    assert_eq!((contents.card_id.0.len(), &contents.card_id.0[12..]), (14, &[1, 1][..]));
    assert_eq!((contents.guid.0[6] >> 4, contents.guid.0[8] >> 6), (4, 2), "version 4, variant 10");
    assert_eq!((contents.fasc_n.0.len(), contents.expires_on.as_str()), (25, "20321101"));
    assert_eq!((contents.pin.expose().len(), contents.puk.expose().len()), (6, 8));
    let algorithms: Vec<_> = contents.management_keys.iter().map(|key| key.algorithm).collect();
    assert_eq!(
        algorithms,
        [
            ManagementKeyAlgorithm::Aes256,
            ManagementKeyAlgorithm::Aes192,
            ManagementKeyAlgorithm::Aes128,
            ManagementKeyAlgorithm::TripleDes,
        ]
    );
    let [factory] = &contents.candidates[..] else { panic!("the factory's values alone") };
    assert_eq!(factory.card_id, None);
    assert_eq!(factory.pins, [Secret::from(&b"123456"[..])]);
    assert_eq!(factory.puks, [Secret::from(&b"12345678"[..])]);
    assert_eq!(factory.management_keys.len(), 2);
    assert_eq!(contents.tries_allowed, TriesAllowed { pin: 1, puk: 1 }, "one value is known");

    let now = operator.process(&process.id).await;
    assert_eq!(now.state, ProcessState::Encoding);
    assert_eq!(now.job.unwrap().job, job.header.job);
    assert!(!now.confirm_number, "the chip is bound now");
    assert_eq!(now.card.chip.as_deref(), Some("3B1F 7A02 9C07"));
    for secret in [&contents.pin, &contents.puk, &contents.management_keys[0].key] {
        assert!(!registry.database_holds(secret.expose()), "a secret is in the database in clear");
    }
}

#[tokio::test]
async fn a_report_is_good_for_one_job_of_its_own_process() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let other = operator.start("TC-3").await;
    let nonce = operator.nonce(&process.id).await;
    let report = registry.desk.report(&nonce, &chip(7));
    let answer = operator.try_job(&other.id, &report, Some("TC-3")).await;
    assert_eq!(answer.refused(), ProblemCode::StaleReport);
    operator.job(&process.id, &report, "TC-2").await;
    let answer = operator.try_job(&process.id, &report, Some("TC-2")).await;
    assert_eq!(answer.refused(), ProblemCode::StaleReport);
    assert_eq!(operator.try_assess(&process.id, &report).await.refused(), ProblemCode::StaleReport);

    // The helper's nonce is good for one job, too.
    let mut again = registry.desk.statement(&operator.nonce(&process.id).await, &chip(7));
    again.helper_nonce = registry.desk.statement(&nonce, &chip(7)).helper_nonce;
    let first = sign(&registry.desk.signing_key, &again);
    operator.job(&process.id, &first, "TC-2").await;
    again.registry_nonce = operator.nonce(&process.id).await.nonce;
    let second = sign(&registry.desk.signing_key, &again);
    let answer = operator.try_job(&process.id, &second, Some("TC-2")).await;
    assert_eq!(answer.refused(), ProblemCode::StaleReport);

    // Only the newest nonces of a process are good.
    let oldest = registry.desk.report(&operator.nonce(&other.id).await, &chip(8));
    for _ in 0..4 {
        operator.nonce(&other.id).await;
    }
    assert_eq!(operator.try_assess(&other.id, &oldest).await.refused(), ProblemCode::StaleReport);
}

#[tokio::test]
async fn a_report_of_somebody_else_is_refused() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let nonce = operator.nonce(&process.id).await;
    let stranger = Desk::new(&registry.desk.id.0).report(&nonce, &chip(7));
    assert_eq!(
        operator.try_assess(&process.id, &stranger).await.refused(),
        ProblemCode::BadSignature
    );
    let mut statement = registry.desk.statement(&nonce, &chip(7));
    statement.workstation = registry.other_desk.id.clone();
    let other_name = sign(&registry.desk.signing_key, &statement);
    let answer = operator.try_job(&process.id, &other_name, Some("TC-2")).await;
    assert_eq!(answer.refused(), ProblemCode::BadSignature);
    let mut altered = registry.desk.report(&nonce, &chip(7));
    altered.statement = altered.statement.replace("5.4.0", "5.7.0");
    assert_eq!(
        operator.try_assess(&process.id, &altered).await.refused(),
        ProblemCode::BadSignature
    );
    assert_eq!(operator.process(&process.id).await.state, ProcessState::Started);
}

#[tokio::test]
async fn the_printed_number_is_confirmed_where_nothing_else_ties_chip_and_record() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    for number in [None, Some(""), Some("TC-3")] {
        let problem = operator.try_job(&process.id, &report, number).await.problem();
        let expected = (ProblemCode::Invalid, Some("confirmed_number"));
        assert_eq!((problem.code, problem.field.as_deref()), expected);
    }
    registry.log_in("admin").await.confirm_number(false).await;
    assert!(!operator.process(&process.id).await.confirm_number);
    let answer = operator.try_job(&process.id, &report, Some("TC-3")).await;
    assert_eq!(answer.refused(), ProblemCode::Invalid, "a wrong number is wrong all the same");
    assert_eq!(operator.try_job(&process.id, &report, None).await.status, 201);

    let named = operator.start("TC-1").await;
    assert!(!named.confirm_number, "the bureau named the chip");
    let report = registry.desk.report(&operator.nonce(&named.id).await, &chip(1));
    let matched = operator.assess(&named.id, &report).await.matched_by;
    assert_eq!(matched.as_deref(), Some("its production data are those that the bureau gave"));
    assert_eq!(operator.try_job(&named.id, &report, None).await.status, 201);
}

/// Assesses a chip and asks for a job, which is refused exactly if the verdict is not good.
async fn verdict(
    registry: &TestRegistry,
    operator: &Browser,
    process: &Process,
    facts: &ChipFacts,
) -> Verdict {
    let report = registry.desk.report(&operator.nonce(&process.id).await, facts);
    let verdict = operator.assess(&process.id, &report).await.verdict;
    if !matches!(verdict, Verdict::Ready | Verdict::Interrupted) {
        let before = operator.process(&process.id).await;
        let answer = operator.try_job(&process.id, &report, Some(&before.card.number.0)).await;
        assert_eq!(answer.refused(), ProblemCode::ChipRefused, "{verdict:?}");
        assert_eq!(operator.process(&process.id).await, before, "nothing changed");
    }
    verdict
}

#[tokio::test]
async fn chips_that_cannot_become_the_card_are_refused_before_any_job() {
    let (registry, operator) = registry().await;
    let one = operator.start("TC-1").await;
    let two = operator.start("TC-2").await;
    let three = operator.start("TC-3").await;
    let judge =
        async |process, facts: ChipFacts| verdict(&registry, &operator, process, &facts).await;

    assert_eq!(judge(&two, ChipFacts { piv: None, ..chip(7) }).await, Verdict::UnknownKind);
    assert_eq!(judge(&two, ChipFacts { contactless: true, ..chip(7) }).await, Verdict::Contactless);
    let mut blocked = chip(7);
    blocked.piv.as_mut().unwrap().pin_tries = Some(0);
    assert_eq!(judge(&two, blocked).await, Verdict::Blocked);

    // The bureau named chip 1 for card TC-1.
    let other = Verdict::OtherChipExpected { expected: Some("3B1F 7A02 9C01".to_owned()) };
    assert_eq!(judge(&one, chip(7)).await, other);
    let bound_to_one = Verdict::BoundToOtherCard { card: "TC-1".into() };
    assert_eq!(judge(&two, chip(1)).await, bound_to_one);

    // A job binds chip 7 to TC-2.
    let report = registry.desk.report(&operator.nonce(&two.id).await, &chip(7));
    let issued = operator.job(&two.id, &report, "TC-2").await;
    let job = registry.desk.open(&issued.job, &registry.key);
    let bound_to_two = Verdict::BoundToOtherCard { card: "TC-2".into() };
    assert_eq!(judge(&three, chip(7)).await, bound_to_two);
    assert_eq!(judge(&three, written(&chip(7), &job)).await, bound_to_two);
    assert_eq!(
        judge(&three, written(&chip(8), &job)).await,
        bound_to_two,
        "our ids on another chip"
    );
    let other = Verdict::OtherChipExpected { expected: Some("3B1F 7A02 9C07".to_owned()) };
    assert_eq!(judge(&two, chip(8)).await, other);
    assert_eq!(judge(&two, written(&chip(8), &job)).await, other, "our ids on another chip");
    assert_eq!(judge(&two, chip(7)).await, Verdict::Ready);
    assert_eq!(judge(&three, chip(8)).await, Verdict::Ready);
}

#[tokio::test]
async fn a_chip_without_immutable_ids_is_known_by_what_it_was_and_what_we_wrote() {
    let (registry, operator) = registry().await;
    let two = operator.start("TC-2").await;
    let three = operator.start("TC-3").await;
    let mut virgin = chip(7);
    virgin.ids.cplc = None;
    let report = registry.desk.report(&operator.nonce(&two.id).await, &virgin);
    let issued = operator.job(&two.id, &report, "TC-2").await;
    let job = registry.desk.open(&issued.job, &registry.key);
    let bound = Verdict::BoundToOtherCard { card: "TC-2".into() };
    assert_eq!(verdict(&registry, &operator, &three, &virgin).await, bound);
    assert_eq!(verdict(&registry, &operator, &two, &virgin).await, Verdict::Ready);
    let keyed = written(&virgin, &job);
    assert_eq!(verdict(&registry, &operator, &three, &keyed).await, bound);
    assert_eq!(verdict(&registry, &operator, &two, &keyed).await, Verdict::Interrupted);
    let nameless = ChipFacts { ids: ChipIds::default(), ..virgin.clone() };
    assert!(matches!(
        verdict(&registry, &operator, &two, &nameless).await,
        Verdict::OtherChipExpected { .. }
    ));
    // A chip that tells itself from it by a CPLC is another one, whatever else is alike.
    assert_eq!(verdict(&registry, &operator, &three, &chip(9)).await, Verdict::Ready);
}

#[tokio::test]
async fn a_card_image_number_without_its_issuer_does_not_hide_a_chip() {
    let (registry, operator) = registry().await;
    let two = operator.start("TC-2").await;
    let three = operator.start("TC-3").await;
    let mut facts = chip(7);
    facts.ids.cplc = None;
    facts.ids.cin = Some(vec![7; 8].into());
    let report = registry.desk.report(&operator.nonce(&two.id).await, &facts);
    operator.job(&two.id, &report, "TC-2").await;
    let bound = Verdict::BoundToOtherCard { card: "TC-2".into() };
    assert_eq!(verdict(&registry, &operator, &three, &facts).await, bound);
    assert_eq!(verdict(&registry, &operator, &two, &facts).await, Verdict::Ready);
}

#[tokio::test]
async fn a_chip_is_found_by_the_name_that_people_see() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let mut facts = chip(7);
    facts.ids.cplc = None;
    facts.ids.guid = Some("1B9D6BCDBBFD4B2D9B5DAB8DFBBD4BED".parse().unwrap());
    let report = registry.desk.report(&operator.nonce(&process.id).await, &facts);
    let issued = operator.job(&process.id, &report, "TC-2").await;
    let job = registry.desk.open(&issued.job, &registry.key);
    let report = registry.desk.report(&operator.nonce(&process.id).await, &written(&facts, &job));
    operator.job(&process.id, &report, "TC-2").await;
    let seen = operator.card("TC-2").await.row.chip.unwrap();
    assert_eq!(seen, "1B9D 6BCD BBFD");
    let found = operator.search("text=1B9D+6BCD+BBFD").await;
    assert_eq!((found.total, found.cards[0].chip.as_ref()), (1, Some(&seen)));
}

#[tokio::test]
async fn a_chip_that_is_bound_is_not_imported_for_another_card() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    operator.job(&process.id, &report, "TC-2").await;
    let file = registry.folder.path().join("more.csv");
    let header = "number,state,order,produced_on,expires_on,chip_id\n";
    let row = "TC-9,produced,,2026-11-02,2032-11-01,4790516750643B1F7A029C07\n";
    std::fs::write(&file, format!("{header}{row}")).unwrap();
    let output =
        program(&["import-cards"], registry.folder.path()).arg(&file).output().await.unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("line 2: TC-9, or its chip, is in the registry already"), "{message}");
}

#[tokio::test]
async fn a_pending_generation_is_used_again_until_it_is_whole() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let job = async |facts: &ChipFacts| {
        let report = registry.desk.report(&operator.nonce(&process.id).await, facts);
        let issued = operator.job(&process.id, &report, "TC-2").await;
        registry.desk.open(&issued.job, &registry.key)
    };
    let first = job(&chip(7)).await;
    let failed = registry.desk.failure(&first, FailureCause::CardRemoved, Condition::PartlyWritten);
    let taken = operator.hand_over(&failed).await;
    assert_eq!(taken.process.as_ref().unwrap().state, ProcessState::Started);
    assert_eq!(
        taken.process.as_ref().unwrap().failure.as_ref().unwrap().cause,
        FailureCause::CardRemoved
    );
    assert!(taken.process.as_ref().unwrap().card.interrupted);

    let torn = written(&chip(7), &first);
    assert_eq!(verdict(&registry, &operator, &process, &torn).await, Verdict::Interrupted);
    let second = job(&torn).await;
    assert_ne!(second.header.job, first.header.job);
    assert_eq!(second.values(), first.values(), "doing it again writes the same");
    assert_eq!(operator.process(&process.id).await.failure, None);

    // Canceled and started anew, even after a restart: still the same.
    let _: Process = operator.try_cancel(&process.id).await.ok();
    let registry = registry.restart().await;
    let operator = registry.log_in("operator").await;
    let again = operator.start("TC-2").await;
    assert!(!again.confirm_number && again.card.interrupted);
    let report = registry.desk.report(&operator.nonce(&again.id).await, &torn);
    let third =
        registry.desk.open(&operator.job(&again.id, &report, "TC-2").await.job, &registry.key);
    assert_eq!(third.values(), first.values());
}

/// A helper that is gone must not hold a card: its secrets stay, and its receipt counts later.
#[tokio::test]
async fn a_process_that_encodes_can_be_canceled_and_leaves_its_card_interrupted() {
    let (registry, operator) = registry().await;
    let process = operator.start("TC-2").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    let first =
        registry.desk.open(&operator.job(&process.id, &report, "TC-2").await.job, &registry.key);
    let canceled: Process = operator.try_cancel(&process.id).await.ok();
    assert_eq!(canceled.state, ProcessState::Canceled);
    assert!(canceled.card.interrupted, "nobody knows what the job did");
    assert_eq!(
        operator.history("TC-2").await[0],
        "operator: Initialize temporary card canceled; how the encoding at desk-1 ended is not known"
    );

    let again = operator.start("TC-2").await;
    let report = registry.desk.report(&operator.nonce(&again.id).await, &chip(7));
    let second =
        registry.desk.open(&operator.job(&again.id, &report, "TC-2").await.job, &registry.key);
    assert_eq!(second.values(), first.values());
    let closed: Process = registry.log_in("admin").await.try_cancel(&again.id).await.ok();
    assert_eq!(closed.state, ProcessState::Canceled);
}
