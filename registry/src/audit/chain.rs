use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::AuditEvent;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;

/// What the hashed bytes begin with, see `cardwright_protocol::registry::audit`.
const CONTEXT: &[u8] = b"cardwright audit event 1\0";

/// Length of a hash in bytes.
pub(crate) const HASH_LENGTH: usize = 32;

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chained {
    pub(crate) event: AuditEvent,
    /// Hash of the event before, 32 bytes.
    pub(crate) previous: HexBytes,
}

impl Chained {
    /// Puts an event behind the one of this hash: it gets its own hash, whatever it had.
    pub(crate) fn after(previous: HexBytes, event: AuditEvent) -> Self {
        let hash = hash(&previous, &event);
        Self { previous, event: AuditEvent { hash, ..event } }
    }

    /// Whether the event has the hash that its fields and the hash before give.
    pub(crate) fn fits(&self) -> bool {
        self.event.hash == hash(&self.previous, &self.event)
    }
}

/// What event 1 has as the hash before.
pub(crate) fn before_the_first() -> HexBytes {
    vec![0; HASH_LENGTH].into()
}

fn hash(previous: &HexBytes, event: &AuditEvent) -> HexBytes {
    let bytes = [CONTEXT, &previous.0, &canonical(event)].concat();
    Sha256::digest(bytes).to_vec().into()
}

/// The event without its hash, in bytes that no other event has.
fn canonical(event: &AuditEvent) -> Vec<u8> {
    let AuditEvent { seq, at, by, kind, card, process, what, state, hash: _ } = event;
    let seq = seq.to_string();
    let fields = [
        Some(&seq),
        Some(at),
        Some(by),
        Some(kind),
        card.as_ref().map(|card| &card.0),
        process.as_ref().map(|process| &process.0),
        Some(what),
        state.as_ref(),
    ];
    let mut bytes = Vec::new();
    for field in fields {
        match field {
            // Writing to memory does not fail.
            Some(text) => drop(write!(bytes, "{}:{text},", text.len())),
            None => bytes.extend(b"-,"),
        }
    }
    bytes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use expect_test::expect;

    /// An event of a test; its hash is not made yet.
    pub(crate) fn event(seq: u64, what: &str) -> AuditEvent {
        AuditEvent {
            seq,
            at: "2026-11-22T07:00:00Z".to_owned(),
            by: "operator".to_owned(),
            kind: "job.issued".to_owned(),
            card: Some("TC-1".into()),
            process: None,
            what: what.to_owned(),
            state: Some("produced".to_owned()),
            hash: Vec::new().into(),
        }
    }

    /// So that another program can be held against it.
    #[test]
    fn the_hashed_bytes_are_those_of_the_protocol() {
        let first = event(1, "Zürich: 1,2");
        expect![[
            "1:1,20:2026-11-22T07:00:00Z,8:operator,10:job.issued,4:TC-1,-,12:Zürich: 1,2,8:produced,"
        ]]
        .assert_eq(&String::from_utf8(canonical(&first)).unwrap());
        let first = Chained::after(before_the_first(), first);
        expect!["36AF0C3A72720244BB9E207CE90B6ADF66A8120E81A628DB30450C730FBF8B6D"]
            .assert_eq(&first.event.hash.to_string());
        assert!(first.fits());
    }

    #[test]
    fn every_field_counts() {
        let good = Chained::after(before_the_first(), event(2, "x"));
        let changes: [fn(&mut Chained); 10] = [
            |it| it.event.seq = 3,
            |it| it.event.at.push('Z'),
            |it| it.event.by.push('2'),
            |it| it.event.kind.clear(),
            |it| it.event.card = None,
            |it| it.event.process = Some("".into()),
            |it| it.event.what.push(' '),
            |it| it.event.state = Some(String::new()),
            |it| it.event.hash.0[31] ^= 1,
            |it| it.previous.0[0] ^= 1,
        ];
        for change in changes {
            let mut other = good.clone();
            change(&mut other);
            assert!(!other.fits(), "{other:?}");
        }
    }
}
