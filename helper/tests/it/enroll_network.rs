//! Enrolling over TLS, past proxies, and at what leads elsewhere; and what the process keeps to itself
//! meanwhile.

use crate::enroll::Place;
use crate::support::PROGRAM;
use cardwright_desk::WORKSTATION_NAME;
use cardwright_desk::enrolment::{Counter, read, serve, take, terms, with_code};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

/// A registry over TLS, with a certificate for `localhost` that no operating system trusts. Gives
/// its port, and its certificate as PEM.
fn over_tls(place: &Place) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (code, terms) = (place.code.clone(), terms(&place.signing));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = StreamOwned::new(connection, stream.unwrap());
            // A helper that does not trust it goes away.
            let _ = serve(stream, &|_: &str, body: &[u8]| take(&code, &terms, body));
        }
    });
    (port, made.cert.pem())
}

#[test]
fn over_tls_a_registry_is_believed_by_its_certificate() {
    let place = Place::new();
    let (port, certificate) = over_tls(&place);
    let url = format!("https://localhost:{port}");
    let said = place.enroll(&url, &[]).unwrap_err();
    assert!(said.contains("is not trusted") && said.contains("--ca FILE"), "{said}");

    let ca = place.folder.path().join("ca.pem");
    std::fs::write(&ca, certificate).unwrap();
    let more = ["--ca", ca.to_str().unwrap()];
    let other_name = place.enroll(&format!("https://127.0.0.1:{port}"), &more).unwrap_err();
    assert!(other_name.contains("it is for another name (DnsName localhost)"), "{other_name}");
    assert!(!place.status().0, "nothing was written");
    assert_eq!(place.enroll(&url, &more), Ok(format!("enrolled\t{WORKSTATION_NAME}\n")));

    let plain = Counter::of_registry(&place.signing, &place.code);
    let said = place.enroll(&format!("https://{}", plain.address), &more).unwrap_err();
    assert!(said.contains("does not answer as a registry does"), "{said}");
    let said = place.enroll(&format!("http://localhost:{port}"), &more).unwrap_err();
    assert!(said.contains("does not answer as a registry does"), "{said}");
}

#[test]
fn no_proxy_leads_to_a_registry_on_this_computer() {
    let place = Place::new();
    let (port, certificate) = over_tls(&place);
    let ca = place.folder.path().join("ca.pem");
    std::fs::write(&ca, certificate).unwrap();
    let plain = Counter::of_registry(&place.signing, &place.code);
    // A proxy that takes nobody: whoever is sent to it fails.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [format!("https://localhost:{port}"), plain.url()] {
        let mut program = Command::new(PROGRAM);
        program.args(["enroll", &url, "--data"]).arg(place.data()).arg("--ca").arg(&ca);
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            program.env(name, format!("http://{proxy}"));
        }
        program.env_remove("NO_PROXY").env_remove("no_proxy");
        let output = with_code(&mut program, &place.code.grouped(), |_| {});
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn whoever_leads_elsewhere_is_named_and_not_followed() {
    let place = Place::new();
    let elsewhere = Counter::of_registry(&place.signing, &place.code);
    for status in [301, 302, 303, 307, 308] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = format!("{}/api/v1/enrolments", elsewhere.url());
        let location = format!("{target}?{}", "\u{e9}".repeat(500));
        let answers = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read(&mut stream).unwrap();
            let head = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\n");
            write!(stream, "{head}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        });
        let said = place.enroll(&url, &[]).unwrap_err();
        answers.join().unwrap();
        assert!(said.contains(&format!("it leads elsewhere, to {target}")), "{said}");
        assert!(said.len() < 500, "no stranger fills the screen: {said}");
    }
    assert!(elsewhere.asked.try_recv().is_err(), "nobody was asked there");
}

#[test]
fn a_crash_while_enrolling_leaves_no_file_with_the_memory_behind() {
    let place = Place::new();
    let (tell, process) = channel::<u32>();
    let (code, terms, process) = (place.code.clone(), terms(&place.signing), Mutex::new(process));
    let (limits, seen) = channel();
    // Seen by the registry while the helper waits for its answer.
    let counter = Counter::open(move |_, body| {
        let id = process.lock().unwrap().recv().unwrap();
        limits.send(std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap()).unwrap();
        take(&code, &terms, body)
    });
    let mut program = Command::new(PROGRAM);
    program.args(["enroll", &counter.url(), "--data"]).arg(place.data());
    let output = with_code(&mut program, &place.code.grouped(), |id| tell.send(id).unwrap());
    assert!(output.status.success());
    let limits = seen.recv().unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let mut bounds = core.split_whitespace().skip(4).take(2);
    // 0 only where this test may have no more.
    assert!(bounds.all(|bound| ["0", "1"].contains(&bound)), "{core}");
}
