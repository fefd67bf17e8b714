use crate::desk::{Desk, chip};
use crate::world::TestRegistry;
use cardwright_registry::{Config, DataError, OpenError, PasswordCost, Registry};
use std::path::Path;
use tempfile::TempDir;

async fn open(folder: &Path) -> Result<(), String> {
    let password_cost = PasswordCost { memory: 8, passes: 1 };
    let config = Config { password_cost, ..Config::default() };
    match Registry::open(folder, config).await {
        Ok((registry, _)) => {
            registry.close().await.unwrap();
            Ok(())
        }
        Err(OpenError::Data(error)) => Err(match error {
            DataError::KeyMissing { path } => format!("{} missing", name(&path)),
            DataError::OtherKey { path } => format!("{} is another", name(&path)),
            DataError::NotAKey { path } => format!("{} is no key", name(&path)),
            DataError::Exposed { path } => format!("{} is exposed", name(&path)),
            error => panic!("{error}"),
        }),
        Err(error) => panic!("{error}"),
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The folder of a registry whose database holds an escrowed PIN.
async fn folder_with_ciphertext() -> (TempDir, Desk) {
    let registry = TestRegistry::with_one_card().await;
    let operator = registry.log_in("operator").await;
    let process = operator.start("TC-1").await;
    let report = registry.desk.report(&operator.nonce(&process.id).await, &chip(7));
    operator.job(&process.id, &report, "TC-1").await;
    let (folder, [desk, _], _) = registry.end().await;
    (folder, desk)
}

#[cfg(unix)]
#[tokio::test]
async fn key_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    open(folder.path()).await.unwrap();
    for file in ["root-key", "signing-key"] {
        let path = folder.path().join(file);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(open(folder.path()).await, Err(format!("{file} is exposed")));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    open(folder.path()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_owner_alone_even_in_an_open_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let password_cost = PasswordCost { memory: 8, passes: 1 };
    let config = Config { password_cost, ..Config::default() };
    let (registry, _) = Registry::open(folder.path(), config).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
    registry.close().await.unwrap();
}

#[tokio::test]
async fn of_several_first_starts_on_one_folder_one_makes_the_accounts() {
    let folder = TempDir::new().unwrap();
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let path = folder.path().to_owned();
        let password_cost = PasswordCost { memory: 8, passes: 1 };
        let config = Config { password_cost, ..Config::default() };
        starts.spawn(async move {
            let (registry, accounts) = Registry::open(&path, config).await.unwrap();
            registry.close().await.unwrap();
            accounts.len()
        });
    }
    let mut made = starts.join_all().await;
    made.sort_unstable();
    assert_eq!(made, [0, 0, 0, 3]);
}

#[tokio::test]
async fn a_root_key_is_made_only_while_nothing_is_encrypted() {
    let folder = TempDir::new().unwrap();
    open(folder.path()).await.unwrap();
    let root_key = folder.path().join("root-key");
    let first = std::fs::read(&root_key).unwrap();
    std::fs::remove_file(&root_key).unwrap();
    open(folder.path()).await.unwrap();
    assert_ne!(std::fs::read(&root_key).unwrap(), first);
    let told = b"Version 1 of the root key is another one from now on";
    let holds = |file: &str| {
        let content = std::fs::read(folder.path().join(file)).unwrap_or_default();
        content.windows(told.len()).any(|window| window == told)
    };
    assert!(holds("registry.sqlite") || holds("registry.sqlite-wal"), "the log says so");

    let (folder, _desk) = folder_with_ciphertext().await;
    let root_key = folder.path().join("root-key");
    let right = std::fs::read(&root_key).unwrap();
    open(folder.path()).await.unwrap();
    std::fs::copy(folder.path().join("signing-key"), &root_key).unwrap();
    assert_eq!(open(folder.path()).await, Err("root-key is another".to_owned()));
    std::fs::write(&root_key, "1 00").unwrap();
    assert_eq!(open(folder.path()).await, Err("root-key is no key".to_owned()));
    std::fs::remove_file(&root_key).unwrap();
    assert_eq!(open(folder.path()).await, Err("root-key missing".to_owned()));
    assert!(!root_key.exists(), "no other key takes its place");
    write_private(&root_key, &right);
    open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn the_signing_key_stays_the_one_that_helpers_know() {
    let folder = TempDir::new().unwrap();
    open(folder.path()).await.unwrap();
    let path = folder.path().join("signing-key");
    let right = std::fs::read(&path).unwrap();
    std::fs::copy(folder.path().join("root-key"), &path).unwrap();
    assert_eq!(open(folder.path()).await, Err("signing-key is another".to_owned()));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(open(folder.path()).await, Err("signing-key missing".to_owned()));
    write_private(&path, &right);
    open(folder.path()).await.unwrap();
}

fn write_private(path: &Path, content: &[u8]) {
    use std::io::Write as _;
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).unwrap().write_all(content).unwrap();
}
