//! The export: CSV (RFC 4180), UTF-8, lines that end with CR LF, a cell quoted only where it must
//! be. The first record names the columns, one record for each event follows, oldest first, and
//! the last one is `signed`, the statement of an [`AuditExport`] and its signature.
//!
//! Programs for tables take a cell that begins with `=`, `+`, `-`, `@` (also in full width), a tab
//! or a line break for a formula. So such a cell has an apostrophe before it, and so has one that
//! begins with an apostrophe: whoever reads an export takes one away from every cell that begins
//! with it.

use super::chain::{Chained, HASH_LENGTH};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::{AuditEvent, AuditExport, AuditHead, AuditQuery};
use cardwright_protocol::signed::Signed;
use cardwright_seal::{SigningKey, sign};
use csv::{ByteRecord, QuoteStyle, Terminator, WriterBuilder};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

/// Columns of an event.
const COLUMNS: [&str; WIDTH] =
    ["seq", "at", "by", "kind", "card", "process", "what", "state", "previous", "hash"];

/// How many columns there are; a record of fewer fields is filled up with empty ones.
pub(super) const WIDTH: usize = 10;

/// The first cell of the last record.
pub(super) const SIGNED: &str = "signed";

/// An export that is being made.
#[derive(Debug, Default)]
pub(crate) struct Export {
    hasher: Sha256,
    events: u64,
}

impl Export {
    /// What it begins with.
    pub(crate) fn begin(&mut self) -> Vec<u8> {
        self.count(header())
    }

    /// The next events.
    pub(crate) fn rows(&mut self, events: &[Chained]) -> Vec<u8> {
        self.events += events.len() as u64;
        self.count(events.iter().flat_map(row).collect())
    }

    /// What it ends with.
    pub(crate) fn end(self, key: &SigningKey, head: AuditHead, query: AuditQuery) -> Vec<u8> {
        let hash = self.hasher.finalize().to_vec().into();
        signed(&sign(key, &AuditExport { head, events: self.events, query, hash }))
    }

    fn count(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.hasher.update(&bytes);
        bytes
    }
}

/// The record that names the columns.
pub(crate) fn header() -> Vec<u8> {
    record(&COLUMNS)
}

/// The record of an event.
pub(crate) fn row(chained: &Chained) -> Vec<u8> {
    let AuditEvent { seq, at, by, kind, card, process, what, state, hash } = &chained.event;
    let seq = seq.to_string();
    let (previous, hash) = (chained.previous.to_string(), hash.to_string());
    record(&[
        &seq,
        at,
        by,
        kind,
        card.as_ref().map_or("", |card| &card.0),
        process.as_ref().map_or("", |process| &process.0),
        what,
        state.as_deref().unwrap_or(""),
        &previous,
        &hash,
    ])
}

/// The last record.
pub(super) fn signed(signed: &Signed<AuditExport>) -> Vec<u8> {
    let signature = signed.signature.to_string();
    let mut cells = [""; WIDTH];
    cells[..3].copy_from_slice(&[SIGNED, &signed.statement, &signature]);
    record(&cells)
}

/// Reads the record of an event.
pub(super) fn event(record: &ByteRecord) -> Option<Chained> {
    if record.len() != WIDTH {
        return None;
    }
    let cell = |index: usize| std::str::from_utf8(&record[index]).ok().map(plain);
    let optional = |index: usize| cell(index).map(|text| Some(text).filter(|it| !it.is_empty()));
    let hash = |index| {
        let hash: HexBytes = cell(index)?.parse().ok()?;
        (hash.0.len() == HASH_LENGTH).then_some(hash)
    };
    let event = AuditEvent {
        seq: seq(record)?,
        at: cell(1)?.to_owned(),
        by: cell(2)?.to_owned(),
        kind: cell(3)?.to_owned(),
        card: optional(4)?.map(Into::into),
        process: optional(5)?.map(Into::into),
        what: cell(6)?.to_owned(),
        state: optional(7)?.map(str::to_owned),
        hash: hash(9)?,
    };
    Some(Chained { event, previous: hash(8)? })
}

/// Reads the number of an event.
pub(super) fn seq(record: &ByteRecord) -> Option<u64> {
    let text = std::str::from_utf8(record.get(0)?).ok()?;
    let seq: u64 = text.parse().ok()?;
    (seq > 0 && seq.to_string() == text).then_some(seq)
}

fn record(cells: &[&str]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .from_writer(Vec::new());
    let cells = cells.iter().map(|cell| harmless(cell).into_owned());
    // Writing to memory does not fail, and no record is empty.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

/// A cell that no program takes for a formula.
fn harmless(text: &str) -> Cow<'_, str> {
    const FIRST: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\''];
    match text.starts_with(FIRST) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

/// What a harmless cell says.
fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::super::chain::before_the_first;
    use super::super::chain::tests::event as sample;
    use super::*;
    use expect_test::expect;

    #[test]
    fn an_event_is_one_record() {
        let chained = Chained {
            event: AuditEvent {
                by: "-desk".to_owned(),
                hash: vec![0xAB; 32].into(),
                ..sample(7, "=HYPERLINK(\"x\"), said\r\n'he'")
            },
            previous: before_the_first(),
        };
        let text = [header(), row(&chained)].concat();
        expect![[r#"
            seq,at,by,kind,card,process,what,state,previous,hash
            7,2026-11-22T07:00:00Z,'-desk,job.issued,TC-1,,"'=HYPERLINK(""x""), said
            'he'",produced,0000000000000000000000000000000000000000000000000000000000000000,ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB
        "#]]
        .assert_eq(&String::from_utf8(text).unwrap().replace("\r\n", "\n"));
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_read_as_it_was() {
        for text in ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "'", "''=1", "＝1", "", "a=1"]
        {
            let cell = harmless(text);
            assert_eq!(plain(&cell), text);
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{text:?}");
        }
    }
}
