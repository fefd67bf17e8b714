//! Exports of any content that nobody touched, and such with which somebody tampered once.

use super::any_export::{Made, any_event};
use super::chain::Chained;
use super::export::signed;
use super::findings::Finding;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::{AuditEvent, AuditHead};
use cardwright_protocol::signed::Signed;
use cardwright_seal::{SigningKey, sign};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const CASES: u64 = 1000;

#[test]
fn what_nobody_touched_is_verified() {
    let key = SigningKey::generate();
    for seed in 0..CASES {
        let made = Made::any(&mut StdRng::seed_from_u64(seed), &key);
        let found = made.verify(&made.bytes());
        assert_eq!(found.findings, [], "seed {seed}");
        assert_eq!(found.events, made.rows.len() as u64, "seed {seed}");
        let AuditHead { seq, hash, .. } = made.statement.head;
        assert_eq!(found.head, Some((seq, hash)), "seed {seed}");
    }
}

/// A tampered export, and where that is to be found.
struct Tampered {
    how: &'static str,
    bytes: Vec<u8>,
    place: Place,
}

enum Place {
    /// One of these events is named.
    Events(Vec<u64>),
    /// One of these records is named by its line.
    Records(Vec<usize>),
    /// It is found; of some events of a chain nobody can say more.
    Somewhere,
}

/// Where the events are not those of the whole chain, nobody can say more than that it is wrong.
fn events(made: &Made, seqs: &[u64]) -> Place {
    match made.statement.query.is_everything() {
        true => Place::Events(seqs.to_vec()),
        false => Place::Somewhere,
    }
}

fn tamper(random: &mut StdRng, made: &Made) -> Tampered {
    loop {
        let kind = random.random_range(0..TAMPERINGS.len());
        if let Some(tampered) = TAMPERINGS[kind](random, made)
            && tampered.bytes != made.bytes()
        {
            return tampered;
        }
    }
}

type Tampering = fn(&mut StdRng, &Made) -> Option<Tampered>;

const TAMPERINGS: [Tampering; 11] = [
    flip,
    alter,
    alter_and_hash,
    alter_and_chain,
    remove,
    insert,
    repeat,
    swap,
    truncate,
    renumber,
    change_what_is_signed,
];

fn flip(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let mut bytes = made.bytes();
    let at = random.random_range(0..bytes.len());
    bytes[at] ^= 1 << random.random_range(0..8);
    let record = made.records().iter().position(|record| record.contains(&at))?;
    // What ends a record is also where the next begins.
    Some(Tampered { how: "flip", bytes, place: Place::Records(vec![record, record + 1]) })
}

fn change(random: &mut StdRng, event: &mut AuditEvent) {
    match random.random_range(0..7) {
        0 => event.at = "2026-11-02T08:00:00Z".to_owned(),
        1 => event.by.push('x'),
        2 => event.kind = "session.logged-out".to_owned(),
        3 => event.card = Some("TC-3".into()),
        4 => event.process = Some("00".into()),
        5 => event.what.insert(0, 'x'),
        _ => event.state = Some("lost".to_owned()),
    }
}

fn one(random: &mut StdRng, made: &Made) -> Option<usize> {
    (!made.rows.is_empty()).then(|| random.random_range(0..made.rows.len()))
}

fn alter(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    change(random, &mut rows[index].event);
    let place = Place::Events(vec![rows[index].event.seq]);
    Some(Tampered { how: "alter", bytes: made.with(&rows), place })
}

fn alter_and_hash(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    let Chained { mut event, mut previous } = rows[index].clone();
    match random.random_range(0..8) {
        0 => previous.0[0] ^= 1,
        _ => change(random, &mut event),
    }
    rows[index] = Chained::after(previous, event);
    let place = events(made, &[rows[index].event.seq]);
    Some(Tampered { how: "alter and hash", bytes: made.with(&rows), place })
}

fn alter_and_chain(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    change(random, &mut rows[index].event);
    chain(&mut rows[index..]);
    // All behind it fits: only the end says that it is wrong.
    let place = events(made, &[made.statement.head.seq]);
    Some(Tampered { how: "alter and chain", bytes: made.with(&rows), place })
}

/// Chains events that are all there.
fn chain(rows: &mut [Chained]) {
    let mut previous: Option<HexBytes> = None;
    for row in rows {
        let before = previous.unwrap_or_else(|| row.previous.clone());
        *row = Chained::after(before, row.event.clone());
        previous = Some(row.event.hash.clone());
    }
}

fn remove(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    let removed = rows.remove(index);
    let place = events(made, &[removed.event.seq]);
    Some(Tampered { how: "remove", bytes: made.with(&rows), place })
}

fn insert(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    let before = &made.rows[index].event;
    let event = any_event(random, before.seq + 1);
    let (seq, hash) = (before.seq, before.hash.clone());
    rows.insert(index + 1, Chained::after(hash, event));
    let place = events(made, &[seq + 1]);
    Some(Tampered { how: "insert", bytes: made.with(&rows), place })
}

fn repeat(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let (index, to) = (one(random, made)?, one(random, made)?);
    let mut rows = made.rows.clone();
    let copy = rows[index].clone();
    let mut seqs = vec![copy.event.seq];
    rows.insert(to, copy);
    // Where it came in, the one behind it may be the one that is not in its place.
    seqs.extend(rows.get(to + 1).map(|row| row.event.seq));
    let place = events(made, &seqs);
    Some(Tampered { how: "repeat", bytes: made.with(&rows), place })
}

fn swap(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let (one, other) = (one(random, made)?, one(random, made)?);
    let mut rows = made.rows.clone();
    rows.swap(one, other);
    let place = events(made, &[rows[one].event.seq, rows[other].event.seq]);
    Some(Tampered { how: "swap", bytes: made.with(&rows), place })
}

fn truncate(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let mut bytes = made.bytes();
    let length = random.random_range(0..bytes.len());
    bytes.truncate(length);
    let record = made.records().iter().position(|record| record.contains(&length))?;
    Some(Tampered { how: "truncate", bytes, place: Place::Records(vec![record, record + 1]) })
}

fn renumber(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let index = one(random, made)?;
    let mut rows = made.rows.clone();
    let old = rows[index].event.seq;
    let new = random.random_range(1..30);
    let place = match random.random_range(0..3) {
        0 => {
            rows[index].event.seq = new;
            Place::Events(vec![new])
        }
        1 => {
            let Chained { event, previous } = rows[index].clone();
            rows[index] = Chained::after(previous, AuditEvent { seq: new, ..event });
            let behind = rows.get(index + 1).map_or(old, |row| row.event.seq);
            let before = index.checked_sub(1).map_or(old, |before| rows[before].event.seq);
            events(made, &[old, new, before, behind, made.statement.head.seq])
        }
        // All from here on, as if one had been removed or inserted.
        _ => {
            for row in &mut rows[index..] {
                row.event.seq = if new % 2 == 0 { row.event.seq + 1 } else { row.event.seq - 1 };
            }
            if rows[index].event.seq == 0 {
                return None;
            }
            chain(&mut rows[index..]);
            events(made, &[old, old - 1, made.statement.head.seq, made.statement.head.seq + 1])
        }
    };
    Some(Tampered { how: "renumber", bytes: made.with(&rows), place })
}

fn change_what_is_signed(random: &mut StdRng, made: &Made) -> Option<Tampered> {
    let mut statement = made.statement.clone();
    let key = match random.random_range(0..6) {
        0 => SigningKey::generate(),
        1 => {
            // The signed record of another export.
            let other = Made::any(random, &made.key);
            statement = other.statement;
            made.key.clone()
        }
        field => {
            match field {
                2 => statement.head.seq += 1,
                3 => statement.head.hash.0[0] ^= 1,
                4 => statement.events += 1,
                _ => statement.query.text.push('x'),
            }
            let old = sign(&made.key, &made.statement).signature;
            let new = serde_json::to_string(&statement).ok()?;
            let end = signed(&Signed::from_parts(new, old));
            let mut bytes = made.bytes();
            bytes.truncate(made.records().last()?.start);
            let place = Place::Records(vec![made.rows.len() + 1]);
            return Some(Tampered { how: "head", bytes: [bytes, end].concat(), place });
        }
    };
    let other = Made { key: key.clone(), rows: made.rows.clone(), statement };
    let is_other_key = key.verifying_key() != made.key.verifying_key();
    let place = match is_other_key {
        true => Place::Records(vec![made.rows.len() + 1]),
        false => Place::Somewhere,
    };
    Some(Tampered { how: "other head", bytes: other.with(&made.rows), place })
}

fn is_named(place: &Place, made: &Made, findings: &[Finding]) -> bool {
    let records = made.records();
    let bytes = made.bytes();
    findings.iter().any(|finding| match place {
        Place::Events(seqs) => finding
            .events
            .is_some_and(|(first, last)| seqs.iter().any(|seq| (first..=last).contains(seq))),
        Place::Records(wanted) => wanted.iter().any(|index| {
            let Some(record) = records.get(*index) else { return false };
            let line = 1 + bytes[..record.start].iter().filter(|byte| **byte == b'\n').count();
            let lines = bytes[record.clone()].iter().filter(|byte| **byte == b'\n').count();
            finding.line.is_some_and(|it| (line..=line + lines).contains(&(it as usize)))
        }),
        Place::Somewhere => true,
    })
}

#[test]
fn every_tampering_is_found_and_its_place_named() {
    let key = SigningKey::generate();
    let mut missed = Vec::new();
    for seed in 0..CASES {
        let random = &mut StdRng::seed_from_u64(seed);
        let made = Made::any(random, &key);
        let tampered = tamper(random, &made);
        let found = made.verify(&tampered.bytes).findings;
        if found.is_empty() || !is_named(&tampered.place, &made, &found) {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            missed.push(format!("seed {seed}, {}: {found:?}", tampered.how));
        }
    }
    assert_eq!(missed, [""; 0]);
}
