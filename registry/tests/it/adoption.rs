//! Chips that name themselves as this registry's, which knows nothing of them.

use crate::desk::mute;
use crate::office::told;
use crate::story::Story;
use crate::world::TestRegistry;
use cardwright_protocol::chip::{ChipFacts, ChipIds};
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Process, Verdict};
use cardwright_seal::{PukFirst, sign};
use expect_test::expect;

/// A chip as it comes from a registry that nobody has a backup of.
fn lost(number: u8, card_id: [u8; 14]) -> ChipFacts {
    let mut facts = mute(number);
    facts.ids.card_id = Some(HexBytes(card_id.to_vec()));
    facts.ids.guid = Some("1B9D6BCDBBFD4B2D9B5DAB8DFBBD4BED".parse().unwrap());
    facts
}

const LOST: [u8; 14] = [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 3];

#[tokio::test]
async fn a_chip_that_names_itself_as_ours_is_adopted_and_says_so() {
    let story = Story::begin().await;
    let facts = lost(7, LOST);
    let assessment = story.assess(&facts).await;
    assert_eq!(assessment.verdict, Verdict::Interrupted);
    let words = "it names itself as this registry's";
    assert_eq!(assessment.matched_by.as_deref(), Some(words));
    let job = story.job(&facts).await;
    assert_eq!(job.contents.card_id.0, LOST);
    assert_eq!(job.contents.guid, facts.ids.guid.clone().unwrap());
    expect!["3 from 2 without PIN, factory; Before first, PIN by PUK"].assert_eq(&told(&job));
    let history = story.operator.history("TC-1").await;
    expect![[r#"
        operator: Encoding begun at desk-1
        operator: The chip names itself as this registry's, which has no record of that: what was begun is finished
        operator: Chip 3B1F 7A02 9C07 bound to this card"#]].assert_eq(&history[..3].join("\n"));

    // From now on it is known, and nobody else gets it.
    let assessment = story.assess(&facts).await;
    assert_eq!(assessment.verdict, Verdict::Interrupted);
    story.registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let other = story.operator.start("TC-2").await;
    let report = story.registry.desk.report(&story.operator.nonce(&other.id).await, &facts);
    let bound = Verdict::BoundToOtherCard { card: "TC-1".into() };
    assert_eq!(story.operator.assess(&other.id, &report).await.verdict, bound);
    let mut nameless = lost(7, LOST);
    (nameless.ids.cplc, nameless.ids.guid) = (None, None);
    nameless.ids.card_id.as_mut().unwrap().0[13] = 9;
    let report = story.registry.desk.report(&story.operator.nonce(&other.id).await, &nameless);
    let verdict = story.operator.assess(&other.id, &report).await.verdict;
    assert_eq!(verdict, bound, "the 12 random bytes are those of that chip");

    // It is whole by its receipt; the next generation is an ordinary one.
    let second = story.job(&facts).await;
    assert!(second.contents.pin_by_puk, "as long as nothing proved the PIN");
    story.job(&facts).await;
    story.operator.hand_over(&story.registry.desk.receipt(&second)).await;
    let next = story.job(&facts).await;
    expect!["4 from 3, factory; Before first"].assert_eq(&told(&next));
}

#[tokio::test]
async fn only_a_card_id_that_this_registry_may_have_given_is_adopted() {
    let id = |version: u8, generation: u8| {
        let mut card_id = LOST;
        (card_id[12], card_id[13]) = (version, generation);
        card_id
    };
    type Alteration = fn(&mut ChipFacts);
    let table: [(&str, [u8; 14], Alteration, bool); 6] = [
        ("ours", id(1, 255), |_| {}, true),
        ("another root key", id(2, 3), |_| {}, false),
        ("no generation", id(1, 0), |_| {}, false),
        ("zeros", [0; 14], |_| {}, false),
        (
            "as from the factory",
            id(1, 3),
            |facts| {
                facts.piv.as_mut().unwrap().factory_secrets = Some(true);
            },
            false,
        ),
        (
            "secrets of its own",
            id(1, 3),
            |facts| {
                facts.piv.as_mut().unwrap().factory_secrets = Some(false);
            },
            true,
        ),
    ];
    for (case, card_id, alter, adopted) in table {
        let story = Story::begin().await;
        let mut facts = lost(7, card_id);
        alter(&mut facts);
        let expected = if adopted { Verdict::Interrupted } else { Verdict::Ready };
        assert_eq!(story.assess(&facts).await.verdict, expected, "{case}");
        let job = story.job(&facts).await;
        assert_eq!(job.contents.card_id.0 == card_id, adopted, "{case}");
        assert_eq!(job.contents.pin_by_puk, adopted, "{case}");
        let kept = Some(&job.contents.guid) == facts.ids.guid.as_ref();
        assert_eq!(kept, adopted, "{case}");
    }
}

#[tokio::test]
async fn a_guid_that_we_cannot_have_given_is_replaced() {
    for guid in ["FBFBFBFBFBFBFBFBFBFBFBFBFBFBFBFB", "1B9D6BCDBBFD1B2D9B5DAB8DFBBD4BED"] {
        let story = Story::begin().await;
        let mut facts = lost(7, LOST);
        facts.ids.guid = Some(guid.parse().unwrap());
        let job = story.job(&facts).await;
        assert_ne!(Some(&job.contents.guid), facts.ids.guid.as_ref());
        assert_eq!((job.contents.guid.0[6] >> 4, job.contents.guid.0[8] >> 6), (4, 2));
    }
}

#[tokio::test]
async fn the_chip_of_another_card_is_never_adopted() {
    let registry = TestRegistry::with(&[
        ["TC-1", "produced", "", "2026-11-02", "4790516750643B1F7A029C01"],
        ["TC-2", "produced", "", "2026-11-02", ""],
    ])
    .await;
    let admin = registry.log_in("admin").await;
    admin.enable(CardState::Produced, &[Command::InitializeTemporaryCard]).await;
    let operator = registry.log_in("operator").await;
    let judge = async |number: &str, chip: u8| {
        let process = match operator.card(number).await.process {
            Some(process) => process.id,
            None => operator.start(number).await.id,
        };
        let report = registry.desk.report(&operator.nonce(&process).await, &lost(chip, LOST));
        let verdict = operator.assess(&process, &report).await.verdict;
        if !matches!(verdict, Verdict::Interrupted) {
            let answer = operator.try_job(&process, &report, Some(number)).await;
            assert_eq!(answer.refused(), ProblemCode::ChipRefused);
        }
        verdict
    };
    let of_one = Verdict::BoundToOtherCard { card: "TC-1".into() };
    assert_eq!(judge("TC-2", 1).await, of_one);
    assert!(matches!(judge("TC-1", 7).await, Verdict::OtherChipExpected { .. }));
    assert_eq!(judge("TC-1", 1).await, Verdict::Interrupted);
    assert_eq!(judge("TC-2", 7).await, Verdict::Interrupted);
}

/// A receipt from after the backup says for which card the chip was encoded.
#[tokio::test]
async fn a_chip_that_a_stray_receipt_gives_to_another_card_is_refused() {
    let story = Story::begin().await;
    story.registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let desk = &story.registry.desk;
    let mut receipt = desk.receipt_of(&story.job(&mute(1)).await);
    (receipt.job, receipt.card) = ("from after the backup".into(), "TC-2".into());
    let told = lost(7, LOST).ids;
    receipt.chip = told.clone();
    story.operator.hand_over(&Outcome::Finished(sign(&desk.signing_key, &receipt))).await;
    let _: Process = story.operator.try_cancel(&story.process).await.ok();
    story.registry.import(&[["TC-3", "produced", "", "2026-11-02", ""]]).await;
    let ids = [
        ChipIds { cplc: told.cplc, ..ChipIds::default() },
        ChipIds { card_id: told.card_id, ..ChipIds::default() },
        ChipIds { guid: told.guid, ..ChipIds::default() },
    ];
    let [third, second] =
        [story.operator.start("TC-3").await.id, story.operator.start("TC-2").await.id];
    for ids in ids {
        let facts = ChipFacts { ids, ..mute(7) };
        let report = desk.report(&story.operator.nonce(&third).await, &facts);
        let bound = Verdict::BoundToOtherCard { card: "TC-2".into() };
        assert_eq!(story.operator.assess(&third, &report).await.verdict, bound);
        let answer = story.operator.try_job(&third, &report, Some("TC-3")).await;
        assert_eq!(answer.refused(), ProblemCode::ChipRefused);
        let report = desk.report(&story.operator.nonce(&second).await, &facts);
        let verdict = story.operator.assess(&second, &report).await.verdict;
        assert!(matches!(verdict, Verdict::Ready | Verdict::Interrupted), "{verdict:?}");
    }
    let report = desk.report(&story.operator.nonce(&third).await, &mute(8));
    assert_eq!(story.operator.assess(&third, &report).await.verdict, Verdict::Ready);
}

/// Generation 2 is all that is left in the database, and the chip still names the one before.
#[tokio::test]
async fn a_chip_that_still_names_a_lost_generation_before_the_pending_one_gets_the_pending_one() {
    let story = Story::begin().await;
    let job = story.job(&lost(7, LOST)).await;
    story
        .operator
        .hand_over(&story.failure(&job, FailureCause::CardRemoved, Condition::PartlyWritten))
        .await;
    let mut before = LOST;
    before[13] -= 1;
    let next = story.job(&lost(7, before)).await;
    assert_eq!(next.contents.card_id.0, LOST);
    expect!["3 from 2 without PIN, factory; Before first, PIN by PUK"].assert_eq(&told(&next));
}

/// The random card id of a maker that looks like one of ours: the chip is a new one.
#[tokio::test]
async fn a_new_chip_that_looks_like_ours_ends_well() {
    let story = Story::begin().await;
    let job = story.job(&lost(7, LOST)).await;
    let factory = job.contents.candidates.last().unwrap();
    assert_eq!((factory.pins.len(), factory.puks.len()), (1, 1));
    assert_eq!(job.contents.puk_first, PukFirst::Before, "it surely has the factory's");
    assert_eq!(job.contents.tries_allowed.puk, 2);
    let done = story.operator.hand_over(&story.registry.desk.receipt(&job)).await;
    assert_eq!(done.process.unwrap().card.state, CardState::Unassigned);
}

/// Some makers give one card id and one GUID to all their chips; this one's look like ours.
#[tokio::test]
async fn chips_that_their_maker_called_alike_are_told_apart() {
    let story = Story::begin().await;
    story.registry.import(&[["TC-2", "produced", "", "2026-11-02", ""]]).await;
    let first = story.job(&lost(7, LOST)).await;
    assert_eq!(first.contents.card_id.0, LOST);
    let other = story.operator.start("TC-2").await;
    let alike = lost(8, LOST);
    let report = story.registry.desk.report(&story.operator.nonce(&other.id).await, &alike);
    assert_eq!(story.operator.assess(&other.id, &report).await.verdict, Verdict::Ready);
    let issued = story.operator.job(&other.id, &report, "TC-2").await;
    let second = story.registry.desk.open(&issued.job, &story.registry.key);
    assert_ne!(second.contents.card_id.0[..12], LOST[..12]);
    assert_ne!(second.contents.guid, first.contents.guid);
    let report = story.registry.desk.report(&story.operator.nonce(&other.id).await, &lost(7, LOST));
    let bound = Verdict::BoundToOtherCard { card: "TC-1".into() };
    assert_eq!(story.operator.assess(&other.id, &report).await.verdict, bound);
}
