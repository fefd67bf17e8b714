use super::chain::{Chained, before_the_first};
use super::findings::{Finding, Wrong};
use cardwright_protocol::hex::HexBytes;

/// Holds events against themselves and each other, in their order.
#[derive(Debug)]
pub(crate) struct Links {
    /// Whether every event is to be there, or only some.
    every: bool,
    last: Option<Row>,
    /// The last link did not hold, and the next one says whose fault that is.
    broken: Option<Row>,
    findings: Vec<Finding>,
}

/// What is kept of an event.
#[derive(Debug, Clone)]
struct Row {
    seq: u64,
    hash: HexBytes,
    at: String,
    line: Option<u64>,
    /// Something wrong with it was found.
    found: bool,
}

impl Row {
    fn altered(&self, why: &str) -> Finding {
        Finding::new(Wrong::Altered, why).event(self.seq).line(self.line).at(&self.at)
    }
}

impl Links {
    /// For a log or an export of all events.
    pub(crate) fn of_every_event() -> Self {
        Self { every: true, last: None, broken: None, findings: Vec::new() }
    }

    /// For an export of some events.
    pub(crate) fn of_some_events() -> Self {
        Self { every: false, ..Self::of_every_event() }
    }

    /// The next event, and the line of the export that it is in.
    pub(crate) fn add(&mut self, chained: &Chained, line: Option<u64>) {
        let event = &chained.event;
        let mut row = Row {
            seq: event.seq,
            hash: event.hash.clone(),
            at: event.at.clone(),
            line,
            found: false,
        };
        if !chained.fits() {
            row.found = true;
            self.findings.push(row.altered("it does not have the hash of what it says"));
        }
        match self.last.take() {
            None => {
                self.first(chained, &mut row);
                self.last = Some(row);
            }
            // It is elsewhere by what was altered: it is no measure of those behind it.
            Some(last) if row.found && row.seq != last.seq + 1 => {
                self.settle(&last, None);
                self.last = Some(Row { found: true, ..last });
            }
            Some(last) => {
                self.next(&last, chained, &mut row);
                self.last = Some(row);
            }
        }
    }

    /// An event that cannot be read takes its place, whichever that is.
    pub(crate) fn add_unreadable(&mut self, seq: Option<u64>, line: Option<u64>) {
        if let Some(last) = self.last.clone() {
            self.settle(&last, None);
        }
        let finding = Finding::new(Wrong::Unreadable, "it is not of the shape of an event");
        let finding = match seq {
            Some(seq) => finding.event(seq),
            None => finding,
        };
        self.findings.push(finding.line(line));
        let seq = seq.or_else(|| self.last.as_ref().map(|last| last.seq + 1));
        let (hash, at) = (Vec::new().into(), String::new());
        self.last = seq.map(|seq| Row { seq, hash, at, line, found: true });
    }

    /// The end: the last event of the chain and its hash, where somebody trustworthy says so.
    pub(crate) fn end(mut self, head: Option<(u64, &HexBytes)>) -> Vec<Finding> {
        if let Some(last) = self.last.clone() {
            let known = head.filter(|(seq, _)| *seq == last.seq).map(|(_, hash)| hash);
            self.settle(&last, known);
        }
        let Some((seq, hash)) = head else { return self.findings };
        match self.last.take() {
            Some(last) if last.seq == seq => self.hold_against(&last, hash),
            Some(last) if last.seq > seq => {
                let finding = Finding::new(Wrong::Inserted, "it is behind the end of the chain");
                let finding = finding.events(seq + 1, last.seq).line(last.line).at(&last.at);
                self.findings.push(finding);
            }
            last if self.every => {
                let first = last.as_ref().map_or(1, |last| last.seq + 1);
                let line = last.as_ref().and_then(|last| Some(last.line? + 1));
                let finding = Finding::new(Wrong::Truncated, "the end of the chain is not there");
                self.findings.push(finding.events(first, seq).line(line));
            }
            _ => {}
        }
        self.findings
    }

    /// Holds the last event against the chain's end; what was found already says it better.
    fn hold_against(&mut self, last: &Row, hash: &HexBytes) {
        if last.hash != *hash && !last.found && self.findings.is_empty() {
            self.findings.push(last.altered("it does not have the hash of the chain's end"));
        }
    }

    fn first(&mut self, chained: &Chained, row: &mut Row) {
        if self.every && row.seq > 1 && !row.found {
            let finding = Finding::new(Wrong::Removed, "the first events are not there");
            self.findings.push(finding.events(1, row.seq - 1).line(row.line).at(&row.at));
        }
        let begins = chained.previous == before_the_first();
        if begins != (row.seq == 1) && !row.found {
            row.found = true;
            self.findings.push(row.altered("only event 1 has none before"));
        }
    }

    fn next(&mut self, last: &Row, chained: &Chained, row: &mut Row) {
        if row.seq <= last.seq {
            self.settle(last, None);
            if !row.found {
                let why = format!("it is not in its place: behind event {}", last.seq);
                let finding = Finding::new(Wrong::Inserted, why).event(row.seq);
                self.findings.push(finding.line(row.line).at(&row.at));
            }
            row.found = true;
            return;
        }
        if row.seq > last.seq + 1 {
            self.settle(last, None);
            if self.every && !last.found {
                let finding = Finding::new(Wrong::Removed, "events between are not there");
                let finding = finding.events(last.seq + 1, row.seq - 1);
                self.findings.push(finding.line(row.line).at(&row.at));
            }
            return;
        }
        let holds = chained.previous == last.hash;
        match (self.broken.take(), holds) {
            // What is before it fits what comes behind it: the one before both is another.
            (Some(broken), true) => {
                self.findings.push(broken.altered("the event behind it has another before it"));
            }
            // It fits neither what is before nor what comes behind.
            (Some(_), false) => {
                self.findings.push(last.altered("it fits neither of the events beside it"));
            }
            (None, false) if !last.found && !row.found => self.broken = Some(last.clone()),
            (None, _) => {}
        }
    }

    /// Says whose fault the last link is, with the hash that the last event should have, if known.
    fn settle(&mut self, last: &Row, hash: Option<&HexBytes>) {
        let Some(broken) = self.broken.take() else { return };
        self.findings.push(match hash {
            Some(hash) if *hash == last.hash => {
                broken.altered("the event behind it has another before it")
            }
            Some(_) => last.altered("it fits neither the event before nor the chain's end"),
            None => broken
                .altered("it or the event behind it: they do not fit each other")
                .events(broken.seq, last.seq),
        });
    }
}
