//! Everything that a page carries, with one thing changed: refused, and the chip untouched.

use crate::support::{Desk, PATIENCE, Page, before, failure_of, insert};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{Acknowledgement, ChipReport, Outcome, Phase};
use cardwright_protocol::signed::Signed;
use cardwright_seal::{sha256, sign};
use cardwright_virtual_card::{CardOptions, Trace};
use serde_json::Value;
use std::path::Path;
use tempfile::NamedTempFile;

/// A chip that writes down every command that it is sent, inspected.
struct Watched {
    desk: Desk,
    page: Page,
    report: ChipReport,
    trace: NamedTempFile,
    /// What it was sent so far.
    sent: String,
}

impl Watched {
    async fn new() -> Self {
        let desk = Desk::open();
        let mut page = desk.helper.page().await;
        let trace = NamedTempFile::new().unwrap();
        let card =
            CardOptions { trace: Trace::File(trace.path().to_owned()), ..CardOptions::new(0) };
        let (reader, insertion) = insert(&desk.office, &mut page, 0, card).await;
        let report = desk.inspect(&mut page, &reader, &insertion).await;
        let sent = read(trace.path());
        assert!(!sent.is_empty(), "an inspection is written down");
        Self { desk, page, report, trace, sent }
    }

    async fn execute(&mut self, job: SealedJob) -> HelperError {
        self.page.refused(Request::Execute { job }).await
    }

    /// Lets a job begin, and waits until the chip holds where this phase begins.
    async fn execute_until(&mut self, job: SealedJob, phase: Phase) {
        self.desk.office.hold_at(0, before(phase)).unwrap();
        let answer = self.page.ask(Request::Execute { job }).await;
        assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
        assert!(self.desk.office.holds_within(0, PATIENCE).unwrap(), "{phase:?}");
    }

    fn assert_untouched(&self, what: &str) {
        assert_eq!(read(self.trace.path()), self.sent, "{what}: a command more was sent");
    }
}

/// The commands in a trace: a reset is none, and comes when the helper leaves the chip.
fn read(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.contains(" > ")).map(|line| format!("{line}\n")).collect()
}

/// The same value with one leaf changed, once for each leaf, and where the leaf is.
fn changed_leaves(value: &Value) -> Vec<(String, Value)> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, child)| (format!("/{name}"), child)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (format!("/{index}"), child)).collect()
        }
        leaf => return vec![(String::new(), changed(leaf))],
    };
    let mut all = Vec::new();
    for (place, child) in children {
        for (below, changed) in changed_leaves(child) {
            let mut whole = value.clone();
            *whole.pointer_mut(&place).unwrap() = changed;
            all.push((format!("{place}{below}"), whole));
        }
    }
    all
}

fn changed(leaf: &Value) -> Value {
    match leaf {
        Value::Null => "00".into(),
        Value::Bool(value) => (!value).into(),
        Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
        Value::String(text) if text.ends_with('0') => {
            format!("{}1", &text[..text.len() - 1]).into()
        }
        Value::String(text) if text.is_empty() => "0".into(),
        Value::String(text) => {
            let last = text.char_indices().last().unwrap().0;
            format!("{}0", &text[..last]).into()
        }
        Value::Array(_) | Value::Object(_) => unreachable!("not a leaf"),
    }
}

#[tokio::test]
async fn a_job_with_any_field_of_its_header_changed_is_refused() {
    let mut watched = Watched::new().await;
    let header = watched.desk.helper.registry.header("0a", &watched.report);
    let job = watched.desk.helper.registry.seal(&header);
    let leaves = changed_leaves(&serde_json::from_str(&job.header).unwrap());
    assert!(leaves.len() >= 16, "{leaves:?}");
    for (place, value) in leaves {
        // The page changed it.
        let altered = SealedJob { header: value.to_string(), ..job.clone() };
        let refused = watched.execute(altered).await;
        assert!(matches!(refused, HelperError::JobNotForUs { .. }), "{place}: {refused:?}");

        // The registry itself signed it: these name the job and its card, and another job is no
        // less a job; everything else has to fit what is here and now.
        if ["/job", "/process", "/card", "/profile"].contains(&&*place) {
            continue;
        }
        let mut signed: JobHeader = serde_json::from_value(value).unwrap();
        signed.job = format!("0b{place}").as_str().into();
        let signed = watched.desk.helper.registry.seal(&signed);
        let refused = watched.execute(signed).await;
        let expected = match &*place {
            "/workstation" | "/profile_hash" => matches!(refused, HelperError::JobNotForUs { .. }),
            _ => matches!(refused, HelperError::JobRefused { failure: Some(_), .. }),
        };
        assert!(expected, "{place}: {refused:?}");
        watched.assert_untouched(&place);
    }
    let answer = watched.page.ask(Request::Execute { job }).await;
    assert!(matches!(answer, Message::Accepted { .. }), "none of it spent the nonce: {answer:?}");
}

#[tokio::test]
async fn a_job_with_a_byte_of_its_seal_or_signature_changed_is_refused() {
    let mut watched = Watched::new().await;
    let job = watched.desk.helper.registry.job("0a", &watched.report);
    let parts: [fn(&mut SealedJob) -> &mut Vec<u8>; 3] = [
        |job| &mut job.encapsulated_key.0,
        |job| &mut job.ciphertext.0,
        |job| &mut job.signature.0,
    ];
    for part in parts {
        let length = part(&mut job.clone()).len();
        for place in (0..length).step_by(length / 16).chain([length - 1]) {
            let mut altered = job.clone();
            part(&mut altered)[place] ^= 1;
            let refused = watched.execute(altered).await;
            assert!(matches!(refused, HelperError::JobNotForUs { .. }), "{place}: {refused:?}");
        }
        for change in [|bytes: &mut Vec<u8>| bytes.push(0), Vec::clear] {
            let mut altered = job.clone();
            change(part(&mut altered));
            let refused = watched.execute(altered).await;
            assert!(matches!(refused, HelperError::JobNotForUs { .. }), "{refused:?}");
        }
    }
    // The parts of two jobs of the registry do not make a third one.
    let other = watched.desk.helper.registry.job("0b", &watched.report);
    for mixed in [
        SealedJob { header: other.header.clone(), ..job.clone() },
        SealedJob { ciphertext: other.ciphertext.clone(), ..job.clone() },
        SealedJob { encapsulated_key: other.encapsulated_key, ..job.clone() },
    ] {
        let refused = watched.execute(mixed).await;
        assert!(matches!(refused, HelperError::JobNotForUs { .. }), "{refused:?}");
    }
    watched.assert_untouched("seal and signature");
}

#[tokio::test]
async fn an_acknowledgement_with_anything_changed_forgets_nothing() {
    let mut watched = Watched::new().await;
    let job = watched.desk.helper.registry.job("0a", &watched.report);
    let signing = watched.desk.helper.registry.signing.clone();
    watched.execute_until(job, Phase::Puk).await;
    // Before its time: there is no outcome yet that it could be of.
    let early = Acknowledgement { job: "0a".into(), outcome_hash: sha256(b"").0.into() };
    let early = Request::Acknowledge { acknowledgement: sign(&signing, &early) };
    assert_eq!(watched.page.refused(early).await, HelperError::AcknowledgementRefused);
    let answer = watched.page.ask(Request::Cancel { job: "0a".into() }).await;
    assert!(matches!(answer, Message::Canceling { .. }), "{answer:?}");
    watched.desk.office.let_go(0).unwrap();
    let outcome = watched.page.outcome("0a").await;
    failure_of(&outcome, &watched.desk.helper.key);

    let right = watched.desk.helper.registry.acknowledge("0a", &outcome);
    let Request::Acknowledge { acknowledgement: signed } = &right else { unreachable!() };
    let mut refused = Vec::new();
    for (place, value) in changed_leaves(&serde_json::from_str(&signed.statement).unwrap()) {
        refused.push(Signed::from_parts(value.to_string(), signed.signature.clone()));
        if place == "/outcome_hash" {
            let altered: Acknowledgement = serde_json::from_value(value).unwrap();
            refused.push(sign(&signing, &altered));
        }
    }
    for place in 0..signed.signature.0.len() {
        let mut signature = signed.signature.clone();
        signature.0[place] ^= 1;
        refused.push(Signed::from_parts(signed.statement.clone(), signature));
    }
    for acknowledgement in refused {
        let request = Request::Acknowledge { acknowledgement };
        assert_eq!(watched.page.refused(request).await, HelperError::AcknowledgementRefused);
    }
    let waiting = watched.page.ask(Request::Outcomes {}).await;
    let Message::Outcomes { outcomes, .. } = waiting else { panic!("{waiting:?}") };
    assert_eq!(outcomes, [outcome]);
    let answer = watched.page.ask(right.clone()).await;
    assert!(matches!(answer, Message::Acknowledged { .. }), "{answer:?}");
    let again = watched.page.ask(right).await;
    assert!(matches!(again, Message::Acknowledged { .. }), "once more is harmless: {again:?}");
}

#[tokio::test]
async fn what_comes_again_late_or_out_of_order_is_refused() {
    let mut watched = Watched::new().await;
    let registry = &watched.desk.helper.registry;
    let (first, replayed) = (watched.report.clone(), registry.job("0a", &watched.report));
    let (reader, insertion) = (first.reader.clone(), first.insertion.clone());
    let reader = watched.page.readers.iter().find(|known| known.id == reader).unwrap().clone();
    let second = watched.desk.inspect(&mut watched.page, &reader, &insertion).await;
    watched.sent = read(watched.trace.path());
    // In the order that the reports did not have.
    let refused = watched.execute(replayed).await;
    assert!(matches!(refused, HelperError::JobRefused { failure: Some(_), .. }), "{refused:?}");
    watched.assert_untouched("a job that answers the report before");

    let job = watched.desk.helper.registry.job("0b", &second);
    let sibling = watched.desk.helper.registry.job("0c", &second);
    watched.execute_until(job.clone(), Phase::Puk).await;
    for again in [job.clone(), sibling.clone()] {
        let refused = watched.execute(again).await;
        assert!(matches!(refused, HelperError::JobRefused { .. }), "{refused:?}");
    }
    watched.desk.office.let_go(0).unwrap();
    let outcome = watched.page.outcome("0b").await;
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    watched.sent = read(watched.trace.path());
    for again in [job.clone(), sibling.clone()] {
        let refused = watched.execute(again).await;
        assert!(matches!(refused, HelperError::JobRefused { .. }), "{refused:?}");
    }
    // After its acknowledgement, too, when nothing of it is known any more.
    let acknowledge = watched.desk.helper.registry.acknowledge("0b", &outcome);
    watched.page.ask(acknowledge).await;
    for again in [job, sibling] {
        let refused = watched.execute(again).await;
        assert!(matches!(refused, HelperError::JobRefused { .. }), "{refused:?}");
    }
    watched.assert_untouched("a job that was there before");
}
