//! A root key that has several versions, and chips under each.

use crate::desk::{Opened, mute, written};
use crate::office::Office;
use crate::program::{program, words};
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::domain::CardState;
use expect_test::expect;
use std::path::Path;
use tempfile::TempDir;

async fn rotate(data: &Path) -> String {
    lines(words(program(&["rotate-root-key"], data)).await.unwrap())
}

async fn root_keys(data: &Path) -> String {
    lines(words(program(&["root-keys"], data)).await.unwrap())
}

fn lines(words: Vec<Vec<String>>) -> String {
    words.iter().map(|line| line.join(" ")).collect::<Vec<_>>().join(", ")
}

/// What a job is, where each keying of the chip is called by version and generation.
fn told(job: &Opened) -> String {
    let random = &job.contents.card_id.0[..12];
    let name = |id: &[u8]| {
        assert_eq!(&id[..12], random, "the same chip");
        format!("{}.{}", id[12], id[13])
    };
    let candidates: Vec<_> = job
        .contents
        .candidates
        .iter()
        .map(|candidate| match &candidate.card_id {
            None => "factory".to_owned(),
            Some(id) if candidate.pins.is_empty() => format!("{} without PIN", name(&id.0)),
            Some(id) => name(&id.0),
        })
        .collect();
    let by_puk = if job.contents.pin_by_puk { ", PIN by PUK" } else { "" };
    format!("{} from {}{by_puk}", name(&job.contents.card_id.0), candidates.join(", "))
}

/// That a job knows of a chip what another one put on it.
fn assert_opens(job: &Opened, before: &Opened) {
    let candidate = job
        .contents
        .candidates
        .iter()
        .find(|candidate| candidate.card_id.as_ref() == Some(&before.contents.card_id))
        .unwrap();
    assert_eq!(candidate.pins, std::slice::from_ref(&before.contents.pin));
    assert_eq!(candidate.puks, std::slice::from_ref(&before.contents.puk));
    assert_eq!(candidate.management_keys, before.contents.management_keys);
}

#[tokio::test]
async fn chips_stay_under_their_version_until_they_are_keyed_anew() {
    let office = Office::new(4).await;
    let whole = office.make_whole("TC-1", &mute(1)).await;
    let torn = office.job("TC-2", &mute(2)).await;
    office.tear(&torn).await;

    let office = office
        .restart_after(async |data| {
            assert_eq!(rotate(data).await, "root-key 2, chips 1 2, chips 2 0");
        })
        .await;
    let data = office.registry.folder.path().to_owned();

    // What was begun is finished as it was begun.
    let again = office.job("TC-2", &written(&mute(2), &torn)).await;
    assert_eq!(again.values(), torn.values());
    office.finish(&again).await;
    assert_eq!(office.operator.card("TC-2").await.row.state, CardState::Unassigned);

    let new = office.job("TC-3", &mute(3)).await;
    office.tear(&new).await;
    let continued = office.job("TC-3", &written(&mute(3), &new)).await;
    assert_eq!(continued.values(), new.values(), "a PIN that was escrowed under version 2");
    office.finish(&continued).await;

    let next = office.job("TC-1", &written(&mute(1), &whole)).await;
    assert_opens(&next, &whole);
    assert_eq!(root_keys(&data).await, "root-key 2, chips 1 1, chips 2 2");
    office.finish_late(&next).await;
    let last = office.job("TC-1", &written(&mute(1), &next)).await;
    assert_opens(&last, &next);

    expect![[r#"
        TC-1: 1.1 from factory
        TC-2: 1.1 from factory
        TC-3: 2.1 from factory
        TC-1: 2.2 from 1.1, factory
        TC-1: 2.3 from 2.2, factory
    "#]]
    .assert_eq(
        &[("TC-1", whole), ("TC-2", again), ("TC-3", continued), ("TC-1", next), ("TC-1", last)]
            .map(|(number, job)| format!("{number}: {}\n", told(&job)))
            .concat(),
    );
    assert_eq!(
        office.registry.root_key_events().await,
        ["The root key has version 2 from now on; chips are keyed under version 2"]
    );
}

/// The copy knows of one version; the chips of after the rotation name the other.
#[tokio::test]
async fn chips_of_every_version_are_adopted_after_a_restoration() {
    let office = Office::new(4).await;
    let one = office.make_whole("TC-1", &mute(1)).await;
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("yesterday");
    let backup = ["backup", "--to", copy.to_str().unwrap()];
    words(program(&backup, office.registry.folder.path())).await.unwrap();

    let two = office.make_whole("TC-2", &mute(2)).await;
    let office = office.restart_after(async |data| drop(rotate(data).await)).await;
    let mut chips: Vec<(&str, ChipFacts, Opened)> = Vec::new();
    let first = office.job("TC-1", &written(&mute(1), &one)).await;
    office.tear(&first).await;
    chips.push(("TC-1", mute(1), first));
    let second = office.job("TC-2", &written(&mute(2), &two)).await;
    office.finish(&second).await;
    chips.push(("TC-2", mute(2), second));
    let third = office.job("TC-3", &mute(3)).await;
    office.finish(&third).await;
    chips.push(("TC-3", mute(3), third));

    let restore = ["restore", copy.to_str().unwrap()];
    let office = office
        .restart_after(async |data| drop(words(program(&restore, data)).await.unwrap()))
        .await;
    let data = office.registry.folder.path().to_owned();
    assert_eq!(root_keys(&data).await, "root-key 2, chips 1 1, chips 2 0");
    let mut text = String::new();
    for (number, virgin, last) in &chips {
        let found = written(virgin, last);
        let job = office.job(number, &found).await;
        assert_eq!(job.contents.card_id, last.contents.card_id, "{number}");
        assert_eq!(job.contents.puk, last.contents.puk, "{number}");
        assert_eq!(job.contents.management_keys, last.contents.management_keys, "{number}");
        text += &format!("{number}: {}\n", told(&job));
        office.finish(&job).await;
        let card = office.operator.card(number).await;
        assert_eq!((card.row.state, card.row.interrupted), (CardState::Unassigned, false));
    }
    // One of the version before, of which the copy knows nothing either.
    let mut unknown = written(&mute(4), &two);
    unknown.ids.card_id.as_mut().unwrap().0[0] ^= 1;
    unknown.ids.guid = None;
    text += &format!("TC-4: {}\n", told(&office.job("TC-4", &unknown).await));
    // Of the keying before that of TC-2 nobody knows the version.
    expect![[r#"
        TC-1: 2.2 from 1.1, factory, PIN by PUK
        TC-2: 2.2 from 2.1 without PIN, 1.1 without PIN, factory, PIN by PUK
        TC-3: 2.1 from factory, PIN by PUK
        TC-4: 1.1 from factory, PIN by PUK
    "#]]
    .assert_eq(&text);
    assert_eq!(root_keys(&data).await, "root-key 2, chips 1 1, chips 2 3");
}

#[tokio::test]
async fn a_version_that_the_database_needs_is_asked_for_by_name() {
    let office = Office::new(1).await;
    office.job("TC-1", &mute(1)).await;
    let (folder, _, _) = office.registry.end().await;
    let data = folder.path();
    let elsewhere = TempDir::new().unwrap();
    let before = elsewhere.path().join("before");
    let after = elsewhere.path().join("after");
    let backup = async |to: &Path| {
        words(program(&["backup", "--to", to.to_str().unwrap()], data)).await.unwrap()
    };
    backup(&before).await;
    rotate(data).await;
    backup(&after).await;
    let other = TempDir::new().unwrap();
    words(program(&["public-key"], other.path())).await.unwrap();
    rotate(other.path()).await;

    let open = async || words(program(&["public-key"], data)).await;
    for name in ["root-key", "root-key.2"] {
        let path = data.join(name);
        let right = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let refused = open().await.unwrap_err();
        assert!(refused.contains(&format!("{name} is missing")), "{refused}");
        let restore = words(program(&["restore", after.to_str().unwrap()], data)).await;
        let refused = restore.unwrap_err();
        assert!(refused.contains(&format!("{name} is missing")), "{refused}");
        let rotated = words(program(&["rotate-root-key"], data)).await.unwrap_err();
        assert!(rotated.contains(&format!("{name} is missing")), "{rotated}");
        std::fs::copy(other.path().join(name), &path).unwrap();
        let refused = open().await.unwrap_err();
        assert!(refused.contains(&format!("{name} is another key")), "{refused}");
        std::fs::copy(data.join("signing-key"), &path).unwrap();
        std::fs::write(&path, right.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).unwrap();
        let refused = open().await.unwrap_err();
        assert!(refused.contains(&format!("{name} is not a key file")), "{refused}");
        std::fs::write(&path, &right).unwrap();
    }
    // A version under another's name.
    std::fs::copy(data.join("root-key"), data.join("root-key.3")).unwrap();
    let refused = open().await.unwrap_err();
    assert!(refused.contains("root-key.3 is not a key file"), "{refused}");
    std::fs::remove_file(data.join("root-key.3")).unwrap();
    // What is of before the rotation fits the keys of after it.
    for copy in [&after, &before, &after] {
        words(program(&["restore", copy.to_str().unwrap()], data)).await.unwrap();
        open().await.unwrap();
        assert_eq!(root_keys(data).await, "root-key 2, chips 1 1, chips 2 0");
    }
}

#[tokio::test]
async fn the_root_key_is_rotated_only_where_nobody_uses_it() {
    let office = Office::new(1).await;
    let data = office.registry.folder.path();
    let refused = words(program(&["rotate-root-key"], data)).await.unwrap_err();
    assert!(refused.contains("is in use: stop the registry"), "{refused}");
    assert_eq!(root_keys(data).await, "root-key 1, chips 1 0");
    let empty = TempDir::new().unwrap();
    for command in ["rotate-root-key", "root-keys"] {
        let refused = words(program(&[command], empty.path())).await.unwrap_err();
        assert!(refused.contains("registry.sqlite"), "{refused}");
    }
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn no_version_comes_after_the_last() {
    let office = Office::new(1).await;
    let (folder, _, _) = office.registry.end().await;
    let data = folder.path();
    let key = format!("255 {:064x}\n", 7);
    std::fs::copy(data.join("root-key"), data.join("root-key.255")).unwrap();
    std::fs::write(data.join("root-key.255"), key).unwrap();
    let refused = words(program(&["rotate-root-key"], data)).await.unwrap_err();
    assert!(refused.contains("255 versions"), "{refused}");
    words(program(&["public-key"], data)).await.unwrap();
    assert_eq!(root_keys(data).await, "root-key 255, chips 1 0, chips 255 0");
}
