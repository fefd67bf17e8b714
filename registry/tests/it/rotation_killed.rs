//! A rotation of the root key that is killed.

use crate::desk::mute;
use crate::office::Office;
use crate::program::{program, words};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

/// The folder of a registry that has keyed a chip.
async fn folder_with_a_chip() -> TempDir {
    let office = Office::new(1).await;
    office.job("TC-1", &mute(1)).await;
    office.registry.end().await.0
}

fn copy_of(folder: &Path) -> TempDir {
    let new = TempDir::new().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), new.path().join(entry.file_name())).unwrap();
    }
    new
}

async fn said(command: &str, data: &Path) -> Vec<Vec<String>> {
    words(program(&[command], data)).await.unwrap()
}

fn unfinished(data: &Path) -> usize {
    let names = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().unwrap().ends_with(".unfinished")).count()
}

/// That the folder has the keys that its database names, whichever they are, and goes on.
async fn check(data: &Path) -> u8 {
    let version = if data.join("root-key.2").exists() { 2 } else { 1 };
    said("public-key", data).await;
    assert_eq!(said("root-keys", data).await[0], ["root-key", &version.to_string()]);
    let next = (version + 1).to_string();
    assert_eq!(said("rotate-root-key", data).await[0], ["root-key", &next]);
    assert_eq!(unfinished(data), 0, "a key that nothing uses is not left behind");
    version
}

#[tokio::test]
async fn a_key_counts_from_when_its_file_has_its_name() {
    let old = folder_with_a_chip().await;
    let before = copy_of(old.path());
    let unfinished = before.path().join("root-key.2.0011223344556677.unfinished");
    std::fs::write(unfinished, "2 00").unwrap();
    assert_eq!(check(before.path()).await, 1);

    let rotated = copy_of(old.path());
    said("rotate-root-key", rotated.path()).await;
    let after = copy_of(old.path());
    std::fs::copy(rotated.path().join("root-key.2"), after.path().join("root-key.2")).unwrap();
    assert_eq!(check(after.path()).await, 2);
}

#[tokio::test]
async fn a_rotation_that_is_killed_leaves_the_old_keys_or_the_new_ones() {
    let old = folder_with_a_chip().await;
    let mut found = [0, 0];
    for attempt in 0..20_u64 {
        let folder = copy_of(old.path());
        let mut rotating = program(&["rotate-root-key"], folder.path());
        let mut rotating = rotating.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The moment of the kill is what varies; whatever it meets is right.
        let moment = std::time::Duration::from_millis(attempt * 3);
        let _ = tokio::time::timeout(moment, rotating.wait()).await;
        // It may have ended.
        let _ = rotating.kill().await;
        found[usize::from(check(folder.path()).await - 1)] += 1;
    }
    // The first is killed at once.
    assert!(found[0] > 0, "{found:?}");
}
