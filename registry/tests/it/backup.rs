use crate::desk::mute;
use crate::program::{program, start, stop, words};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::Command;
use cardwright_protocol::registry::problem::ProblemCode;
use sea_orm::{ConnectionTrait as _, Database};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const KEYS: [&str; 2] = ["root-key", "signing-key"];

/// What is in a folder: names, each with its content.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut content: Vec<_> = entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    content.sort();
    content
}

fn names(folder: &Path) -> Vec<String> {
    content(folder).into_iter().map(|(name, _)| name).collect()
}

/// A new folder with the keys of another.
fn folder_with_keys_of(folder: &Path) -> TempDir {
    let new = TempDir::new().unwrap();
    for key in KEYS {
        std::fs::copy(folder.join(key), new.path().join(key)).unwrap();
    }
    new
}

async fn backup(data: &Path, to: &Path) -> Vec<Vec<String>> {
    words(program(&["backup", "--to", to.to_str().unwrap()], data)).await.unwrap()
}

/// How many cards the database of a folder has.
async fn counted(data: &Path) -> String {
    let elsewhere = TempDir::new().unwrap();
    let said = backup(data, &elsewhere.path().join("copy")).await;
    assert_eq!(said[2][0], "cards");
    said[2][1].clone()
}

async fn restore(data: &Path, from: &Path) -> Result<Vec<Vec<String>>, String> {
    words(program(&["restore", from.to_str().unwrap()], data)).await
}

/// A folder that a registry was used in, and a copy of its database, made before it knew a card.
async fn folder_and_copy() -> (TempDir, TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let (mut child, _) = start(folder.path()).await;
    let other = TempDir::new().unwrap();
    let copy = other.path().join("copy");
    backup(folder.path(), &copy).await;
    let csv = other.path().join("cards.csv");
    let header = "number,state,order,produced_on,expires_on,chip_id";
    std::fs::write(&csv, format!("{header}\nTC-1,produced,,2026-11-02,2032-11-01,\n")).unwrap();
    let import = ["import-cards", csv.to_str().unwrap()];
    words(program(&import, folder.path())).await.unwrap();
    // Killed, so that the card is in the write-ahead log only.
    child.kill().await.unwrap();
    (folder, other, copy)
}

#[tokio::test]
async fn a_copy_that_is_made_while_others_write_is_of_one_moment() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let folder = TempDir::new().unwrap();
    let enough = AtomicBool::new(false);
    let written = AtomicU32::new(0);
    let write = async {
        while !enough.load(Ordering::SeqCst) {
            let process = operator.start("TC-1").await;
            assert_eq!(operator.try_cancel(&process.id).await.status, 200);
            written.fetch_add(1, Ordering::SeqCst);
        }
    };
    let copy = async {
        let copies = ["1", "2", "3"].map(|name| folder.path().join(name));
        for copy in &copies {
            backup(registry.folder.path(), copy).await;
            // However slow the machine is, each copy has more than the one before.
            let before = written.load(Ordering::SeqCst);
            while written.load(Ordering::SeqCst) == before {
                tokio::task::yield_now().await;
            }
        }
        enough.store(true, Ordering::SeqCst);
        copies
    };
    let ((), copies) = tokio::join!(write, copy);
    let mut lengths = Vec::new();
    for copy in copies {
        let data = folder_with_keys_of(registry.folder.path());
        restore(data.path(), &copy).await.unwrap();
        let copied = registry.copied_to(data).await;
        let operator = copied.log_in("operator").await;
        let history = operator.history("TC-1").await;
        let count = |what| history.iter().filter(|line| line.contains(what)).count();
        let open = count("started") - count("canceled");
        let process = operator.card("TC-1").await.process;
        assert_eq!(open, usize::from(process.is_some()), "{history:?}");
        lengths.push(history.len());
    }
    assert!(lengths.is_sorted() && lengths[0] < lengths[2], "{lengths:?}");
}

#[tokio::test]
async fn a_copy_never_replaces_a_file_and_is_for_its_owner_alone() {
    let registry = TestRegistry::with_one_card().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    let said = backup(registry.folder.path(), &copy).await;
    let first: Vec<_> = said.iter().map(|line| line[0].as_str()).collect();
    assert_eq!(first, ["backup", "taken", "cards", "chips", "jobs"]);
    assert_eq!((said[2][1].as_str(), said[4][1].as_str()), ("1", "0"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let before = content(folder.path());
    let nowhere = folder.path().join("none/copy");
    for (to, why) in [(&copy, "such a file already"), (&nowhere, "No such file")] {
        let again = program(&["backup", "--to", to.to_str().unwrap()], registry.folder.path());
        let refused = words(again).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(content(folder.path()), before);
    }
}

#[tokio::test]
async fn nothing_is_copied_into_the_folder_of_data() {
    let (folder, _elsewhere, _copy) = folder_and_copy().await;
    let before = names(folder.path());
    for (command, name) in [
        ("backup", "registry.restored.sqlite"),
        ("backup", "registry.sqlite-journal"),
        ("export-root-key", "keys.age"),
    ] {
        let to = folder.path().join(name);
        let refused = words(program(&[command, "--to", to.to_str().unwrap()], folder.path())).await;
        assert!(refused.unwrap_err().contains("is in the registry's own folder"), "{command}");
    }
    assert_eq!(names(folder.path()), before);
}

#[tokio::test]
async fn a_restored_registry_is_as_it_was_and_everybody_is_logged_out() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    operator.nonce(&process.id).await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    backup(registry.folder.path(), &copy).await;
    let before = operator.history("TC-1").await;
    operator.try_cancel(&process.id).await;

    let refused = restore(registry.folder.path(), &copy).await.unwrap_err();
    assert!(refused.contains("is in use: stop the registry"), "{refused}");

    let registry = registry.restart_after(async |data| {
        let said = restore(data, &copy).await.unwrap();
        let first: Vec<_> = said.iter().map(|line| line[0].as_str()).collect();
        assert_eq!(first, ["restored", "taken", "cards", "chips", "jobs", "kept"]);
        assert!(Path::new(&said[5][1]).exists());
    });
    let registry = registry.await;
    let old = operator.moved_to(&registry);
    assert_eq!(old.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let operator = registry.log_in("operator").await;
    assert_eq!(operator.history("TC-1").await, before);
    assert!(registry.database_holds(b"Restored from a copy of 20"));
    let answer = operator.try_start("TC-1", Command::InitializeTemporaryCard, None).await;
    assert_eq!(answer.refused(), ProblemCode::CardInUse, "the process is open again");
}

/// Its end may have been told, acknowledged and forgotten by the helper after the copy was taken.
#[tokio::test]
async fn a_job_of_before_a_restoration_may_have_begun_though_its_helper_knows_none() {
    const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
    for is_restored in [false, true] {
        let registry = TestRegistry::with_one_card().await;
        // A restoration is dated by the real clock.
        registry.clock.set_back(TEN_YEARS);
        let operator = registry.log_in("operator").await;
        let process = operator.start("TC-1").await.id;
        let issue = async |registry: &TestRegistry, operator: &Browser| {
            let nonce = operator.nonce(&process).await;
            let report = registry.desk.report_with_jobs(&nonce, &mute(7), &[]);
            operator.job(&process, &report, "TC-1").await;
        };
        issue(&registry, &operator).await;
        let folder = TempDir::new().unwrap();
        let copy = folder.path().join("copy");
        backup(registry.folder.path(), &copy).await;
        let meanwhile = registry.restart_after(async |data| {
            if is_restored {
                restore(data, &copy).await.unwrap();
            }
        });
        let registry = meanwhile.await;
        let operator = registry.log_in("operator").await;
        issue(&registry, &operator).await;
        let history = operator.history("TC-1").await;
        let never_began = history.iter().any(|line| line.contains("never reached the helper"));
        let is_superseded = history.iter().any(|line| line.contains("takes its place"));
        assert_eq!((never_began, is_superseded), (!is_restored, is_restored));
    }
}

#[tokio::test]
async fn the_log_of_the_old_database_stays_with_it() {
    let (folder, _other, copy) = folder_and_copy().await;
    assert!(std::fs::metadata(folder.path().join("registry.sqlite-wal")).unwrap().len() > 0);
    let said = restore(folder.path(), &copy).await.unwrap();
    let kept = PathBuf::from(&said[5][1]);
    assert_eq!(counted(folder.path()).await, "0");

    let old = folder_with_keys_of(folder.path());
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", kept.display());
        let to = old.path().join(format!("registry.sqlite{suffix}"));
        std::fs::rename(from, to).unwrap();
    }
    assert_eq!(counted(old.path()).await, "1");
}

/// The exchange is finished by whoever comes next, wherever it was when its program was killed.
#[tokio::test]
async fn killed_while_it_takes_its_place_the_copy_is_what_counts() {
    let (killed, _other, copy) = folder_and_copy().await;
    let old = |name: &str| std::fs::read(killed.path().join(name)).unwrap();
    for moved in [&[][..], &["sqlite-wal"], &["sqlite-wal", "sqlite"]] {
        let folder = folder_with_keys_of(killed.path());
        for name in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"] {
            std::fs::copy(killed.path().join(name), folder.path().join(name)).unwrap();
        }
        let restored = folder.path().join("registry.restored.sqlite");
        std::fs::copy(&copy, &restored).unwrap();
        // At a moment that names what is kept: 2026-11-22, 11:00:00 UTC.
        let prepared = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_345_200);
        File::options().write(true).open(&restored).unwrap().set_modified(prepared).unwrap();
        let kept = |kind: &str| format!("registry.before-20261122T110000.000Z.{kind}");
        for kind in moved {
            let from = folder.path().join(format!("registry.{kind}"));
            std::fs::rename(from, folder.path().join(kept(kind))).unwrap();
        }
        assert_eq!(counted(folder.path()).await, "0", "{moved:?}");
        let found: Vec<_> = content(folder.path())
            .into_iter()
            .filter(|(name, _)| name.starts_with("registry.before-"))
            .collect();
        let expected =
            ["sqlite", "sqlite-wal"].map(|kind| (kept(kind), old(&format!("registry.{kind}"))));
        assert!(found == expected, "{moved:?}: {:?}", names(folder.path()));
    }
}

/// Whenever the program is killed, there is the one database or the other, whole.
#[cfg(unix)]
#[tokio::test]
async fn a_restoration_that_is_killed_leaves_either_database() {
    let (old, _other, copy) = folder_and_copy().await;
    let copy = copy.to_str().unwrap();
    let mut found = [0, 0];
    for attempt in 0..30_u64 {
        let folder = folder_with_keys_of(old.path());
        for name in ["registry.sqlite", "registry.sqlite-wal"] {
            std::fs::copy(old.path().join(name), folder.path().join(name)).unwrap();
        }
        let mut restoring = program(&["restore", copy], folder.path());
        let mut restoring = restoring.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The moment of the kill is what varies; whatever it meets is right.
        let moment = std::time::Duration::from_millis(attempt * 5);
        let _ = tokio::time::timeout(moment, restoring.wait()).await;
        // It may have ended.
        let _ = restoring.kill().await;
        let cards: usize = counted(folder.path()).await.parse().unwrap();
        found[cards] += 1;
        restore(folder.path(), Path::new(copy)).await.unwrap();
    }
    // The first is killed at once.
    assert!(found[1] > 0, "{found:?}");
}

#[tokio::test]
async fn what_cannot_take_its_place_changes_nothing() {
    let (folder, other, copy) = folder_and_copy().await;
    let good = std::fs::read(&copy).unwrap();
    let newer = other.path().join("newer");
    std::fs::copy(&copy, &newer).unwrap();
    let database = Database::connect(format!("sqlite://{}", newer.display())).await.unwrap();
    let sql = "INSERT INTO seaql_migrations VALUES ('m9999_of_tomorrow', 0)";
    database.execute_unprepared(sql).await.unwrap();
    database.close().await.unwrap();
    let of_others = other.path().join("of_others");
    let database = format!("sqlite://{}?mode=rwc", of_others.display());
    let database = Database::connect(database).await.unwrap();
    database.execute_unprepared("CREATE TABLE cards (number TEXT)").await.unwrap();
    database.close().await.unwrap();
    let mut scratched = good.clone();
    let page = scratched.len() / 4096 / 2 * 4096;
    scratched[page..page + 4096].fill(0xA5);
    let in_use = other.path().join("in_use");
    std::fs::write(other.path().join("in_use-wal"), b"frames").unwrap();
    for (name, content) in [
        ("truncated", &good[..good.len() - 4096]),
        ("cut", &good[..good.len() - 1000]),
        ("half", &good[..good.len() / 2]),
        ("short", &good[..50]),
        ("scratched", &scratched),
        ("empty", b""),
        ("text", &b"number,state,order\n".repeat(100)),
        ("in_use", &good),
    ] {
        std::fs::write(other.path().join(name), content).unwrap();
    }
    // An unfinished one of a program that was killed is no hindrance, and goes.
    std::fs::write(folder.path().join("registry.restored.sqlite.0.unfinished"), b"").unwrap();
    let file = |name: &str| other.path().join(name);
    restore(folder.path(), &file("empty")).await.unwrap_err();
    let before = content(folder.path());
    assert!(!before.iter().any(|(name, _)| name.contains("restored")));
    for (from, why) in [
        (file("truncated"), "damaged"),
        (file("cut"), "damaged"),
        (file("half"), "damaged"),
        (file("scratched"), "damaged"),
        (file("short"), "damaged"),
        (file("empty"), "not the database of a registry"),
        (file("text"), "not the database of a registry"),
        (of_others, "not the database of a registry"),
        (newer, "a newer version"),
        (in_use, "a database in use"),
        (file("none"), "No such file"),
    ] {
        let refused = restore(folder.path(), &from).await.unwrap_err();
        assert!(refused.contains(why), "{}: {refused}", from.display());
        assert_eq!(content(folder.path()), before, "{}", from.display());
    }

    let (child, _) = start(folder.path()).await;
    let refused = restore(folder.path(), &copy).await.unwrap_err();
    assert!(refused.contains("is in use: stop the registry"), "{refused}");
    stop(child).await;

    for key in KEYS {
        let other_key = TempDir::new().unwrap();
        let refused = restore(other_key.path(), &copy).await.unwrap_err();
        assert!(refused.contains("root-key is missing"), "{refused}");
        words(program(&["public-key"], other_key.path())).await.unwrap();
        let same = KEYS.into_iter().find(|other| *other != key).unwrap();
        std::fs::copy(folder.path().join(same), other_key.path().join(same)).unwrap();
        let before = content(other_key.path());
        let refused = restore(other_key.path(), &copy).await.unwrap_err();
        assert!(refused.contains("belongs to another key"), "{refused}");
        assert!(refused.contains(key), "{refused}");
        assert_eq!(content(other_key.path()), before);
    }
    restore(folder.path(), &copy).await.unwrap();
}
