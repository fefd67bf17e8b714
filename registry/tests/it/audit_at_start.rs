//! What a registry that starts says of its audit log.

use crate::program::{program, start, started, stop, words};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

/// What is said when the last checkpoint knew another audit log.
const ALARM: &str = "not what its last checkpoint knew";

/// What is logged from a start to its end.
async fn log(data: &Path) -> String {
    let mut serve = program(&["serve", "--listen", "127.0.0.1:0"], data);
    serve.stderr(Stdio::piped());
    let (mut child, _) = started(serve).await;
    let mut errors = child.stderr.take().unwrap();
    stop(child).await;
    let mut log = String::new();
    errors.read_to_string(&mut log).await.unwrap();
    log
}

#[tokio::test]
async fn a_restoration_that_did_not_take_place_is_no_alarm_and_a_truncation_is() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let checkpoints = elsewhere.path().join("checkpoints");
    let config = format!("audit_checkpoints = {:?}\n", checkpoints.display().to_string());
    std::fs::write(data.path().join("registry.toml"), config).unwrap();
    let (child, _) = start(data.path()).await;
    stop(child).await;
    let copy = elsewhere.path().join("copy");
    words(program(&["backup", "--to", copy.to_str().unwrap()], data.path())).await.unwrap();

    // As if it had been killed when it had signed, and before the databases were exchanged.
    let other = TempDir::new().unwrap();
    for name in ["registry.sqlite", "root-key", "signing-key", "registry.toml"] {
        std::fs::copy(data.path().join(name), other.path().join(name)).unwrap();
    }
    words(program(&["restore", copy.to_str().unwrap()], other.path())).await.unwrap();
    let said = std::fs::read_to_string(&checkpoints).unwrap();
    assert!(said.lines().last().unwrap().starts_with("{\"restored\""), "{said}");
    let log_after = log(data.path()).await;
    assert!(log_after.contains("listening") && !log_after.contains(ALARM), "{log_after}");

    // The copy again, this time in the place of a longer log, and nobody said so.
    words(program(&["add-workstation", "desk-1"], data.path())).await.unwrap();
    assert!(!log(data.path()).await.contains(ALARM));
    std::fs::copy(&copy, data.path().join("registry.sqlite")).unwrap();
    assert!(log(data.path()).await.contains(ALARM));
}
