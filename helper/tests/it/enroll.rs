//! Enrolling over HTTP, against registries of every kind.

use crate::support::{Desk, Helper, PROGRAM, insert, run};
use cardwright_desk::enrolment::{Answer, Counter, enroll, keys_of, take, terms};
use cardwright_desk::{WORKSTATION, WORKSTATION_NAME};
use cardwright_protocol::enrolment::RegistryTerms;
use cardwright_protocol::helper::PROTOCOL_VERSION;
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_seal::{EnrolmentCode, SigningKey};
use cardwright_virtual_card::CardOptions;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// A data folder, and a registry with a code for it.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) signing: SigningKey,
    pub(crate) code: EnrolmentCode,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, signing: SigningKey::generate(), code: EnrolmentCode::generate() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What the program said: standard output where it succeeded, standard error where not.
    pub(crate) fn enroll(&self, url: &str, more: &[&str]) -> Result<String, String> {
        enroll_as(&self.data(), url, more, &self.code.grouped())
    }

    pub(crate) fn status(&self) -> (bool, String) {
        run(&["status", "--data", self.data().to_str().unwrap()])
    }
}

fn enroll_as(data: &Path, url: &str, more: &[&str], code: &str) -> Result<String, String> {
    let output = enroll(Path::new(PROGRAM), url, data, more, code);
    let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(!error.contains(code) || code.len() < 8, "the code is nobody's to repeat: {error}");
    match output.status.success() {
        true => Ok(out),
        false => Err(error),
    }
}

fn problem(status: u16, code: ProblemCode, field: Option<&str>) -> Answer {
    let message = "What it is.\u{1b}[31m".to_owned();
    let problem = Problem { code, message, field: field.map(str::to_owned) };
    (status, serde_json::to_string(&problem).unwrap())
}

#[test]
fn a_helper_is_enrolled_and_says_where() {
    let place = Place::new();
    let (before, said) = place.status();
    assert!(!before && said.contains("not enrolled; run `cardwright-helper enroll URL"), "{said}");
    let counter = Counter::of_registry(&place.signing, &place.code);
    assert_eq!(place.enroll(&counter.url(), &[]), Ok(format!("enrolled\t{WORKSTATION_NAME}\n")));
    let keys = keys_of(&counter.asked.recv().unwrap());
    assert_eq!(keys.protocol, PROTOCOL_VERSION);
    let (printed, said) = place.status();
    let expected = format!(
        "registry\t{}\nregistry-key\t{}\nworkstation\t{WORKSTATION}\nname\t{WORKSTATION_NAME}\n\
         origin\thttp://127.0.0.1:8080\norigin\thttps://cards.example.org\n\
         signing-key\t{}\nsealing-key\t{}\n",
        counter.url(),
        place.signing.verifying_key(),
        keys.signing_key,
        keys.sealing_key,
    );
    assert_eq!((printed, said), (true, expected));

    // Again is safe: the same keys, and the same answer.
    assert!(place.enroll(&counter.url(), &[]).is_ok());
    assert_eq!(keys_of(&counter.asked.recv().unwrap()), keys);
    // By every name of this computer, whatever a name server says of it.
    let port = counter.address.port();
    for host in ["localhost", "cards-5f1d.localhost"] {
        let enrolled = place.enroll(&format!("http://{host}:{port}/"), &[]);
        assert!(enrolled.is_ok(), "{enrolled:?}");
        assert!(place.status().1.contains(&format!("registry\thttp://{host}:{port}\n")));
    }
}

#[test]
fn the_request_has_the_origin_of_the_address_and_never_the_code() {
    let place = Place::new();
    let (code, own) = (place.code.clone(), terms(&place.signing));
    let secret = code.grouped()[5..].to_owned();
    let counter = Counter::open(move |head, body| {
        let head = head.to_ascii_lowercase();
        let port = head.lines().find_map(|line| line.strip_prefix("host: 127.0.0.1:")).unwrap();
        assert!(head.starts_with("post /api/v1/enrolments http/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("\r\norigin: http://127.0.0.1:{port}\r\n")), "{head}");
        let all = head + &String::from_utf8_lossy(body);
        for part in [secret.clone(), secret.replace('-', "")] {
            assert!(!all.to_ascii_uppercase().contains(&part), "the code crosses no wire");
        }
        take(&code, &own, body)
    });
    assert!(place.enroll(&counter.url(), &[]).is_ok());
}

#[test]
fn every_way_not_to_be_enrolled_is_told_in_words() {
    let place = Place::new();
    // Bound and not listened on: nobody answers there, and nobody else gets it.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = silent.local_addr().unwrap();
    let unreachable = place.enroll(&format!("http://{address}"), &[]).unwrap_err();
    assert!(unreachable.contains("no registry answers at http://127.0.0.1:"), "{unreachable}");
    assert_eq!(unreachable.trim().lines().count(), 1, "{unreachable}");

    use ProblemCode as P;
    let cases: Vec<(Answer, &str)> = vec![
        (problem(403, P::WrongCode, None), "does not know this one-time code"),
        (problem(429, P::TooManyTries, None), "the registry refused: What it is.[31m"),
        (problem(403, P::ForeignOrigin, None), "use one of the `origins` in its registry.toml"),
        (problem(422, P::Invalid, Some("protocol")), "does not fit this helper"),
        (problem(404, P::NotFound, None), "update the registry"),
        (problem(400, P::Malformed, None), "update the older of the two"),
        (problem(500, P::Internal, None), "the registry refused"),
        ((200, "{}".to_owned()), "does not answer as a registry does"),
        ((200, "<html>hello</html>".to_owned()), "does not answer as a registry does"),
        ((404, "not found".to_owned()), "it answers 404"),
        ((302, String::new()), "it answers 302"),
        ((201, "a".repeat(100_000)), "does not answer as a registry does"),
    ];
    for (answer, expected) in cases {
        let counter = Counter::open(move |_, _| answer.clone());
        let said = place.enroll(&counter.url(), &[]).unwrap_err();
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains('\u{1b}'), "no word of a stranger changes the terminal");
    }
    assert!(!place.status().0, "nothing was written");
}

#[test]
fn whoever_does_not_prove_to_know_the_code_is_not_believed() {
    type Change = fn(&mut RegistryTerms);
    type Taking = dyn Fn(&[u8], &EnrolmentCode) -> Answer + Send;
    let place = Place::new();
    let honest = terms(&place.signing);
    // Another code; what was proved to another helper; and a byte of the proof.
    let wrong: [Box<Taking>; 2] = [
        Box::new({
            let honest = honest.clone();
            move |body, code| {
                let (status, text) = take(code, &honest, body);
                let place = text.find("\"proof\":\"").unwrap() + 9;
                let digit = if &text[place..=place] == "0" { "1" } else { "0" };
                (status, [&text[..place], digit, &text[place + 1..]].concat())
            }
        }),
        Box::new({
            let honest = honest.clone();
            move |body, code| {
                let (status, text) = take(code, &honest, body);
                (status, text.replace("desk-1", "desk-2"))
            }
        }),
    ];
    for answer in wrong {
        let code = place.code.clone();
        let counter = Counter::open(move |_, body| answer(body, &code));
        let said = place.enroll(&counter.url(), &[]).unwrap_err();
        assert!(said.contains("did not prove that it is the registry"), "{said}");
    }
    // Proved, but not what a helper can live with.
    let changes: [(Change, &str); 6] = [
        (|terms| terms.origins.clear(), "no origin"),
        (|terms| terms.origins.push("null".to_owned()), "no origin of a page"),
        (|terms| terms.workstation = "".into(), "no workstation"),
        (|terms| terms.name = "a\norigin\thttps://evil.example".into(), "none that can be shown"),
        (|terms| terms.name = "\u{7f}".repeat(20_000).as_str().into(), "none that can be shown"),
        (|terms| terms.registry_key = vec![1; 31].into(), "its key is none"),
    ];
    for (change, expected) in changes {
        let (code, mut terms) = (place.code.clone(), honest.clone());
        change(&mut terms);
        let counter = Counter::open(move |_, body| take(&code, &terms, body));
        let said = place.enroll(&counter.url(), &[]).unwrap_err();
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!place.status().0, "nothing was written");
}

#[test]
fn what_is_no_code_or_no_address_is_refused_before_anything_is_sent() {
    let place = Place::new();
    let counter = Counter::of_registry(&place.signing, &place.code);
    for code in ["", "ABCD", "ABCD-1234-EFGH-567U"] {
        let said = enroll_as(&place.data(), &counter.url(), &[], code).unwrap_err();
        let expected = "expected a code of 16 letters and digits";
        assert_eq!(said.matches(expected).count(), 1, "once is enough: {said}");
    }
    let said = place.enroll("http://cards.example.org", &[]).unwrap_err();
    assert!(said.contains("https:// alone"), "{said}");
    let missing = place.folder.path().join("ca.pem");
    let more = ["--ca", missing.to_str().unwrap()];
    let said = place.enroll(&counter.url(), &more).unwrap_err();
    assert!(said.contains("ca.pem"), "{said}");
    std::fs::write(&missing, "no certificate").unwrap();
    let said = place.enroll(&counter.url(), &more).unwrap_err();
    assert!(said.contains("it holds no certificate"), "{said}");
    assert!(counter.asked.try_recv().is_err(), "nobody was asked");
}

#[test]
fn a_helper_that_runs_is_enrolled_anew_at_its_own_registry_alone() {
    let helper = Helper::without_service();
    let code = EnrolmentCode::generate();
    let own = Counter::of_registry(&helper.registry.signing, &code);
    assert!(enroll_as(&helper.data, &own.url(), &[], &code.grouped()).is_ok());
    let other = Counter::of_registry(&SigningKey::generate(), &code);
    let said = enroll_as(&helper.data, &other.url(), &[], &code.grouped()).unwrap_err();
    assert!(said.contains("another helper uses this folder"), "{said}");
}

#[tokio::test]
async fn results_that_wait_for_a_registry_are_not_left_for_another_one() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let outcome = desk.encode(&mut page, &reader, &insertion, "0a").await;
    desk.helper.kill();
    let code = EnrolmentCode::generate();
    let other = Counter::of_registry(&SigningKey::generate(), &code);
    let data = desk.helper.data.clone();
    let said = enroll_as(&data, &other.url(), &[], &code.grouped()).unwrap_err();
    assert!(said.contains("keeps 1 results that http://127.0.0.1:"), "{said}");
    // At the same registry nothing is lost.
    let own = Counter::of_registry(&desk.helper.registry.signing, &code);
    assert!(enroll_as(&data, &own.url(), &[], &code.grouped()).is_ok());

    desk.helper.start_again();
    let mut page = desk.helper.page().await;
    page.ask(desk.helper.registry.acknowledge("0a", &outcome)).await;
    desk.helper.kill();
    let enrolled = enroll_as(&data, &other.url(), &[], &code.grouped());
    assert!(enrolled.is_ok(), "{enrolled:?}");
}

#[test]
fn an_enrolment_that_was_torn_is_mended_by_enrolling_anew() {
    let mut helper = Helper::without_service();
    let code = EnrolmentCode::generate();
    let own = Counter::of_registry(&helper.registry.signing, &code);
    let other = Counter::of_registry(&SigningKey::generate(), &code);
    let file = helper.data.join("enrolment.toml");
    let [data, config] =
        [&helper.data, &helper.config].map(|path| path.to_str().unwrap().to_owned());
    let tear = |length| {
        std::fs::File::options().write(true).open(&file).unwrap().set_len(length).unwrap();
    };
    // The helper that runs is another registry's than this one.
    tear(100);
    let said = enroll_as(&helper.data, &other.url(), &[], &code.grouped()).unwrap_err();
    assert!(said.contains("another helper uses this folder"), "{said}");
    helper.kill();
    for length in [0, 100] {
        tear(length);
        let (started, said) = run(&["run", "--data", &data, "--config", &config]);
        assert!(!started && said.contains("enroll this helper anew"), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        let enrolled = enroll_as(&helper.data, &own.url(), &[], &code.grouped());
        assert_eq!(enrolled, Ok(format!("enrolled\t{WORKSTATION_NAME}\n")));
        helper.start_again();
        helper.kill();
    }
}
