//! The program that verifies the audit log.

use crate::program::program;
use cardwright_seal::VerifyingKey;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// The exit code, and what standard output says, line by line.
pub(crate) type Said = (i32, Vec<Vec<String>>);

/// Verifies the log in a folder.
pub(crate) async fn online(data: &Path) -> Said {
    said(program(&["verify-audit"], data).output().await.unwrap())
}

/// Verifies an export by itself.
pub(crate) async fn offline(export: &[u8], key: &VerifyingKey) -> Said {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("audit.csv");
    std::fs::write(&file, export).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cardwright-registry"));
    command.args(["verify-audit", "--key", &key.to_string(), "--export"]).arg(&file);
    said(command.output().await.unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn what_can_be_read_only_once_is_no_export_and_not_called_altered() {
    let key = cardwright_seal::SigningKey::generate().verifying_key().to_string();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cardwright-registry"));
    command.args(["verify-audit", "--key", &key, "--export", "/dev/null"]);
    let output = command.output().await.unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/dev/null is no file: write the export into one"), "{said}");
}

fn said(output: Output) -> Said {
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    (output.status.code().unwrap(), lines)
}
