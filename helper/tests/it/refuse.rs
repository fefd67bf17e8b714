//! Jobs that do not begin: the chip is untouched, and the registry is told so at once.

use crate::support::{Desk, WORKSTATION, insert, receipt_of, refusal};
use cardwright_protocol::helper::{HelperError, Hindrance, Message, Request};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, Phase, Refusal, TriesSpent,
};
use cardwright_seal::{OpeningKey, SealingKey, SigningKey, seal_job, sha256, verify};
use cardwright_virtual_card::CardOptions;

fn refused(why: &str, because: Option<Hindrance>) -> HelperError {
    HelperError::JobRefused { why: why.to_owned(), because, failure: None }
}

/// The failure that says that this job never begins.
fn never_begins(header: &JobHeader, why: &str) -> JobFailure {
    JobFailure {
        job: header.job.clone(),
        process: header.process.clone(),
        workstation: header.workstation.clone(),
        card: header.card.clone(),
        phase: Phase::Identify,
        cause: FailureCause::JobRefused { why: why.to_owned() },
        condition: Condition::Untouched,
        tries_spent: TriesSpent::default(),
        proved: Default::default(),
        keys: vec![],
    }
}

#[tokio::test]
async fn what_is_not_from_the_registry_or_not_for_this_helper_is_refused_for_the_audit_log() {
    let desk = Desk::open();
    let registry = &desk.helper.registry;
    let mut page = desk.helper.page().await;
    let (_, report) = desk.inspected(&mut page).await;
    let header = registry.header("0a", &report);
    let altered = |change: &dyn Fn(&mut SealedJob)| {
        let mut job = registry.seal(&header);
        change(&mut job);
        job
    };
    let sealed = |to: &SealingKey, by: &SigningKey| seal_job(&header, &registry.contents(), to, by);
    let elsewhere = JobHeader { workstation: "desk-2".into(), ..header.clone() };
    let malformed = JobHeader { profile_hash: vec![0; 32].into(), ..header.clone() };
    let unsigned = "the job is not signed by this helper's registry";
    let cases = [
        (sealed(&registry.helper, &SigningKey::generate()), unsigned),
        (altered(&|job| job.header = job.header.replace("0a", "0b")), unsigned),
        (altered(&|job| job.ciphertext.0[0] ^= 1), unsigned),
        (altered(&|job| job.signature.0.truncate(63)), unsigned),
        (
            sealed(&OpeningKey::generate().sealing_key(), &registry.signing),
            "the job is not sealed to this helper",
        ),
        (registry.seal(&elsewhere), "the job is for another workstation"),
        (registry.seal(&malformed), "the job is malformed"),
    ];
    for (job, why) in cases {
        let refused_hash = sha256(serde_json::to_string(&job).unwrap().as_bytes());
        let refused = page.refused(Request::Execute { job }).await;
        let HelperError::JobNotForUs { refusal } = refused else { panic!("{refused:?}") };
        let refusal = verify(&desk.helper.key, &refusal).unwrap();
        let expected =
            Refusal { workstation: WORKSTATION.into(), why: why.to_owned(), refused_hash };
        assert_eq!(refusal, expected);
    }
    // One job has one hash, however it is spelled.
    let job = sealed(&registry.helper, &SigningKey::generate());
    let refused_hash = sha256(serde_json::to_string(&job).unwrap().as_bytes());
    let job = serde_json::to_value(&job).unwrap();
    let digits = job["signature"].as_str().unwrap();
    let spelled = serde_json::to_string_pretty(&job).unwrap();
    let spelled = spelled.replace(digits, &digits.to_ascii_lowercase());
    let frame = format!(r#"{{"request": {{"job": {spelled}, "type": "execute"}}, "id": 99}}"#);
    page.send_text(&frame).await;
    let refusal = page
        .event(|message| match message {
            Message::Refused { error: HelperError::JobNotForUs { refusal }, .. } => {
                Some(refusal.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(verify(&desk.helper.key, &refusal).unwrap().refused_hash, refused_hash);
    // None of them spent the nonce.
    let answer = page.ask(Request::Execute { job: registry.seal(&header) }).await;
    assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_job_of_the_registry_that_cannot_begin_is_refused_with_a_signed_failure() {
    let desk = Desk::open();
    let registry = &desk.helper.registry;
    let mut page = desk.helper.page().await;
    let (_, report) = desk.inspected(&mut page).await;
    let (second, other) = insert(&desk.office, &mut page, 1, CardOptions::new(1)).await;
    let other = desk.inspect(&mut page, &second, &other).await;
    let header = |job: &str, change: &dyn Fn(&mut JobHeader)| {
        let mut header = registry.header(job, &report);
        change(&mut header);
        header
    };
    let gone = Hindrance::NoSuchReader;
    let out = Hindrance::NotInserted;
    let cases = [
        (
            header("1", &|header| header.helper_nonce = vec![0; 16].into()),
            "the report that the job answers is used up or too old",
            None,
        ),
        (
            header("2", &|header| header.helper_nonce = other.helper_nonce.clone()),
            "the job answers a report of another reader or insertion",
            None,
        ),
        (
            header("3", &|header| header.chip = other.chip.ids.clone()),
            "the job is for another chip than the report's",
            None,
        ),
        (header("4", &|header| header.chip.cplc = Some(vec![1].into())), "malformed", None),
        (header("5", &|header| header.reader = "r0".into()), gone.error().advice().0, Some(gone)),
        (header("6", &|header| header.insertion = "i0".into()), out.error().advice().0, Some(out)),
        (
            header("7", &|header| header.reader = other.reader.clone()),
            out.error().advice().0,
            Some(out),
        ),
    ];
    for (header, why, because) in cases {
        let why = if why == "malformed" { "an id of the chip has the wrong length" } else { why };
        let execute = || Request::Execute { job: registry.seal(&header) };
        let (error, failure) = refusal(page.refused(execute()).await, &desk.helper.key);
        assert_eq!(error, refused(why, because));
        assert_eq!(failure, Some(never_begins(&header, why)));
        // The same again, too: nothing became of it meanwhile.
        let (_, failure) = refusal(page.refused(execute()).await, &desk.helper.key);
        assert_eq!(failure.unwrap().condition, Condition::Untouched);
    }
    // Refusals spend no nonce; a job does, and never yields such a failure.
    let job = registry.job("0a", &report);
    let answer = page.ask(Request::Execute { job: job.clone() }).await;
    assert!(matches!(answer, Message::Accepted { .. }), "{answer:?}");
    let again = page.refused(Request::Execute { job: job.clone() }).await;
    assert_eq!(again, refused("the job was accepted before", None));
    let receipt = receipt_of(&page.outcome("0a").await, &desk.helper.key);
    assert!(receipt.written.contains(&Phase::CardCapability), "the chip was untouched before");
    let again = page.refused(Request::Execute { job }).await;
    assert_eq!(again, refused("the job was accepted before", None));
    let job = registry.job("0d", &report);
    let (error, _) = refusal(page.refused(Request::Execute { job }).await, &desk.helper.key);
    assert_eq!(error, refused("the report that the job answers is used up or too old", None));
}

#[tokio::test]
async fn a_job_refused_for_the_moment_does_not_begin_later() {
    let desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, report) = desk.inspected(&mut page).await;
    desk.office.stop_service().unwrap();
    page.readers_until(|readers| readers.is_empty()).await;
    let job = desk.helper.registry.job("0a", &report);
    let stopped = Hindrance::ServiceStopped;
    let (error, failure) =
        refusal(page.refused(Request::Execute { job: job.clone() }).await, &desk.helper.key);
    assert_eq!(error, refused(stopped.error().advice().0, Some(stopped)));
    assert!(failure.is_some());
    desk.office.start_service().unwrap();
    let (reader, insertion) = page.chip_in(&reader.name, Some(&report.insertion)).await;
    let refused = page.refused(Request::Execute { job }).await;
    assert_eq!(refused.cause(), HelperError::NotInserted, "it is another insertion");
    desk.encode(&mut page, &reader, &insertion, "0b").await;
}
