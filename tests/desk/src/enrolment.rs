//! Enrolling in tests: the part of a registry that waits for helpers, and the helper's program that comes.

use crate::{ORIGIN, WORKSTATION, WORKSTATION_NAME};
use cardwright_protocol::enrolment::{Enrol, Enrolled, HelperKeys, RegistryTerms};
use cardwright_seal::{EnrolmentCode, Side, SigningKey, sha256};
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A registry's answer: status and body.
pub type Answer = (u16, String);

/// A registry that waits for helpers: `POST /api/v1/enrolments` over HTTP on a free port. It ends
/// with the test's process.
pub struct Counter {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it was asked, in order: the bodies.
    pub asked: Receiver<Vec<u8>>,
}

impl Counter {
    /// Answers every request as `answer` says, given head and body.
    pub fn open(answer: impl Fn(&str, &[u8]) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Who goes away in the middle is no concern of the next one.
                let Ok((head, body)) = stream.and_then(|stream| serve(stream, &answer)) else {
                    continue;
                };
                drop(head);
                if tell.send(body).is_err() {
                    return;
                }
            }
        });
        Self { address, asked }
    }

    /// A registry with this key that takes whoever knows the code.
    pub fn of_registry(signing: &SigningKey, code: &EnrolmentCode) -> Self {
        let (terms, code) = (terms(signing), code.clone());
        Self::open(move |_, body| take(&code, &terms, body))
    }

    /// Its address as a person types it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// What a registry tells its helper, but for what it answers.
pub fn terms(signing: &SigningKey) -> RegistryTerms {
    RegistryTerms {
        workstation: WORKSTATION.into(),
        name: WORKSTATION_NAME.into(),
        registry_key: signing.verifying_key().to_bytes().into(),
        origins: vec![ORIGIN.to_owned(), "https://cards.example.org".to_owned()],
        answers: Vec::new().into(),
    }
}

/// The answer to a helper that knows the code, with these terms.
pub fn take(code: &EnrolmentCode, terms: &RegistryTerms, body: &[u8]) -> Answer {
    let enrol: Enrol = serde_json::from_slice(body).unwrap();
    assert_eq!(enrol.invitation, code.invitation());
    let key = code.key();
    assert!(key.is_proved(Side::Helper, &enrol.statement, &enrol.proof));
    let terms = RegistryTerms { answers: sha256(enrol.statement.as_bytes()), ..terms.clone() };
    let statement = serde_json::to_string(&terms).unwrap();
    let proof = key.prove(Side::Registry, &statement);
    (201, serde_json::to_string(&Enrolled { statement, proof }).unwrap())
}

/// The keys of the helper that asked.
pub fn keys_of(body: &[u8]) -> HelperKeys {
    let enrol: Enrol = serde_json::from_slice(body).unwrap();
    serde_json::from_str(&enrol.statement).unwrap()
}

/// Lets a helper's program enroll its data folder, with a code on its standard input.
pub fn enroll(program: &Path, url: &str, data: &Path, more: &[&str], code: &str) -> Output {
    let mut command = Command::new(program);
    command.args(["enroll", url, "--data"]).arg(data).args(more);
    with_code(&mut command, code, |_| {})
}

/// Runs a program that asks for a code, and gives it one on its standard input once `started` knows
/// the process.
pub fn with_code(program: &mut Command, code: &str, started: impl FnOnce(u32)) -> Output {
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    started(child.id());
    // One that fails before it asks reads nothing.
    let _ = writeln!(child.stdin.take().unwrap(), "{code}");
    child.wait_with_output().unwrap()
}

/// Answers one request, and gives its head and body.
///
/// # Errors
/// When whoever asks goes away.
pub fn serve(
    mut stream: impl Read + Write,
    answer: &impl Fn(&str, &[u8]) -> Answer,
) -> io::Result<(String, Vec<u8>)> {
    let (head, body) = read(&mut stream)?;
    let (status, text) = answer(&head, &body);
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{text}"
    )?;
    stream.flush()?;
    Ok((head, body))
}

/// Head and body of a request.
///
/// # Errors
/// When whoever asks goes away.
pub fn read(stream: impl Read) -> io::Result<(String, Vec<u8>)> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}
