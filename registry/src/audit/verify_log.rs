use super::chain::{Chained, before_the_first};
use super::checkpoints::Line;
use super::findings::{Finding, Verified, Wrong};
use super::links::Links;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::{AuditHead, AuditRestoration};
use std::collections::{HashMap, HashSet};

/// Holds the events of a database against themselves and the checkpoints.
#[derive(Debug)]
pub(crate) struct LogVerifier {
    checkpoints: Vec<Line>,
    links: Links,
    events: u64,
    head: (u64, HexBytes),
    /// The hashes of the events that checkpoints tell of.
    hashes: HashMap<u64, HexBytes>,
    wanted: HashSet<u64>,
}

impl LogVerifier {
    /// Begins, with all lines of the file of checkpoints.
    pub(crate) fn new(checkpoints: Vec<Line>) -> Self {
        let wanted = checkpoints
            .iter()
            .flat_map(|line| match line {
                Line::Head(head) => vec![head.seq],
                Line::Restored(it) => vec![it.seq, it.seq + 1],
                Line::Wrong => vec![],
            })
            .collect();
        Self {
            checkpoints,
            links: Links::of_every_event(),
            events: 0,
            head: (0, before_the_first()),
            hashes: HashMap::from([(0, before_the_first())]),
            wanted,
        }
    }

    /// The next event, in the order of their numbers.
    pub(crate) fn add(&mut self, chained: &Chained) {
        let (seq, hash) = (chained.event.seq, &chained.event.hash);
        self.links.add(chained, None);
        self.count(seq);
        self.head = (seq, hash.clone());
        if self.wanted.contains(&seq) {
            self.hashes.insert(seq, hash.clone());
        }
    }

    /// An event that cannot be read.
    pub(crate) fn add_unreadable(&mut self, seq: u64) {
        self.links.add_unreadable(Some(seq), None);
        self.count(seq);
        self.head.0 = seq;
    }

    fn count(&mut self, seq: u64) {
        self.events += 1;
        self.head.0 = seq;
    }

    /// What was found.
    pub(crate) fn end(self) -> Verified {
        let mut found = Verified {
            events: self.events,
            head: Some(self.head),
            lost: Vec::new(),
            findings: self.links.end(None),
        };
        check(&self.checkpoints, &self.hashes, &mut found);
        found
    }
}

/// Holds the checkpoints against the chain, the newest first: what is before a restoration that
/// took place need not be in the chain, for the restoration is signed and so is all before it.
fn check(checkpoints: &[Line], hashes: &HashMap<u64, HexBytes>, found: &mut Verified) {
    let is_there = |seq: u64, hash: &HexBytes| hashes.get(&seq) == Some(hash);
    let mut restored: Option<&AuditRestoration> = None;
    let mut findings = Vec::new();
    let mut missing: Vec<(&AuditHead, u64)> = Vec::new();
    // What the chain has as the checkpoints know it; before event 1 there is nothing to alter.
    let mut good = vec![0];
    for (index, checkpoint) in checkpoints.iter().enumerate().rev() {
        let line = index as u64 + 1;
        match checkpoint {
            Line::Wrong => findings.push(
                Finding::new(Wrong::Altered, "the checkpoint is not one of this registry")
                    .line(line),
            ),
            Line::Head(head) if is_there(head.seq, &head.hash) => good.push(head.seq),
            Line::Head(_) if restored.is_some() => {}
            Line::Head(head) => missing.push((head, line)),
            Line::Restored(it) if !is_there(it.seq + 1, &it.event) => {}
            Line::Restored(it) => {
                if checkpoints[..index].contains(checkpoint) {
                    let why = "the checkpoint of a restoration is there twice";
                    findings.push(Finding::new(Wrong::Inserted, why).line(line).at(&it.at));
                    continue;
                }
                if it.known > it.seq {
                    found.lost.push((it.seq + 1, it.known, it.at.clone()));
                }
                restored = restored.or(Some(it));
            }
        }
    }
    findings.extend(disagreement(&missing, &good, found.head.as_ref().map_or(0, |head| head.0)));
    findings.reverse();
    found.lost.reverse();
    found.findings.extend(findings);
}

/// What the chain does not hold of the checkpoints, as one finding each for its end and for what
/// is before it.
fn disagreement(missing: &[(&AuditHead, u64)], good: &[u64], end: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    // The newest line comes first.
    if let Some((head, line)) = missing.iter().find(|(head, _)| head.seq > end) {
        let finding = Finding::new(Wrong::Truncated, "the checkpoint knows more events");
        findings.push(finding.events(end + 1, head.seq).line(*line).at(&head.at));
    }
    let others = missing.iter().filter(|(head, _)| head.seq <= end);
    if let Some((head, line)) = others.min_by_key(|(head, _)| head.seq) {
        let before = good.iter().filter(|seq| **seq < head.seq).max();
        let first = before.map_or(head.seq, |before| before + 1);
        let why = "the checkpoint knows another event: one of these is another, and all behind \
                   it were chained anew";
        let finding = Finding::new(Wrong::Altered, why);
        findings.push(finding.events(first, head.seq).line(*line).at(&head.at));
    }
    findings
}
