//! Exports of any content, for tests.

use super::chain::{Chained, before_the_first};
use super::export::{Export, header, row, signed};
use super::findings::Verified;
use super::verify_export;
use cardwright_protocol::registry::audit::{AuditEvent, AuditExport, AuditHead, AuditQuery};
use cardwright_seal::{SigningKey, sha256, sign};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::ops::Range;

/// What cells can begin with, hold and end with.
const PIECES: [&str; 16] = [
    "Login refused",
    "=1+1",
    "'",
    "\"",
    ",",
    "\r\n",
    "\n",
    "\r",
    "\t",
    "Zürich",
    "-",
    "@",
    " ",
    "signed",
    "{\"head\":",
    "卡",
];

const ACCOUNTS: [&str; 3] = ["admin", "-operator", "registry"];
const KINDS: [&str; 3] = ["session.logged-in", "session.refused", "job.issued"];
const CARDS: [&str; 2] = ["TC-1", "=TC-2"];

/// An export, and what it was made of.
pub(super) struct Made {
    pub(super) key: SigningKey,
    pub(super) rows: Vec<Chained>,
    pub(super) statement: AuditExport,
}

impl Made {
    pub(super) fn any(random: &mut StdRng, key: &SigningKey) -> Self {
        let (mut events, mut previous) = (Vec::new(), before_the_first());
        for seq in 1..=random.random_range(1..25) {
            let chained = Chained::after(previous, any_event(random, seq));
            previous = chained.event.hash.clone();
            events.push(chained);
        }
        let head = AuditHead {
            seq: events.len() as u64,
            hash: previous,
            at: "2026-11-22T09:00:00Z".to_owned(),
        };
        let (query, rows) = any_search(random, &events);
        let mut export = Export::default();
        let body = [export.begin(), export.rows(&rows)].concat();
        let statement = AuditExport { head, events: rows.len() as u64, query, hash: sha256(&body) };
        Self { key: key.clone(), rows, statement }
    }

    /// As a registry gives it, with rows of the caller's.
    pub(super) fn with(&self, rows: &[Chained]) -> Vec<u8> {
        let rows = rows.iter().flat_map(row).collect();
        [header(), rows, signed(&sign(&self.key, &self.statement))].concat()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut export = Export::default();
        let body = [export.begin(), export.rows(&self.rows)].concat();
        let end = export.end(&self.key, self.statement.head.clone(), self.statement.query.clone());
        [body, end].concat()
    }

    pub(super) fn verify(&self, bytes: &[u8]) -> Verified {
        verify_export(bytes, &self.key.verifying_key()).unwrap()
    }

    /// Where each record is: the one of the names, those of the events, the signed one.
    pub(super) fn records(&self) -> Vec<Range<usize>> {
        let names = 0..header().len();
        let mut records = vec![names];
        for chained in &self.rows {
            let start = records[records.len() - 1].end;
            records.push(start..start + row(chained).len());
        }
        let start = records[records.len() - 1].end;
        records.push(start..self.bytes().len());
        records
    }
}

fn any_text(random: &mut StdRng) -> String {
    (0..random.random_range(0..5)).map(|_| any_of(random, &PIECES)).collect()
}

fn any_of(random: &mut StdRng, choices: &[&'static str]) -> &'static str {
    choices[random.random_range(0..choices.len())]
}

pub(super) fn any_event(random: &mut StdRng, seq: u64) -> AuditEvent {
    let card = any_of(random, &CARDS);
    let process = hex::encode(random.random::<[u8; 16]>());
    AuditEvent {
        seq,
        at: format!("2026-11-{:02}T07:00:{:02}Z", random.random_range(1..4), seq),
        by: any_of(random, &ACCOUNTS).to_owned(),
        kind: any_of(random, &KINDS).to_owned(),
        card: random.random::<bool>().then(|| card.into()),
        process: random.random::<bool>().then(|| process.as_str().into()),
        what: any_text(random),
        state: random.random::<bool>().then(|| "produced".to_owned()),
        hash: Vec::new().into(),
    }
}

/// A search, as the registry would do it, and what it gives.
fn any_search(random: &mut StdRng, events: &[Chained]) -> (AuditQuery, Vec<Chained>) {
    let mut query = AuditQuery::default();
    let mut rows = events.to_vec();
    match random.random_range(0..8) {
        0 => {
            query.by = any_of(random, &ACCOUNTS).to_owned();
            rows.retain(|it| it.event.by == query.by);
        }
        1 => {
            query.kind = "session.".to_owned();
            rows.retain(|it| it.event.kind != "job.issued");
        }
        2 => {
            query.card = any_of(random, &CARDS).to_owned();
            rows.retain(|it| it.event.card.as_ref().is_some_and(|card| card.0 == query.card));
        }
        3 => {
            query.from = Some("2026-11-02".to_owned());
            query.to = Some("2026-11-02".to_owned());
            rows.retain(|it| it.event.at.starts_with("2026-11-02"));
        }
        _ => {}
    }
    (query, rows)
}
