//! The registry as a program.

use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// The program, with a folder of data.
pub(crate) fn program(arguments: &[&str], data: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cardwright-registry"));
    command.args(arguments).arg("--data").arg(data).kill_on_drop(true);
    command
}

/// Starts the program on a free port; what it prints up to where it listens.
pub(crate) async fn start(folder: &Path) -> (Child, Vec<Vec<String>>) {
    started(program(&["serve", "--listen", "127.0.0.1:0"], folder)).await
}

/// As [`start`], with a command of the caller's.
pub(crate) async fn started(mut serve: tokio::process::Command) -> (Child, Vec<Vec<String>>) {
    let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = Vec::new();
    while let Some(line) = output.next_line().await.unwrap() {
        let words: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let last = words[0] == "listening";
        lines.push(words);
        if last {
            break;
        }
    }
    (child, lines)
}

/// Ends a program as an admin does.
pub(crate) async fn stop(mut child: Child) {
    let id = child.id().unwrap().to_string();
    let killed = tokio::process::Command::new("kill").arg(id).status().await.unwrap();
    assert!(killed.success());
    assert!(child.wait().await.unwrap().success(), "SIGTERM ends it gracefully");
}

/// What a command prints, line by line, or what it says when it fails.
pub(crate) async fn words(
    mut command: tokio::process::Command,
) -> Result<Vec<Vec<String>>, String> {
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    match output.status.success() {
        true => {
            Ok(said.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
        }
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}
