//! A registry whose database is older than its chips.

use crate::desk::{Opened, mute, written};
use crate::office::{Office, told};
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::CardState;
use cardwright_seal::{JobContents, PukFirst};
use expect_test::{Expect, expect};
use std::collections::HashMap;
use std::path::Path;

#[tokio::test]
async fn a_registry_restored_from_yesterdays_backup_opens_every_chip() {
    let office = Office::new(6).await;
    let torn_yesterday = office.job("TC-2", &mute(2)).await;
    office.tear(&torn_yesterday).await;
    let open_yesterday = office.job("TC-3", &mute(3)).await;
    let whole_yesterday = office.make_whole("TC-4", &mute(4)).await;

    let mut backup = Vec::new();
    let office = office
        .restart_after(async |folder| backup = std::fs::read(database(folder)).unwrap())
        .await;

    // Since then: chips encoded, some of them torn, some of them twice.
    let mut chips: HashMap<&str, (ChipFacts, Opened)> = HashMap::new();
    let one = office.job("TC-1", &mute(1)).await;
    office.finish(&one).await;
    chips.insert("TC-1", (mute(1), one));
    let two = office.job("TC-2", &written(&mute(2), &torn_yesterday)).await;
    office.finish(&two).await;
    chips.insert("TC-2", (mute(2), two));
    office.finish(&open_yesterday).await;
    chips.insert("TC-3", (mute(3), open_yesterday));
    let four = office.job("TC-4", &written(&mute(4), &whole_yesterday)).await;
    office.tear(&four).await;
    chips.insert("TC-4", (mute(4), four));
    let five = office.make_whole("TC-5", &mute(5)).await;
    let five = office.job("TC-5", &written(&mute(5), &five)).await;
    office.tear(&five).await;
    chips.insert("TC-5", (mute(5), five));
    let six = office.job("TC-6", &mute(6)).await;
    office.tear(&six).await;
    chips.insert("TC-6", (mute(6), six));

    let office = office
        .restart_after(async |folder| {
            for extra in ["registry.sqlite-wal", "registry.sqlite-shm"] {
                let _ = std::fs::remove_file(folder.join(extra));
            }
            std::fs::write(database(folder), &backup).unwrap();
        })
        .await;
    // The helper still has outcomes that nobody acknowledged.
    let (_, five) = &chips["TC-5"];
    let stray = office.registry.desk.receipt(five);
    assert_eq!(office.operator.hand_over(&stray).await.process, None);
    assert!(office.operator.card("TC-5").await.row.interrupted);

    let mut text = String::new();
    for number in ["TC-1", "TC-2", "TC-3", "TC-4", "TC-5", "TC-6"] {
        let (virgin, last) = &chips[number];
        let found = written(virgin, last);
        let job = office.job(number, &found).await;
        assert_eq!(job.contents.card_id, last.contents.card_id, "{number}");
        assert_eq!(job.contents.guid, last.contents.guid, "{number}: Windows caches by it");
        assert_eq!(job.contents.puk, last.contents.puk, "{number}");
        assert_eq!(job.contents.management_keys, last.contents.management_keys, "{number}");
        let is_known = job.contents.pin == last.contents.pin;
        assert_eq!(is_known, !job.contents.pin_by_puk, "{number}");
        text += &format!("{number}: {}\n", told(&job));
        assert!(office.operator.card(number).await.row.interrupted, "{number}");

        // Torn once more, and done.
        office.tear(&job).await;
        let again = office.job(number, &found).await;
        assert_eq!(again.values(), job.values(), "{number}");
        office.finish(&again).await;
        let card = office.operator.card(number).await;
        assert_eq!((card.row.state, card.row.interrupted), (CardState::Unassigned, false));
    }
    expect![[r#"
        TC-1: 1 from factory; Before first, PIN by PUK
        TC-2: 1 from factory; Wanted first
        TC-3: 1 from factory; Wanted first
        TC-4: 2 from 1, factory; Before first, PIN by PUK
        TC-5: 2 from 1 without PIN, factory; Before first, PIN by PUK
        TC-6: 1 from factory; Before first, PIN by PUK
    "#]]
    .assert_eq(&text);
    expect![[r#"
        operator: Initialize temporary card completed -> unassigned
        operator: Encoded at desk-1 with 29 commands; everything was read back and proved
        operator: Encoding begun at desk-1
        operator: Encoding at desk-1 ended early: the card was taken out of the reader; the last write may or may not have been carried out
        operator: Encoding begun at desk-1
        operator: The chip names itself as this registry's, which has no record of that: what was begun is finished
        operator: Chip 3B1F 7A02 9C05 bound to this card
        operator: Initialize temporary card started
        registry: desk-1 told the end of a job that this registry does not know: it was encoded
        registry: Imported from the bureau's list -> produced"#]].assert_eq(&office.operator.history("TC-5").await.join("\n"));
}

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("registry.sqlite")
}

/// Which of the keyings that are known, and which that the chip names, the next job is for.
async fn check_bound(named: [u8; 2], is_pending: bool, expected: Expect) {
    let office = Office::new(1).await;
    let first = office.make_whole("TC-1", &mute(1)).await;
    let mut known = written(&mute(1), &first);
    let second = office.job("TC-1", &known).await;
    if is_pending {
        office.tear(&second).await;
    } else {
        office.finish_late(&second).await;
    }
    let [random, generation] = named;
    let card_id = known.ids.card_id.as_mut().unwrap();
    card_id.0[0] ^= random;
    card_id.0[13] = generation;
    let job = office.job("TC-1", &known).await;
    let is_same = job.contents.card_id.0[..13] == first.contents.card_id.0[..13];
    let same = if is_same { "known" } else { "named" };
    let JobContents { candidates, puk_first, pin_by_puk, card_id, .. } = &job.contents;
    let from: Vec<_> = candidates
        .iter()
        .map(|candidate| match &candidate.card_id {
            Some(id) => format!("{}/{}", id.0[13], candidate.pins.len()),
            None => "factory".to_owned(),
        })
        .collect();
    let by_puk = if *pin_by_puk { ", PIN by PUK" } else { "" };
    let generation = card_id.0[13];
    let from = from.join(" ");
    expected.assert_eq(&format!("{same} {generation} from {from}; {puk_first:?} first{by_puk}"));
    if matches!(puk_first, PukFirst::Before) {
        office.finish(&job).await;
        assert_eq!(office.operator.card("TC-1").await.row.state, CardState::Unassigned);
    }
}

#[tokio::test]
async fn what_a_bound_chip_names_decides_what_is_finished() {
    // Generation 2 is pending.
    check_bound([0, 1], true, expect!["known 2 from 1/1 factory; Before first"]).await;
    check_bound([0, 2], true, expect!["known 2 from 1/1 factory; Wanted first"]).await;
    check_bound([0, 3], true, expect!["known 3 from 2/1 1/1 factory; Before first, PIN by PUK"])
        .await;
    check_bound(
        [0, 9],
        true,
        expect!["known 9 from 8/0 2/1 1/1 factory; Before first, PIN by PUK"],
    )
    .await;
    check_bound([1, 1], true, expect!["named 1 from 2/1 1/1 factory; Before first, PIN by PUK"])
        .await;
    // Generation 2 is whole.
    check_bound([0, 1], false, expect!["known 3 from 2/1 factory; Before first"]).await;
    check_bound([0, 2], false, expect!["known 3 from 2/1 factory; Before first"]).await;
    check_bound([0, 5], false, expect!["known 5 from 4/0 2/1 factory; Before first, PIN by PUK"])
        .await;
    check_bound([1, 5], false, expect!["named 5 from 4/0 2/1 factory; Before first, PIN by PUK"])
        .await;
}

/// The receipt of a job from before the backup, which comes after the chip named a later keying,
/// says nothing of the chip as it is now; and the adopted keying is finished all the same.
#[tokio::test]
async fn a_late_receipt_of_a_keying_that_is_past_moves_nothing() {
    let office = Office::new(1).await;
    let first = office.job("TC-1", &mute(1)).await;
    let mut named = written(&mute(1), &first);
    named.ids.card_id.as_mut().unwrap().0[13] = 2;
    let adopted = office.job("TC-1", &named).await;
    assert_eq!(adopted.contents.card_id.0[13], 2);
    office.finish(&first).await;
    let card = office.operator.card("TC-1").await;
    assert_eq!((card.row.state, card.row.interrupted), (CardState::Produced, true));
    let again = office.job("TC-1", &named).await;
    assert_eq!(again.values(), adopted.values());
    office.finish(&again).await;
    let card = office.operator.card("TC-1").await;
    assert_eq!((card.row.state, card.row.interrupted), (CardState::Unassigned, false));
}
