//! What the audit log was, outside the database; and tampering with the database.

use crate::audit_verifier::{offline, online};
use crate::program::{program, start, words};
use crate::world::TestRegistry;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::{AuditHead, AuditPage, Checkpoint};
use cardwright_protocol::registry::session::{Me, Notice};
use cardwright_seal::{SigningKey, sign};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn checkpoints(data: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(data.join("audit-checkpoints")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

pub(crate) async fn database(data: &Path) -> DatabaseConnection {
    let url = format!("sqlite://{}", data.join("registry.sqlite").display());
    Database::connect(url).await.unwrap()
}

/// A registry that ended, with a checkpoint of its last event.
async fn ended() -> TempDir {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    for _ in 0..3 {
        let process = operator.start("TC-1").await;
        operator.try_cancel(&process.id).await;
    }
    registry.end().await.0
}

/// Does something to the database that no registry does.
async fn tamper(data: &Path, statements: &[&str]) {
    let database = database(data).await;
    let guards =
        ["DROP TRIGGER audit_events_are_not_changed", "DROP TRIGGER audit_events_are_not_deleted"];
    for sql in guards.iter().chain(statements) {
        database.execute_unprepared(sql).await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn every_start_and_every_end_is_a_checkpoint() {
    let folder = ended().await;
    let first = checkpoints(folder.path()).len();
    // The last one alone, unless the disk was too slow to leave the others out.
    assert!((1..=2).contains(&first), "it knows all that those before it knew");
    // Killed, it writes none at its end; the next start has what was committed.
    for starts in 1..=2 {
        let (mut child, lines) = start(folder.path()).await;
        let address = lines.last().unwrap()[1].clone();
        let browser = crate::world::Browser::at(&address);
        browser.log_in("nobody", "wrong horse battery").await;
        child.kill().await.unwrap();
        assert!(checkpoints(folder.path()).len() <= first + 2 * starts);
    }
    let (code, said) = online(folder.path()).await;
    assert_eq!((code, said[0][0].as_str()), (0, "verified"), "{said:?}");
}

/// The last event that a checkpoint knows.
fn known(data: &Path) -> u64 {
    let Some(last) = checkpoints(data).pop() else { return 0 };
    let Ok(Checkpoint::Head(head)) = serde_json::from_str(&last) else { return 0 };
    serde_json::from_str::<AuditHead>(&head.statement).unwrap().seq
}

/// Far less than the interval at which checkpoints once were written, far more than any machine
/// takes for one.
async fn soon(mut is_so: impl AsyncFnMut() -> bool) {
    let within = async {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !is_so().await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), within).await.expect("it is so soon");
}

#[tokio::test]
async fn an_event_is_soon_in_a_checkpoint_whoever_recorded_it() {
    let registry = TestRegistry::with_one_card().await;
    let data = registry.folder.path();
    let admin = registry.log_in("admin").await;
    for program in ["this", "another"] {
        match program {
            "this" => drop(registry.log_in("operator").await),
            _ => registry.import(&[["TC-2", "produced", "B-1", "2026-11-02", ""]]).await,
        }
        let page: AuditPage = admin.get("/audit?size=1").await.ok();
        let newest = page.events[0].seq;
        soon(async || known(data) >= newest).await;
    }
}

#[tokio::test]
async fn events_that_come_together_share_a_checkpoint() {
    let registry = TestRegistry::with_one_card().await;
    let data = registry.folder.path();
    let operator = registry.log_in("operator").await;
    let before = checkpoints(data).len();
    let begun = Instant::now();
    for _ in 0..30 {
        let process = operator.start("TC-1").await;
        operator.try_cancel(&process.id).await;
    }
    let most = 2 + begun.elapsed().as_secs() as usize;
    assert!(checkpoints(data).len() <= before + most, "one a second");
}

async fn notices(browser: &crate::world::Browser) -> Vec<Notice> {
    browser.get("/session").await.ok::<Me>().notices
}

/// A file that never answers, as on a mount whose server is gone.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_does_not_answer_hinders_nobody_and_is_shown() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let pipe = elsewhere.path().join("pipe");
    let made = tokio::process::Command::new("mkfifo").arg(&pipe).status().await.unwrap();
    assert!(made.success());
    let config = format!("audit_checkpoints = {:?}\n", pipe.display().to_string());
    std::fs::write(data.path().join("registry.toml"), config).unwrap();
    let (child, lines) = start(data.path()).await;
    let password = lines.iter().find(|line| line.get(1).is_some_and(|it| it == "admin")).unwrap();
    let admin = crate::world::Browser::at(&lines.last().unwrap()[1]);
    assert_eq!(admin.log_in("admin", &password[2]).await.status, 200);
    soon(async || notices(&admin).await.contains(&Notice::CheckpointsNotWritten)).await;
    assert_eq!(admin.log_in("admin", &password[2]).await.status, 200, "it works");
    crate::program::stop(child).await;
}

#[tokio::test]
async fn a_log_that_is_changed_while_the_registry_runs_is_not_signed_as_if_it_were_the_same() {
    let mut registry = TestRegistry::with_one_card().await;
    let data = registry.folder.path();
    let admin = registry.log_in("admin").await;
    let page: AuditPage = admin.get("/audit?size=1").await.ok();
    let newest = page.events[0].seq;
    soon(async || known(data) >= newest).await;
    assert!(!notices(&admin).await.contains(&Notice::AuditLogContradicted));
    let what = "UPDATE audit_events SET what = 'nothing' WHERE seq = 3";
    tamper(data, &[what, "UPDATE audit_events SET seq = -seq"]).await;
    chain_anew(data).await;
    registry.log_in("operator").await;
    soon(async || notices(&admin).await.contains(&Notice::AuditLogContradicted)).await;
    let (code, said) = online(data).await;
    assert_eq!(code, 1, "what the checkpoint knew is kept: {said:?}");
    for _ in 0..2 {
        registry = registry.restart().await;
        let admin = registry.log_in("admin").await;
        soon(async || notices(&admin).await.contains(&Notice::AuditLogContradicted)).await;
    }
}

#[tokio::test]
async fn checkpoints_are_written_where_the_configuration_says() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = elsewhere.path().join("heads");
    let config = format!("audit_checkpoints = {:?}\n", file.display().to_string());
    std::fs::write(data.path().join("registry.toml"), config).unwrap();
    let (child, _) = start(data.path()).await;
    crate::program::stop(child).await;
    assert!(!std::fs::read_to_string(&file).unwrap().is_empty());
    assert!(checkpoints(data.path()).is_empty());
    std::fs::write(&file, "forged\n").unwrap();
    let (code, said) = online(data.path()).await;
    assert_eq!((code, said[0][0].as_str(), said[0][2].as_str()), (1, "altered", "line 1"));
}

/// Whoever forgets to name them is not told that all is well and no more.
#[tokio::test]
async fn an_audit_log_without_checkpoints_is_said_to_have_none() {
    let folder = ended().await;
    let said = async || {
        let output = program(&["verify-audit"], folder.path()).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(said().await, (Some(0), String::new()));
    std::fs::remove_file(folder.path().join("audit-checkpoints")).unwrap();
    let (code, warned) = said().await;
    assert_eq!(code, Some(0));
    assert!(warned.contains("no checkpoint") && warned.contains("--config"), "{warned}");
}

/// As on a disk that is full or gone.
#[tokio::test]
async fn a_checkpoint_that_cannot_be_written_hinders_nobody_and_is_written_later() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let disk = elsewhere.path().join("disk");
    let config = format!("audit_checkpoints = {:?}\n", disk.join("heads").display().to_string());
    std::fs::write(data.path().join("registry.toml"), config).unwrap();
    let (child, lines) = start(data.path()).await;
    let browser = crate::world::Browser::at(&lines.last().unwrap()[1]);
    let attempt = async || browser.log_in("nobody", "wrong horse battery").await.status;
    assert_eq!(attempt().await, 401);
    std::fs::create_dir(&disk).unwrap();
    assert_eq!(attempt().await, 401);
    crate::program::stop(child).await;
    assert!(std::fs::read_to_string(disk.join("heads")).unwrap().ends_with("}\n"));
    let (code, said) = online(data.path()).await;
    assert_eq!(code, 0, "{said:?}");
}

#[tokio::test]
async fn the_database_refuses_to_change_its_events() {
    let folder = ended().await;
    let database = database(folder.path()).await;
    for (sql, why) in [
        ("UPDATE audit_events SET what = 'nothing' WHERE seq = 2", "never changed"),
        ("DELETE FROM audit_events WHERE seq = 2", "never deleted"),
    ] {
        let error = database.execute_unprepared(sql).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn whatever_is_done_to_the_database_is_found() {
    let copy_of = |folder: &Path| {
        let copy = TempDir::new().unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        copy
    };
    let folder = ended().await;
    let (code, said) = online(folder.path()).await;
    assert_eq!(code, 0, "{said:?}");
    let insert = "INSERT INTO audit_events SELECT 1000, at, \"by\", kind, card_id, process_id, what, \
                  state, previous, hash FROM audit_events WHERE seq = 3";
    let lowest = insert.replace("1000", "-9223372036854775808");
    for (sql, wrong, place) in [
        (&["UPDATE audit_events SET what = 'nothing' WHERE seq = 3"][..], "altered", "event 3"),
        (&["UPDATE audit_events SET at = at + 1 WHERE seq = 3"], "altered", "event 3"),
        (&["UPDATE audit_events SET at = 'noon' WHERE seq = 3"], "unreadable", "event 3"),
        (&["UPDATE cards SET number = 'TC-9', number_key = 'tc-9'"], "altered", "event "),
        (&["DELETE FROM audit_events WHERE seq = 3"], "removed", "event 3"),
        (&["DELETE FROM audit_events WHERE seq < 3"], "removed", "events 1-2"),
        (&["DELETE FROM audit_events WHERE seq > 4"], "truncated", "events 5-"),
        (&["DELETE FROM audit_events"], "truncated", "events 1-"),
        (&[insert], "altered", "event 1000"),
        (&[lowest.as_str()], "altered", "event 0"),
    ] {
        let copy = copy_of(folder.path());
        tamper(copy.path(), sql).await;
        let (code, said) = online(copy.path()).await;
        assert_eq!(code, 1, "{sql:?}");
        let found = said.iter().any(|it| it[0] == wrong && it[1].starts_with(place));
        assert!(found, "{sql:?}: {said:?}");
    }
    // All that follows is chained anew, as a registry would have.
    for (sql, first) in [
        ("UPDATE audit_events SET what = 'nothing' WHERE seq = 3", 3),
        ("DELETE FROM audit_events WHERE seq = 3", 3),
    ] {
        let copy = copy_of(folder.path());
        tamper(copy.path(), &[sql, "UPDATE audit_events SET seq = -seq"]).await;
        chain_anew(copy.path()).await;
        let (code, said) = online(copy.path()).await;
        assert_eq!(code, 1, "{sql}");
        assert!(said.iter().all(|it| it[2].starts_with("line ")), "by its checkpoints: {said:?}");
        let range = said.iter().any(|it| {
            let numbers = it[1].trim_start_matches("events ").trim_start_matches("event ");
            let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
            (from.parse().unwrap()..=to.parse().unwrap()).contains(&first)
        });
        assert!(range || sql.starts_with("DELETE"), "{sql}: {said:?}");
    }
    let (code, said) = online(Path::new("/nowhere")).await;
    assert_eq!((code, said.len()), (2, 0));
    let key = SigningKey::generate().verifying_key();
    assert_eq!(offline(b"", &key).await.0, 1);
}

/// Numbers and hashes all events anew: written by the description of the protocol alone.
async fn chain_anew(data: &Path) {
    let database = database(data).await;
    let sql =
        "SELECT e.seq, strftime('%Y-%m-%dT%H:%M:%SZ', e.at, 'unixepoch') AS at, e.\"by\" AS who,
               e.kind, c.number, e.process_id, e.what, e.state
               FROM audit_events e LEFT JOIN cards c ON c.id = e.card_id ORDER BY e.seq DESC";
    let rows = Statement::from_string(DbBackend::Sqlite, sql);
    let mut previous = vec![0; 32];
    for (row, seq) in database.query_all_raw(rows).await.unwrap().into_iter().zip(1..) {
        let text = |column: &str| row.try_get::<Option<String>>("", column).unwrap();
        let mut bytes = b"cardwright audit event 1\0".to_vec();
        bytes.extend(&previous);
        for field in [
            Some(format!("{seq}")),
            text("at"),
            text("who"),
            text("kind"),
            text("number"),
            text("process_id"),
            text("what"),
            text("state"),
        ] {
            let field = field.map_or("-,".to_owned(), |it| format!("{}:{it},", it.len()));
            bytes.extend(field.into_bytes());
        }
        let hash = Sha256::digest(&bytes).to_vec();
        let old: i64 = row.try_get("", "seq").unwrap();
        let sql = format!(
            "UPDATE audit_events SET seq = {seq}, previous = x'{}', hash = x'{}' WHERE seq = {old}",
            HexBytes(previous),
            HexBytes(hash.clone()),
        );
        database.execute_unprepared(&sql).await.unwrap();
        previous = hash;
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_restoration_is_told_from_a_truncation() {
    let registry = TestRegistry::with_one_card().await;
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("copy");
    let copy = copy.to_str().unwrap();
    words(program(&["backup", "--to", copy], registry.folder.path())).await.unwrap();
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    operator.try_cancel(&process.id).await;
    let (folder, _, _) = registry.end().await;
    let data = folder.path();
    let before = checkpoints(data).len();
    words(program(&["restore", copy], data)).await.unwrap();
    assert_eq!(checkpoints(data).len(), before + 1);
    let (code, said) = online(data).await;
    assert_eq!(code, 0, "{said:?}");
    assert_eq!((said[0][0].as_str(), said[1][0].as_str()), ("lost", "verified"));
    assert!(said[0][1].starts_with("events ") && said[0][2].starts_with("restoration of "));

    // It goes on as any other, and twice is as good as once.
    let (child, _) = start(data).await;
    crate::program::stop(child).await;
    words(program(&["restore", copy], data)).await.unwrap();
    let (code, said) = online(data).await;
    assert_eq!(code, 0, "{said:?}");

    // The line of a restoration excuses nothing that comes after it, and none is there twice.
    let lines = checkpoints(data);
    let again = format!("{}\n{}\n", lines.join("\n"), lines[lines.len() - 1]);
    std::fs::write(data.join("audit-checkpoints"), again).unwrap();
    let (code, said) = online(data).await;
    assert!(code == 1 && said.iter().any(|it| it[0] == "inserted"), "{said:?}");
    std::fs::write(data.join("audit-checkpoints"), lines.join("\n") + "\n").unwrap();
    tamper(data, &["DELETE FROM audit_events WHERE seq > 2"]).await;
    let (code, said) = online(data).await;
    assert_eq!((code, said[0][0].as_str()), (1, "truncated"), "{said:?}");
}

/// Whoever can write database and checkpoints, and not read the signing key, names a key of their
/// own and signs with that.
#[tokio::test]
async fn a_log_that_somebody_else_signed_is_not_verified() {
    let folder = ended().await;
    let data = folder.path();
    let key = SigningKey::generate();
    let key_of_theirs = format!(
        "UPDATE keys SET fingerprint = '{}' WHERE name = 'signing-key'",
        key.verifying_key()
    );
    tamper(data, &["DELETE FROM audit_events WHERE seq > 2", key_of_theirs.as_str()]).await;
    let hash = last_hash(data).await;
    let head = AuditHead { seq: 2, hash, at: "2026-11-22T07:00:00Z".to_owned() };
    let line = serde_json::to_string(&Checkpoint::Head(sign(&key, &head))).unwrap();
    std::fs::write(data.join("audit-checkpoints"), line + "\n").unwrap();
    let (code, said) = online(data).await;
    assert_eq!(code, 2, "the signing key is here, and is another one: {said:?}");
    // On a copy without the key, only who names the right one finds it.
    std::fs::rename(data.join("signing-key"), data.join("elsewhere")).unwrap();
    assert_eq!(online(data).await.0, 0);
}

async fn last_hash(data: &Path) -> HexBytes {
    let database = database(data).await;
    let sql = "SELECT hash FROM audit_events ORDER BY seq DESC LIMIT 1";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    database.close().await.unwrap();
    let hash: Vec<u8> = row.try_get("", "hash").unwrap();
    hash.into()
}
