//! Every field of what helpers and registry sign, flipped one at a time.

use crate::answer::Answer;
use crate::desk::chip;
use crate::story::Story;
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{
    Acknowledgement, ChipReport, Condition, FailureCause, JobFailure, Outcome, Receipt,
};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::signed::{Signed, Statement};
use cardwright_seal::{SigningKey, sign, verify};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::marker::PhantomData;

/// A statement as any JSON, signed as if it were of a kind.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Written<T> {
    value: Value,
    #[serde(skip)]
    kind: PhantomData<T>,
}

impl<T: Statement> Statement for Written<T> {
    const CONTEXT: &'static str = T::CONTEXT;
}

/// The statement in the order that a JSON value has, and its signature.
fn signed<T: Statement>(key: &SigningKey, statement: &T) -> (Value, Signed<T>) {
    let value = serde_json::to_value(statement).unwrap();
    let written = Written::<T> { value: value.clone(), kind: PhantomData };
    let Signed { statement, signature, .. } = sign(key, &written);
    (value, Signed::from_parts(statement, signature))
}

/// Where the values are that have no others inside.
fn leaves(value: &Value, at: &str) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, of)| (name.clone(), of)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(i, of)| (i.to_string(), of)).collect()
        }
        _ => Vec::new(),
    };
    match inside.is_empty() {
        true => vec![at.to_owned()],
        false => inside.iter().flat_map(|(name, of)| leaves(of, &format!("{at}/{name}"))).collect(),
    }
}

/// Another value of the same kind, where there is one.
fn flip(value: &mut Value) {
    *value = match value {
        Value::Null => Value::from("00"),
        Value::Bool(is) => Value::from(!*is),
        Value::Number(number) => Value::from(number.as_u64().unwrap() ^ 1),
        Value::String(text) => Value::from(match text.chars().next() {
            Some('0') => text.replacen('0', "1", 1),
            Some(first) => text.replacen(first, "0", 1),
            None => "0".to_owned(),
        }),
        Value::Array(_) => Value::from(vec!["00"]),
        Value::Object(_) => Value::Null,
    };
}

/// The statement with each of its leaves flipped under the signature of before, and with each byte
/// of the signature flipped.
fn altered<T: Statement>(value: &Value, good: &Signed<T>) -> Vec<(String, Signed<T>)> {
    let mut all = Vec::new();
    for leaf in leaves(value, "") {
        let mut other = value.clone();
        flip(other.pointer_mut(&leaf).unwrap());
        assert_ne!(other, *value, "{leaf}");
        all.push((leaf, Signed::from_parts(other.to_string(), good.signature.clone())));
    }
    for byte in 0..good.signature.0.len() {
        let mut signature = good.signature.clone();
        signature.0[byte] ^= 1;
        all.push((
            format!("signature {byte}"),
            Signed::from_parts(good.statement.clone(), signature),
        ));
    }
    all
}

/// A chip that says all that a chip can say.
fn full_chip() -> cardwright_protocol::chip::ChipFacts {
    let mut facts = chip(7);
    let serial = Some(HexBytes(vec![1, 2, 3, 4]));
    facts.ids = ChipIds { serial, atr: Some(HexBytes(vec![0x3B, 0x80])), ..facts.ids };
    facts
}

/// Card, process and events, but for the refusals.
async fn seen(story: &Story) -> (String, String, Vec<String>) {
    let card = story.operator.get("/cards/TC-1").await.body;
    let process = story.operator.get(&format!("/processes/{}", story.process)).await.body;
    let mut events = Vec::new();
    for kind in ["process.", "chip.", "job.", "receipt.", "outcome.", "card.", "workstation."] {
        events.extend(story.registry.events(kind).await);
    }
    (card, process, events)
}

async fn check<T: Statement>(
    story: &Story,
    value: &Value,
    good: &Signed<T>,
    hand_over: impl AsyncFn(Signed<T>) -> Answer,
) {
    let before = seen(story).await;
    for (name, bad) in altered(value, good) {
        let answer = hand_over(bad).await;
        assert_eq!(answer.refused(), ProblemCode::BadSignature, "{name}");
    }
    assert_eq!(seen(story).await, before, "nothing changed");
    let answer = hand_over(good.clone()).await;
    assert!(answer.status < 300, "unaltered it is good: {}", answer.body);
}

#[tokio::test]
async fn every_field_of_a_report() {
    let story = Story::begin().await;
    let Story { registry, operator, process } = &story;
    let job = story.job(&full_chip()).await;
    let cause = FailureCause::CardRemoved;
    operator.hand_over(&story.failure(&job, cause, Condition::Untouched)).await;
    let nonce = operator.nonce(process).await;
    let mut report = registry.desk.statement(&nonce, &full_chip());
    report.known_jobs = Some(vec!["one".into(), "two".into()]);
    let (value, good) = signed::<ChipReport>(&registry.desk.signing_key, &report);
    assert!(leaves(&value, "").len() > 15, "{value}");
    check(&story, &value, &good, async |report| operator.try_assess(process, &report).await).await;
    check(&story, &value, &good, async |report| {
        operator.try_job(process, &report, Some("TC-1")).await
    })
    .await;
}

#[tokio::test]
async fn every_field_of_a_receipt() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let job = story.job(&full_chip()).await;
    let receipt = registry.desk.receipt_of(&job);
    let (value, good) = signed::<Receipt>(&registry.desk.signing_key, &receipt);
    assert!(leaves(&value, "").len() > 25, "{value}");
    check(&story, &value, &good, async |receipt| {
        operator.try_hand_over(&Outcome::Finished(receipt)).await
    })
    .await;
}

#[tokio::test]
async fn every_field_of_a_failure() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let job = story.job(&full_chip()).await;
    let cause = FailureCause::RefusedByChip { status: HexBytes(vec![0x69, 0x82]) };
    let mut failure = registry.desk.failure_of(&job, cause, Condition::PartlyWritten);
    failure.keys = registry.desk.receipt_of(&job).keys;
    let (value, good) = signed::<JobFailure>(&registry.desk.signing_key, &failure);
    assert!(leaves(&value, "").len() > 12, "{value}");
    check(&story, &value, &good, async |failure| {
        operator.try_hand_over(&Outcome::Failed(failure)).await
    })
    .await;
}

/// The helper has only the registry's key to tell.
#[tokio::test]
async fn every_field_of_an_acknowledgement() {
    let story = Story::begin().await;
    let job = story.job(&full_chip()).await;
    let taken = story.operator.hand_over(&story.registry.desk.receipt(&job)).await;
    let good: Signed<Acknowledgement> = taken.acknowledgement;
    assert!(verify(&story.registry.key, &good).is_ok());
    let value: Value = serde_json::from_str(&good.statement).unwrap();
    for (name, bad) in altered(&value, &good) {
        assert!(verify(&story.registry.key, &bad).is_err(), "{name}");
    }
}

/// What ties a receipt to its job is compared, too: a helper that signs another one is refused.
#[tokio::test]
async fn a_receipt_that_its_helper_signs_fits_its_job_in_every_field_that_ties_it() {
    let story = Story::begin().await;
    let Story { registry, operator, .. } = &story;
    let job = story.job(&full_chip()).await;
    let receipt = registry.desk.receipt_of(&job);
    let (value, good) = signed::<Receipt>(&registry.desk.signing_key, &receipt);
    let before = seen(&story).await;
    for leaf in [
        "/process",
        "/workstation",
        "/card",
        "/chip/card_id",
        "/chip/guid",
        "/chip/cplc",
        "/profile_hash",
        "/card_capability_container",
        "/card_holder_unique_identifier",
        "/keys/0/reference",
    ] {
        let mut other = value.clone();
        flip(other.pointer_mut(leaf).unwrap());
        let written = Written::<Receipt> { value: other, kind: PhantomData };
        let Signed { statement, signature, .. } = sign(&registry.desk.signing_key, &written);
        let other = Outcome::Finished(Signed::from_parts(statement, signature));
        let code = operator.try_hand_over(&other).await.refused();
        let expected = match leaf {
            "/workstation" => ProblemCode::BadSignature,
            _ => ProblemCode::Invalid,
        };
        assert_eq!(code, expected, "{leaf}");
    }
    assert_eq!(seen(&story).await, before, "nothing changed");
    assert_eq!(operator.try_hand_over(&Outcome::Finished(good)).await.status, 200);
}
