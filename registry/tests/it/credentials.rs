//! Keys that the service manager gives to the program.
#![cfg(unix)]

use crate::desk::mute;
use crate::office::Office;
use crate::program::{program, started, stop, words};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

/// A registry's folder and its credentials.
struct Unit {
    data: TempDir,
    credentials: TempDir,
}

impl Unit {
    async fn new() -> Self {
        let office = Office::new(1).await;
        office.job("TC-1", &mute(1)).await;
        Self { data: office.registry.end().await.0, credentials: TempDir::new().unwrap() }
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments, self.data.path());
        command.env("CREDENTIALS_DIRECTORY", self.credentials.path());
        command
    }

    /// Makes a credential of a key file.
    fn hand_over(&self, name: &str) {
        let (from, to) = (self.data.path().join(name), self.credentials.path().join(name));
        std::fs::copy(&from, &to).unwrap();
        set_mode(&to, 0o400);
        std::fs::remove_file(from).unwrap();
    }

    async fn public_key(&self) -> Result<Vec<Vec<String>>, String> {
        words(self.program(&["public-key"])).await
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn keys_are_taken_from_credentials_and_the_next_version_is_to_be_one() {
    let unit = Unit::new().await;
    let own = unit.public_key().await.unwrap();
    for name in ["root-key", "signing-key"] {
        unit.hand_over(name);
        assert_eq!(unit.public_key().await.as_ref(), Ok(&own), "{name}");
        let refused = words(program(&["public-key"], unit.data.path())).await.unwrap_err();
        assert!(refused.contains(&format!("{name} is missing")), "{refused}");
    }
    let output = unit.program(&["rotate-root-key"]).output().await.unwrap();
    let (printed, explained) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(printed, "root-key\t2\nchips\t1\t1\nchips\t2\t0\n");
    let file = unit.data.path().join("root-key.2");
    for words in [
        format!("systemd-creds encrypt --name=root-key.2 {}", file.display()),
        "LoadCredentialEncrypted=root-key.2".to_owned(),
    ] {
        assert!(explained.contains(&words), "{explained}");
    }
    assert!(file.exists() && !unit.data.path().join("root-key").exists());

    unit.hand_over("root-key.2");
    assert_eq!(unit.public_key().await, Ok(own));
    let (child, lines) = started(unit.program(&["serve", "--listen", "127.0.0.1:0"])).await;
    assert_eq!(lines.last().unwrap()[0], "listening");
    stop(child).await;
    let names = |folder: &Path| {
        let names = std::fs::read_dir(folder).unwrap().map(|of| of.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.contains("key"));
        names.sort();
        names
    };
    assert_eq!(names(unit.data.path()), [""; 0], "no key is written beside a credential");
    assert_eq!(names(unit.credentials.path()), ["root-key", "root-key.2", "signing-key"]);
}

/// A root key made in its place would stand in the way of the credential for ever.
#[tokio::test]
async fn a_registry_that_is_started_without_its_credentials_makes_no_key() {
    let (data, credentials) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    words(program(&["public-key"], data.path())).await.unwrap();
    let unit = Unit { data, credentials };
    unit.hand_over("root-key");
    unit.hand_over("signing-key");
    let refused = words(program(&["public-key"], unit.data.path())).await.unwrap_err();
    assert!(refused.contains("signing-key is missing"), "{refused}");
    assert!(!unit.data.path().join("root-key").exists(), "nothing was made");
    unit.public_key().await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_in_two_places_is_the_same_or_refused() {
    let unit = Unit::new().await;
    let own = unit.public_key().await.unwrap();
    for name in ["root-key", "signing-key"] {
        let file = unit.data.path().join(name);
        let credential = unit.credentials.path().join(name);
        std::fs::copy(&file, &credential).unwrap();
        set_mode(&credential, 0o440);
        assert_eq!(unit.public_key().await.as_ref(), Ok(&own), "{name}");

        set_mode(&credential, 0o444);
        let refused = unit.public_key().await.unwrap_err();
        assert!(refused.contains(&format!("{} can be read by others", credential.display())));

        set_mode(&credential, 0o600);
        std::fs::write(&credential, format!("1 {:064x}\n", 7)).unwrap();
        let refused = unit.public_key().await.unwrap_err();
        let two = format!("{} and the credential {}", file.display(), credential.display());
        assert!(refused.contains(&two), "{refused}");
        assert!(!refused.contains("00007"), "{refused}");
        std::fs::remove_file(&credential).unwrap();
    }
    // A credential alone that is another key.
    let credential = unit.credentials.path().join("root-key");
    std::fs::write(&credential, format!("1 {:064x}\n", 7)).unwrap();
    set_mode(&credential, 0o400);
    std::fs::remove_file(unit.data.path().join("root-key")).unwrap();
    let refused = unit.public_key().await.unwrap_err();
    assert!(refused.contains(&format!("{} is another key", credential.display())), "{refused}");
}
