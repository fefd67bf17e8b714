use crate::support::{Helper, PROGRAM, Registry, configuration, readers, run};
use cardwright_protocol::helper::HELPER_PORTS;
use cardwright_virtual_card::CardOptions;
use cardwright_virtual_card::office::{Office, OfficeOptions, reader_name};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;

#[test]
fn a_helper_with_exposed_keys_or_a_wrong_configuration_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("helper.toml");
    let arguments = ["run", "--data", data.to_str().unwrap(), "--config", config.to_str().unwrap()];

    let (started, said) = run(&arguments);
    assert!(!started && said.contains("helper.toml"), "{said}");

    std::fs::write(&config, configuration("")).unwrap();
    let (started, said) = run(&arguments);
    assert!(!started && said.contains("this helper is not enrolled; run"), "{said}");

    Registry::enrolling(Path::new(PROGRAM), &data);
    std::fs::write(&config, configuration("origin = \"*\"")).unwrap();
    let (started, said) = run(&arguments);
    assert!(!started && said.contains("unknown field `origin`"), "{said}");

    std::fs::write(&config, configuration("workstation = \"desk-1\"")).unwrap();
    let (started, said) = run(&arguments);
    assert!(!started && said.contains("run `cardwright-helper enroll URL`"), "{said}");

    std::fs::write(&config, configuration("")).unwrap();
    for name in ["signing.key", "opening.key", "enrolment.toml"] {
        let key = data.join(name);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let (started, said) = run(&arguments);
        assert!(!started && said.contains("private file (mode 644)"), "{said}");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::remove_file(data.join("opening.key")).unwrap();
    let (started, said) = run(&arguments);
    assert!(!started && said.contains("this private key is missing"), "{said}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let helper = Helper::without_service();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("helper.toml");
    std::fs::write(&config, format!("port = {}", helper.address.port())).unwrap();
    let data = folder.path().join("data");
    Registry::enrolling(Path::new(PROGRAM), &data);
    let (started, said) =
        run(&["run", "--data", data.to_str().unwrap(), "--config", config.to_str().unwrap()]);
    assert!(!started && said.contains(&helper.address.to_string()), "{said}");
    assert!(said.contains("`ss -ltnp sport = "), "{said}");
    assert!(said.starts_with("cardwright-helper: cannot listen"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "no backtrace: {said}");
}

/// Whatever of the ports is taken on this computer: each helper takes the first free one of them,
/// and the last one says that none is. Other programs may take and free them meanwhile.
#[test]
fn without_a_port_the_first_free_one_of_those_that_pages_look_at_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Registry::enrolling(Path::new(PROGRAM), &data);
    let arguments = ["run", "--data", data.to_str().unwrap()];
    let mut told = Vec::new();
    for _ in 0..5 {
        let mut taken: Vec<TcpListener> = HELPER_PORTS
            .into_iter()
            .filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
            .collect();
        let without = start(&arguments);
        let Some(free) = taken.pop() else { continue };
        let expected = free.local_addr().unwrap();
        drop(free);
        told = vec![without, start(&arguments)];
        if told[0].contains("the ports 8421 to 8425 are all taken")
            && told[1] == format!("listening\t{expected}\n")
        {
            return;
        }
    }
    assert!(told.is_empty(), "{told:?}");
}

/// What the program says when it listens, which ends it, or when it does not.
fn start(arguments: &[&str]) -> String {
    let mut program = Command::new(PROGRAM);
    let mut child =
        program.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // It may have ended already.
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    match line.is_empty() {
        true => String::from_utf8(output.stderr).unwrap(),
        false => line,
    }
}

#[test]
fn readers_are_printed_with_what_is_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_owned();
    let office = Office::start(&OfficeOptions { readers: 2, dir, program: None }).unwrap();
    office.insert(1, CardOptions::new(0)).unwrap();
    // The service is told of the card a moment later.
    let expected = format!("{}\tempty\n{}\tcard\n", reader_name(0), reader_name(1));
    while readers(office.csock_name()) != (true, expected.clone()) {}

    let (answered, said) = readers(Path::new("/nonexistent/pcscd.comm"));
    assert!(!answered && said.starts_with("cardwright-helper: no PC/SC service"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
}

#[test]
fn a_service_without_readers_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_owned();
    let office = Office::start(&OfficeOptions { readers: 0, dir, program: None }).unwrap();
    assert_eq!(readers(office.csock_name()), (true, String::new()));
}

#[tokio::test]
async fn a_helper_that_is_told_to_end_says_so_to_its_pages() {
    let mut helper = Helper::without_service();
    let mut page = helper.page().await;
    helper.terminate();
    assert_eq!(page.closed().await, Some(1001));
    assert!(helper.ended_well());
}

#[tokio::test]
async fn a_client_that_says_nothing_does_not_keep_a_helper_from_ending() {
    // Its silence is borne for 5 seconds, which would be over by then. A machine that stands still
    // for so long does not do so again and again.
    let ends_at_once = async || {
        let mut helper = Helper::without_service();
        let connected = Instant::now();
        let mut silent = helper.connect().await;
        // A connection that came later was answered: the silent one is being waited for.
        let mut page = helper.page().await;
        helper.terminate();
        assert_eq!(page.closed().await, Some(1001));
        // However it ends: with nothing more to read, or with a reset.
        let _ = silent.read(&mut [0]).await;
        let waited = connected.elapsed();
        assert!(helper.ended_well());
        waited < Duration::from_secs(4)
    };
    for _ in 0..10 {
        if ends_at_once().await {
            return;
        }
    }
    panic!("the silent one is waited for");
}

#[test]
fn a_second_helper_on_the_same_data_does_not_start() {
    let mut helper = Helper::without_service();
    let [data, config] =
        [&helper.data, &helper.config].map(|path| path.to_str().unwrap().to_owned());
    let (started, said) = run(&["run", "--data", &data, "--config", &config]);
    assert!(!started && said.contains("journal"), "{said}");
    assert!(said.contains("another helper uses this folder"), "{said}");
    // What it knows can be printed all the same.
    let (printed, said) = run(&["status", "--data", &data]);
    assert!(printed && said.contains(&format!("signing-key\t{}\n", helper.key)), "{said}");
    helper.kill();
    helper.start_again();
}
