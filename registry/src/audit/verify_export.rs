use super::chain::Chained;
use super::export::{SIGNED, event, header, row, seq, signed};
use super::findings::{Finding, Verified, Wrong};
use super::links::Links;
use cardwright_protocol::registry::audit::{AuditEvent, AuditExport, AuditQuery};
use cardwright_protocol::signed::Signed;
use cardwright_seal::{VerifyingKey, sha256, verify};
use csv::{ByteRecord, Reader, ReaderBuilder};

/// How the statement of the last record begins there.
const STATEMENT: &[u8] = b"{\"\"head\"\":";

/// Verifies an export by itself.
pub(crate) fn verify_export(bytes: &[u8], key: &VerifyingKey) -> Verified {
    let (body, last) = split(bytes);
    let line = lines(body) + 1;
    let mut findings = Vec::new();
    let statement = match signature(last, key) {
        Ok(statement) => Some(statement),
        Err(Some(why)) => {
            findings.push(Finding::new(Wrong::Altered, why).line(line));
            None
        }
        Err(None) => None,
    };
    let is_signed = statement.as_ref().is_some_and(|it| it.hash == sha256(body));
    let rows = Rows::read(body, statement.as_ref(), is_signed);
    let is_truncated = last.is_empty();
    if is_truncated {
        let finding = Finding::new(Wrong::Truncated, "the signed record is not at its end");
        let finding = finding.line(line);
        findings.push(match rows.last {
            Some(seq) => finding.events(seq, seq + 1),
            None => finding,
        });
    }
    findings.extend(rows.findings);
    let altered_elsewhere = findings.is_empty() && !is_signed;
    if let Some(statement) = statement.as_ref().filter(|_| altered_elsewhere) {
        findings.push(difference(body, &rows.written, rows.events, statement.events));
    }
    let head = statement.map(|statement| (statement.head.seq, statement.head.hash));
    Verified { events: rows.events, head, lost: Vec::new(), findings }
}

/// What is signed, and the record that signs it; nothing when there is none.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(records) = bytes.strip_suffix(b"\r\n") else { return (bytes, &[]) };
    let start = records.windows(2).rposition(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
    let (body, last) = bytes.split_at(start);
    // Whatever else is on the last line, it was that record if it still begins or ends like it.
    match last.starts_with(SIGNED.as_bytes())
        || last.windows(STATEMENT.len()).any(|it| it == STATEMENT)
    {
        true => (body, last),
        false => (bytes, &[]),
    }
}

/// The statement of the last record, or what is wrong with that, where there is one.
fn signature(last: &[u8], key: &VerifyingKey) -> Result<AuditExport, Option<&'static str>> {
    if last.is_empty() {
        return Err(None);
    }
    let why = Some("the signed record is not as it was signed");
    let mut record = ByteRecord::new();
    let read = reader(last).read_byte_record(&mut record);
    let cell = |index| record.get(index).and_then(|cell| std::str::from_utf8(cell).ok());
    let (Ok(true), Some(statement), Some(signature)) = (read, cell(1), cell(2)) else {
        return Err(why);
    };
    let signature = signature.parse().map_err(|_| why)?;
    let found = Signed::<AuditExport>::from_parts(statement.to_owned(), signature);
    // Nothing but what is signed, in the one way in which it is written.
    match signed(&found) == last {
        true => verify(key, &found).map_err(|_| why),
        false => Err(why),
    }
}

/// The rows of an export.
struct Rows {
    events: u64,
    /// The last one whose number can be read.
    last: Option<u64>,
    findings: Vec<Finding>,
    /// As they would be written.
    written: Vec<u8>,
}

impl Rows {
    /// Reads them and holds them against each other and what was signed.
    fn read(body: &[u8], statement: Option<&AuditExport>, is_signed: bool) -> Self {
        let every = statement.is_some_and(|it| it.query.is_everything());
        let mut links = match every {
            true => Links::of_every_event(),
            false => Links::of_some_events(),
        };
        let mut found = Self { events: 0, last: None, findings: Vec::new(), written: header() };
        let mut reader = reader(body);
        let mut record = ByteRecord::new();
        let mut is_header = true;
        let mut line_of = LineOf { bytes: body, counted: 0, lines: 1 };
        // Reading from memory does not fail, and neither width nor encoding is asked for.
        while let Ok(true) = reader.read_byte_record(&mut record) {
            if std::mem::take(&mut is_header) && body.starts_with(&header()) {
                continue;
            }
            let line = record.position().map(|it| line_of.record(it.byte()));
            found.events += 1;
            found.last = seq(&record).or(found.last);
            let Some(chained) = event(&record) else {
                links.add_unreadable(seq(&record), line);
                continue;
            };
            links.add(&chained, line);
            found.written.extend(row(&chained));
            // What is signed the registry itself took for fitting.
            let query = statement.filter(|_| !is_signed).map(|it| &it.query);
            if query.is_some_and(|query| !fits(query, &chained)) {
                let finding = Finding::new(Wrong::Inserted, "it is not what was searched for");
                let finding = finding.event(chained.event.seq).line(line);
                found.findings.push(finding.at(&chained.event.at));
            }
        }
        if !body.starts_with(&header()) {
            let finding = Finding::new(Wrong::Altered, "the names of the columns are others");
            found.findings.push(finding.line(1));
        }
        found.findings.extend(links.end(statement.map(|it| (it.head.seq, &it.head.hash))));
        found
    }
}

/// Whether an event is one that was searched for.
fn fits(query: &AuditQuery, chained: &Chained) -> bool {
    let AuditQuery { from, to, by, kind, card, text, page: _, size: _ } = query;
    let AuditEvent { at, by: by_whom, kind: of_kind, card: of_card, what, .. } = &chained.event;
    let day = at.get(..10).unwrap_or_default();
    from.as_deref().is_none_or(|from| day >= from)
        && to.as_deref().is_none_or(|to| day <= to)
        && (by.is_empty() || by == by_whom)
        && of_kind.starts_with(kind.as_str())
        && (card.is_empty() || of_card.as_ref().is_some_and(|of_card| of_card.0 == *card))
        && what.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
}

/// What is another than what was signed, where each event by itself is a good one.
fn difference(body: &[u8], written: &[u8], events: u64, signed: u64) -> Finding {
    if let Some(at) = body.iter().zip(written).position(|(one, other)| one != other) {
        let why = "it is not written as the registry writes it";
        return Finding::new(Wrong::Altered, why).line(lines(&body[..at]) + 1);
    }
    if body.len() != written.len() {
        let why = "something is there that the registry did not write";
        return Finding::new(Wrong::Inserted, why).line(lines(body));
    }
    let (wrong, why) = match events {
        fewer if fewer < signed => (Wrong::Removed, "events are not there"),
        more if more > signed => (Wrong::Inserted, "events are there that were not"),
        _ => (Wrong::Altered, "one of the events is another"),
    };
    let there = format!("{why}: {events} of {signed} signed; of a search nobody can say which");
    Finding::new(wrong, there)
}

/// Counts the lines before records, in their order.
struct LineOf<'a> {
    bytes: &'a [u8],
    counted: usize,
    lines: u64,
}

impl LineOf<'_> {
    /// The line in which the record begins that was read from here.
    fn record(&mut self, position: u64) -> u64 {
        let mut start = usize::try_from(position).unwrap_or(self.bytes.len());
        // The reader leaves the end of a line for the next record.
        while matches!(self.bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        let more = self.bytes.get(self.counted..start).unwrap_or_default();
        self.counted += more.len();
        self.lines += lines(more);
        self.lines
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}
