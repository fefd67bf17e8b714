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

fn said(output: Output) -> Said {
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    (output.status.code().unwrap(), lines)
}
