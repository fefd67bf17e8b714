use super::chain::Chained;
use super::export::{event, header, row, seq, signed};
use super::export_source::{Counted, Difference, Source, Split, Written, digest, split};
use super::findings::{Finding, Verified, Wrong};
use super::links::Links;
use cardwright_protocol::registry::audit::{AuditEvent, AuditExport, AuditQuery};
use cardwright_protocol::signed::Signed;
use cardwright_seal::{VerifyingKey, verify};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::io::{self, BufReader, Read};

/// Verifies an export by itself. It is read three times, and a record at a time is in memory.
///
/// # Errors
/// [`io::Error`] when it cannot be read.
pub(crate) fn verify_export<S: Source + ?Sized>(
    source: &S,
    key: &VerifyingKey,
) -> io::Result<Verified> {
    let Split { body, lines, last } = split(source)?;
    let line = lines + 1;
    let mut findings = Vec::new();
    let statement = match signature(&last, key) {
        Ok(statement) => Some(statement),
        Err(Some(why)) => {
            findings.push(Finding::new(Wrong::Altered, why).line(line));
            None
        }
        Err(None) => None,
    };
    let (hash, has_header) = digest(source, body, &header())?;
    let is_signed = statement.as_ref().is_some_and(|it| it.hash.0 == hash);
    let whole = Body { source, length: body, has_header };
    let rows = Rows::read(&whole, statement.as_ref(), is_signed)?;
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
        findings.push(difference(rows.difference, lines, rows.events, statement.events));
    }
    let head = statement.map(|statement| (statement.head.seq, statement.head.hash));
    Ok(Verified { events: rows.events, head, lost: Vec::new(), findings })
}

/// What is before the record that signs.
struct Body<'a, S: ?Sized> {
    source: &'a S,
    /// In bytes.
    length: u64,
    /// Whether it begins with the names of the columns.
    has_header: bool,
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
    /// Where they are not written as the registry writes them.
    difference: Option<Difference>,
}

impl Rows {
    /// Reads them and holds them against each other and what was signed.
    fn read<S: Source + ?Sized>(
        body: &Body<'_, S>,
        statement: Option<&AuditExport>,
        is_signed: bool,
    ) -> io::Result<Self> {
        let every = statement.is_some_and(|it| it.query.is_everything());
        let mut links = match every {
            true => Links::of_every_event(),
            false => Links::of_some_events(),
        };
        let mut found = Self { events: 0, last: None, findings: Vec::new(), difference: None };
        let mut written = Written::new(body.source, body.length)?;
        written.add(&header())?;
        let bytes = BufReader::new(body.source.open()?.take(body.length));
        let (bytes, seen) = Counted::new(bytes);
        let mut reader = reader(bytes);
        let mut record = ByteRecord::new();
        let mut is_header = true;
        // Neither width nor encoding is asked for.
        while reader.read_byte_record(&mut record)? {
            let line = record.position().map(|it| seen.borrow_mut().line_of(it.byte()));
            if std::mem::take(&mut is_header) && body.has_header {
                continue;
            }
            found.events += 1;
            found.last = seq(&record).or(found.last);
            let Some(chained) = event(&record) else {
                links.add_unreadable(seq(&record), line);
                continue;
            };
            links.add(&chained, line);
            written.add(&row(&chained))?;
            // What is signed the registry itself took for fitting.
            let query = statement.filter(|_| !is_signed).map(|it| &it.query);
            if query.is_some_and(|query| !fits(query, &chained)) {
                let finding = Finding::new(Wrong::Inserted, "it is not what was searched for");
                let finding = finding.event(chained.event.seq).line(line);
                found.findings.push(finding.at(&chained.event.at));
            }
        }
        if !body.has_header {
            let finding = Finding::new(Wrong::Altered, "the names of the columns are others");
            found.findings.push(finding.line(1));
        }
        found.findings.extend(links.end(statement.map(|it| (it.head.seq, &it.head.hash))));
        found.difference = written.end()?;
        Ok(found)
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
fn difference(difference: Option<Difference>, lines: u64, events: u64, signed: u64) -> Finding {
    match difference {
        Some(Difference::In(line)) => {
            let why = "it is not written as the registry writes it";
            return Finding::new(Wrong::Altered, why).line(line);
        }
        Some(Difference::Length) => {
            let why = "something is there that the registry did not write";
            return Finding::new(Wrong::Inserted, why).line(lines);
        }
        None => {}
    }
    let (wrong, why) = match events {
        fewer if fewer < signed => (Wrong::Removed, "events are not there"),
        more if more > signed => (Wrong::Inserted, "events are there that were not"),
        _ => (Wrong::Altered, "one of the events is another"),
    };
    let there = format!("{why}: {events} of {signed} signed; of a search nobody can say which");
    Finding::new(wrong, there)
}

fn reader<R: Read>(bytes: R) -> Reader<R> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}
