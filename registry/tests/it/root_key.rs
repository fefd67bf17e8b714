use crate::desk::chip;
use crate::program::program;
use crate::world::TestRegistry;
use cardwright_protocol::registry::session::{Me, Notice};
use sea_orm::{ConnectionTrait as _, Database};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

const KEYS: [&str; 2] = ["root-key", "signing-key"];
const PASSPHRASE: &str = "correct horse battery";

/// Runs a command that reads a passphrase; all that it prints, and whether it was done.
async fn with_passphrase(arguments: &[&str], data: &Path, passphrase: &str) -> (bool, String) {
    let mut child = program(arguments, data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses something else may end before it reads.
    let _ = child.stdin.take().unwrap().write_all(format!("{passphrase}\n").as_bytes()).await;
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn export(data: &Path, to: &Path, passphrase: &str) -> (bool, String) {
    with_passphrase(&["export-root-key", "--to", to.to_str().unwrap()], data, passphrase).await
}

async fn import(data: &Path, from: &Path, passphrase: &str) -> (bool, String) {
    with_passphrase(&["import-root-key", from.to_str().unwrap()], data, passphrase).await
}

fn keys(folder: &Path) -> [Option<String>; 2] {
    KEYS.map(|key| std::fs::read_to_string(folder.join(key)).ok())
}

/// An export of a folder's keys that costs no second to read.
fn export_cheaply(data: &Path, to: &Path) {
    let [root, signing] = keys(data).map(Option::unwrap);
    let mut recipient = age::scrypt::Recipient::new(PASSPHRASE.to_owned().into());
    recipient.set_work_factor(2);
    let text = format!("root-key {root}signing-key {signing}");
    std::fs::write(to, age::encrypt(&recipient, text.as_bytes()).unwrap()).unwrap();
}

/// A disk may have room for the file and none for the database.
#[tokio::test]
async fn an_export_that_cannot_be_recorded_says_that_its_file_is_good() {
    let registry = TestRegistry::empty().await;
    let (data, folder) = (registry.folder.path(), TempDir::new().unwrap());
    let database = format!("sqlite://{}", data.join("registry.sqlite").display());
    let database = Database::connect(database).await.unwrap();
    let sql = "CREATE TRIGGER full BEFORE INSERT ON audit_events
               BEGIN SELECT RAISE(FAIL, 'it is full'); END";
    database.execute_unprepared(sql).await.unwrap();
    database.close().await.unwrap();
    let file = folder.path().join("keys.age");
    let (done, said) = export(data, &file, PASSPHRASE).await;
    let good = format!(
        "{} is written and good; that it was exported could not be recorded (",
        file.display()
    );
    assert!(!done && said.contains(&good) && said.contains("it is full"), "{said}");
    let other = TempDir::new().unwrap();
    let (done, said) = import(other.path(), &file, PASSPHRASE).await;
    assert!(done, "{said}");
    assert_eq!(keys(other.path()), keys(data));
}

#[tokio::test]
async fn an_admin_is_reminded_until_the_keys_are_exported_and_the_export_brings_them_back() {
    let registry = TestRegistry::with_one_card().await;
    let (admin, operator) = (registry.log_in("admin").await, registry.log_in("operator").await);
    let notices = async || {
        let of_admin = admin.get("/session").await.ok::<Me>().notices;
        (of_admin, operator.get("/session").await.ok::<Me>().notices)
    };
    assert_eq!(notices().await, (vec![Notice::RootKeyNotExported], vec![]));

    let (data, folder) = (registry.folder.path(), TempDir::new().unwrap());
    let file = folder.path().join("keys.age");
    let (done, said) = export(data, &file, "too short").await;
    assert!(!done && said.contains("a passphrase has at least 12 characters"), "{said}");
    assert!(!file.exists());
    let (done, said) = export(data, &file, PASSPHRASE).await;
    assert!(done, "{said}");
    assert!(!said.contains("horse"), "{said}");
    assert!(!registry.database_holds(PASSPHRASE.as_bytes()));
    assert_eq!(notices().await, (vec![], vec![]), "the registry that runs knows of it");
    let (done, said) = export(data, &file, PASSPHRASE).await;
    assert!(!done && said.contains("such a file already"), "{said}");

    let exported = std::fs::read(&file).unwrap();
    let identity = age::scrypt::Identity::new(PASSPHRASE.to_owned().into());
    let text = String::from_utf8(age::decrypt(&identity, &exported).unwrap()).unwrap();
    let own = keys(data).map(Option::unwrap);
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [format!("root-key {}", own[0]), format!("signing-key {}", own[1])];
    assert_eq!(lines, expected.each_ref().map(|line| line.trim_end()));

    let new = TempDir::new().unwrap();
    let cheap = folder.path().join("cheap");
    export_cheaply(data, &cheap);
    let damaged = folder.path().join("damaged");
    let whole = std::fs::read(&cheap).unwrap();
    std::fs::write(&damaged, &whole[..whole.len() - 1]).unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, text_of_no_use()).unwrap();
    for (from, passphrase, why) in [
        (&cheap, "wrong horse battery", "the passphrase is wrong"),
        (&damaged, PASSPHRASE, "or it is damaged"),
        (&text, PASSPHRASE, "not a file that export-root-key made"),
    ] {
        let (done, said) = import(new.path(), from, passphrase).await;
        assert!(!done && said.contains(why) && !said.contains("horse"), "{said}");
        assert_eq!(keys(new.path()), [None, None]);
    }
    let (done, said) = import(new.path(), &file, PASSPHRASE).await;
    assert!(done && !said.contains("horse"), "{said}");
    assert_eq!(keys(new.path()), own.map(Some));
    #[cfg(unix)]
    for key in KEYS {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(new.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
}

/// After a rotation the export of before is not enough.
#[tokio::test]
async fn an_export_holds_every_version_and_one_of_before_is_still_read() {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    operator.job(&process.id, &report, "TC-1").await;
    let folder = TempDir::new().unwrap();
    let [before, after] = ["before.age", "after.age"].map(|name| folder.path().join(name));
    let (done, said) = export(registry.folder.path(), &before, PASSPHRASE).await;
    assert!(done, "{said}");
    let notices = async |registry: &TestRegistry| {
        registry.log_in("admin").await.get("/session").await.ok::<Me>().notices
    };
    assert_eq!(notices(&registry).await, []);
    let registry = registry
        .restart_after(async |data| {
            let rotated = program(&["rotate-root-key"], data).output().await.unwrap();
            assert!(rotated.status.success());
        })
        .await;
    assert_eq!(notices(&registry).await, [Notice::RootKeyNotExported], "the new one is not");
    let (done, said) = export(registry.folder.path(), &after, PASSPHRASE).await;
    assert!(done, "{said}");
    assert_eq!(notices(&registry).await, []);
    let exported =
        "Root key (version 1, 2) and signing key exported at the command line".as_bytes();
    assert!(registry.database_holds(exported));

    let (data, _, _) = registry.end().await;
    let names = ["root-key", "root-key.2", "signing-key"];
    let all = |folder: &Path| names.map(|name| std::fs::read_to_string(folder.join(name)).ok());
    let own = all(data.path());
    let new = TempDir::new().unwrap();
    let (done, said) = import(new.path(), &before, PASSPHRASE).await;
    assert!(done && said.contains("In their place: root-key, signing-key."), "{said}");
    assert_eq!(all(new.path()), [own[0].clone(), None, own[2].clone()]);
    let (done, said) = import(new.path(), &after, PASSPHRASE).await;
    assert!(done && said.contains("root-key, root-key.2, signing-key."), "{said}");
    assert_eq!(all(new.path()), own);

    // What is lost comes back; the export of before has not all of it.
    for lost in ["root-key", "root-key.2"] {
        std::fs::remove_file(data.path().join(lost)).unwrap();
    }
    let (done, said) = import(data.path(), &before, PASSPHRASE).await;
    assert!(done, "{said}");
    let refused = program(&["public-key"], data.path()).output().await.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("root-key.2 is missing"), "{said}");
    let (done, said) = import(data.path(), &after, PASSPHRASE).await;
    assert!(done, "{said}");
    assert_eq!(all(data.path()), own);
    assert!(program(&["public-key"], data.path()).output().await.unwrap().status.success());
}

fn text_of_no_use() -> String {
    "root-key 1 00\n".repeat(10)
}

#[tokio::test]
async fn a_lost_key_comes_back_and_no_other_takes_a_place() {
    let registry = TestRegistry::with_one_card().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys.age");
    export_cheaply(registry.folder.path(), &file);
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    operator.job(&process.id, &report, "TC-1").await;
    let (data, _, _) = registry.end().await;
    let own = keys(data.path());
    for lost in KEYS {
        std::fs::remove_file(data.path().join(lost)).unwrap();
    }
    let refused = program(&["public-key"], data.path()).output().await.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("bring it back with import-root-key"), "{said}");
    assert_eq!(keys(data.path()), [None, None], "no other is made");
    let (done, said) = import(data.path(), &file, PASSPHRASE).await;
    assert!(done, "{said}");
    assert_eq!(keys(data.path()), own);

    let without_database = TempDir::new().unwrap();
    std::fs::copy(data.path().join("root-key"), without_database.path().join("signing-key"))
        .unwrap();
    let other = TempDir::new().unwrap();
    let made = program(&["public-key"], other.path()).output().await.unwrap();
    assert!(made.status.success());
    let lost = TempDir::new().unwrap();
    std::fs::copy(other.path().join("registry.sqlite"), lost.path().join("registry.sqlite"))
        .unwrap();
    for (folder, why) in [
        (&without_database, "signing-key is another key; it is kept"),
        (&other, "was written with another root key"),
        (&lost, "was written with another root key"),
    ] {
        let before = keys(folder.path());
        let (done, said) = import(folder.path(), &file, PASSPHRASE).await;
        assert!(!done && said.contains(why), "{said}");
        assert_eq!(keys(folder.path()), before);
    }
}

/// What a terminal shows while a command asks for the passphrase twice and somebody types.
#[cfg(target_os = "linux")]
fn at_a_terminal(data: &Path, to: &Path, typed: [&str; 2]) -> (bool, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let open = || {
        let file = std::fs::File::options().read(true).write(true).open(name.to_str().unwrap());
        Stdio::from(file.unwrap())
    };
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cardwright-registry"))
        .args(["export-root-key", "--to", to.to_str().unwrap(), "--data", data.to_str().unwrap()])
        .stdin(open())
        .stdout(open())
        .stderr(open())
        .spawn()
        .unwrap();
    let mut terminal = std::fs::File::from(terminal);
    let mut shown = Vec::new();
    let mut read_until = |terminal: &mut std::fs::File, end: &str| {
        let mut byte = [0];
        while !shown.ends_with(end.as_bytes()) && terminal.read(&mut byte).is_ok_and(|n| n == 1) {
            shown.extend(byte);
        }
        String::from_utf8_lossy(&shown).into_owned()
    };
    for (prompt, line) in ["exported keys: ", "again: "].into_iter().zip(typed) {
        read_until(&mut terminal, prompt);
        terminal.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    // The end of the last one who has it open is the terminal's.
    let shown = read_until(&mut terminal, "\0");
    (child.wait().unwrap().success(), shown)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_terminal_asks_twice_and_shows_nothing() {
    let registry = TestRegistry::empty().await;
    let folder = TempDir::new().unwrap();
    for (name, typed, done, says) in [
        ("differs", [PASSPHRASE, "correct house battery"], false, "not the same both times"),
        ("short", ["short", "short"], false, "at least 12 characters"),
        ("good", [PASSPHRASE, PASSPHRASE], true, "exported\t"),
    ] {
        let (data, to) = (registry.folder.path().to_owned(), folder.path().join(name));
        let typing = tokio::task::spawn_blocking(move || at_a_terminal(&data, &to, typed));
        let (was_done, shown) = typing.await.unwrap();
        assert_eq!(was_done, done, "{shown}");
        assert!(shown.contains(says), "{shown}");
        assert!(!shown.contains("battery"), "{shown}");
        assert_eq!(folder.path().join(name).exists(), done);
    }
}
