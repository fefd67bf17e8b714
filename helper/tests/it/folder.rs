//! What somebody did to the data folder between two runs.

use crate::support::{Helper, run};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

/// What a helper with this data folder says that does not start.
fn refused(helper: &Helper) -> String {
    let [data, config] = [&helper.data, &helper.config].map(|path| path.to_str().unwrap());
    let (started, said) = run(&["run", "--data", data, "--config", config]);
    assert!(!started, "{said}");
    said
}

#[test]
fn a_folder_that_others_can_change_is_not_used() {
    let mut helper = Helper::without_service();
    helper.kill();
    for folder in [helper.data.clone(), helper.data.join("journal")] {
        for mode in [0o777, 0o1777, 0o770, 0o702] {
            fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
            let said = refused(&helper);
            let expected =
                format!("others can change what is in this folder (mode {:o})", mode & 0o777);
            assert!(said.contains(&expected), "{said}");
        }
        // Whoever can look at names alone changes nothing.
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    }
    helper.start_again();
}

#[test]
fn what_belongs_to_another_user_is_not_believed() {
    let mut helper = Helper::without_service();
    helper.kill();
    for name in ["", "journal", "enrolment.toml", "signing.key", "opening.key"] {
        let path = helper.data.join(name);
        // Only an administrator can give a file away; for others nothing can be shown here.
        if chown(&path, Some(65534), None).is_err() {
            return;
        }
        let said = refused(&helper);
        assert!(said.contains("it belongs to another user (uid 65534)"), "{said}");
        chown(&path, Some(0), None).unwrap();
    }
    helper.start_again();
}

#[test]
fn what_is_no_file_of_the_journal_is_set_aside_unread() {
    let mut helper = Helper::without_service();
    helper.kill();
    let journal = helper.data.join("journal");
    // More than there is memory for, and something that never ends.
    File::create(journal.join("0.job")).unwrap().set_len(1 << 40).unwrap();
    std::os::unix::fs::symlink("/dev/zero", journal.join("1.job")).unwrap();
    helper.start_again();
    for name in ["0.unreadable", "1.unreadable"] {
        assert!(journal.join(name).symlink_metadata().is_ok(), "{name}");
    }
}

#[test]
fn a_key_that_is_no_key_or_no_file_is_told_with_what_to_do() {
    let mut helper = Helper::without_service();
    helper.kill();
    let key = helper.data.join("signing.key");
    File::options().write(true).open(&key).unwrap().set_len(10).unwrap();
    let said = refused(&helper);
    assert!(said.contains("delete it and enroll this helper anew"), "{said}");
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    let said = refused(&helper);
    assert!(said.contains("it is no file"), "{said}");
    fs::remove_dir(&key).unwrap();
    // Nobody is at the other end.
    assert!(std::process::Command::new("mkfifo").arg(&key).status().unwrap().success());
    let said = refused(&helper);
    assert!(said.contains("it is no file"), "{said}");
}
