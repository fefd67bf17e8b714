use crate::program::{program, start, stop};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::{CardState, Role};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Me;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn the_first_start_shows_a_password_for_each_role_and_the_second_none() {
    let folder = TempDir::new().unwrap();
    let (child, lines) = start(folder.path()).await;
    let kinds: Vec<_> = lines.iter().map(|line| (line[0].as_str(), line.len())).collect();
    assert_eq!(kinds, [("account", 3), ("account", 3), ("account", 3), ("listening", 2)]);
    let names: Vec<_> = lines[..3].iter().map(|line| line[1].as_str()).collect();
    assert_eq!(names, ["admin", "operator", "auditor"]);
    assert_ne!(lines[0][2], lines[1][2]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id().unwrap())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let mut bounds = core.split_whitespace().skip(4).take(2);
    let is_none = bounds.all(|bound| ["0", "1"].contains(&bound));
    assert!(is_none, "a crash leaves no file with the memory behind: {core}");
    let me: Me = Browser::at(&lines[3][1]).log_in("admin", &lines[0][2]).await.ok();
    assert_eq!((me.role, me.must_change_password), (Role::Admin, false));
    stop(child).await;
    let (child, lines) = start(folder.path()).await;
    assert_eq!(lines.len(), 1);
    stop(child).await;

    let key = program(&["public-key"], folder.path()).output().await.unwrap();
    assert_eq!(String::from_utf8(key.stdout).unwrap().trim().len(), 64);
}

#[tokio::test]
async fn a_lost_password_is_set_anew_while_the_registry_runs() {
    let registry = TestRegistry::empty().await;
    let operator = registry.log_in("operator").await;
    let data = registry.folder.path();
    let mut child = program(&["set-password", "operator"], data)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse battery\n").await.unwrap();
    assert!(child.wait().await.unwrap().success());
    assert_eq!(operator.get("/session").await.refused(), ProblemCode::NotLoggedIn);
    let browser = registry.browser();
    let old = browser.log_in("operator", &registry.password("operator")).await;
    assert_eq!(old.refused(), ProblemCode::WrongPassword);
    assert_eq!(browser.log_in("operator", "correct horse battery").await.status, 200);

    let made = program(&["set-password", "operator", "--generate"], data).output().await.unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let password = made.trim_end().strip_prefix("password\t").unwrap();
    assert_eq!(browser.log_in("operator", password).await.status, 200);

    for (arguments, input) in [
        (["set-password", "nobody"], "correct horse battery\n"),
        (["set-password", "operator"], "short\n"),
    ] {
        let mut child =
            program(&arguments, data).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        assert!(!child.wait().await.unwrap().success(), "{arguments:?}");
    }
    assert_eq!(browser.log_in("operator", password).await.status, 200);
}

#[tokio::test]
async fn an_account_is_added_while_the_registry_runs() {
    let registry = TestRegistry::empty().await;
    let data = registry.folder.path();
    let add = async |name: &str, role: &str, input: &str| {
        let mut child = program(&["add-account", name, "--role", role], data)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses the name may end before it reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (added, message) = add("desk.2", "operator", "correct horse battery\n").await;
    assert!(added, "{message}");
    let browser = registry.browser();
    let me: Me = browser.log_in("desk.2", "correct horse battery").await.ok();
    assert_eq!((me.name.as_str(), me.role), ("desk.2", Role::Operator));

    for (name, role, input, expected) in [
        ("desk.2", "admin", "another horse battery\n", "of this name already"),
        ("operator", "admin", "another horse battery\n", "of this name already"),
        ("Operator", "operator", "another horse battery\n", "lower case"),
        ("", "operator", "another horse battery\n", "lower case"),
        ("registry", "operator", "another horse battery\n", "choose another"),
        ("desk.3", "operator", "short\n", "at least 12 characters"),
        ("desk.3", "root", "another horse battery\n", "possible values: admin, operator"),
    ] {
        let (added, message) = add(name, role, input).await;
        assert!(!added && message.contains(expected), "{name}: {message}");
        assert!(!message.contains("horse"), "{name}: {message}");
    }
    assert_eq!(browser.get("/session").await.ok::<Me>(), me, "its session goes on");
}

#[tokio::test]
async fn no_account_is_added_before_the_first_start_made_its_own() {
    let folder = TempDir::new().unwrap();
    let made = program(&["public-key"], folder.path()).output().await.unwrap();
    assert!(made.status.success());
    let add = ["add-account", "desk.2", "--role", "operator", "--generate"];
    let output = program(&add, folder.path()).output().await.unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("start it once"), "{message}");
    let (child, lines) = start(folder.path()).await;
    assert_eq!(lines.len(), 4, "all accounts are made");
    stop(child).await;
}

#[tokio::test]
async fn a_file_with_a_mistake_is_refused_whole() {
    let registry = TestRegistry::with_one_card().await;
    let file = registry.folder.path().join("more.csv");
    let header = "number,state,order,produced_on,expires_on,chip_id\n";
    let rows = "TC-2,produced,,2026-11-02,2032-11-01,\nTC-1,produced,,2026-11-02,2032-11-01,\n";
    std::fs::write(&file, format!("{header}{rows}")).unwrap();
    let data = registry.folder.path();
    let output = program(&["import-cards"], data).arg(&file).output().await.unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("line 3: TC-1, or its chip, is in the registry already"), "{message}");
    assert_eq!(registry.log_in("operator").await.search("").await.total, 1);
}

#[tokio::test]
async fn the_example_cards_fill_a_page_and_every_state() {
    let registry = TestRegistry::empty().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cards.csv");
    let data = registry.folder.path();
    let output = program(&["import-cards"], data).arg(file).output().await.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "imported\t40\n");
    let operator = registry.log_in("operator").await;
    for state in CardState::ALL {
        let found = operator.search(&format!("status={}", state.name())).await;
        assert!(found.total > 0, "{state:?}");
    }
    let produced = operator.search("status=produced").await;
    assert!(produced.total > 25 && produced.cards.len() == 25);
}

#[tokio::test]
async fn a_folder_without_the_app_is_named() {
    let folder = TempDir::new().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--app", "/nowhere"];
    let output = program(&serve, folder.path()).output().await.unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("/nowhere/index.html"), "{message}");
}

#[tokio::test]
async fn a_folder_without_a_registry_is_named_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["workstations"][..],
        &["root-keys"],
        &["rotate-root-key"],
        &["verify-audit"],
        &["set-password", "admin", "--generate"],
        &["revoke-workstation", "desk-1"],
        &["backup", "--to", "/nowhere/copy"],
    ] {
        let output = program(arguments, folder.path()).output().await.unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(message.contains("registry.sqlite is not there: name the folder"), "{message}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("registry.toml"), "helper_port = 1\n").unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let output = program(&serve, folder.path()).output().await.unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("registry.toml") && message.contains("helper_port"), "{message}");
    assert!(!folder.path().join("registry.sqlite").exists(), "nothing was begun");
}
