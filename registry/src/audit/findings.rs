use cardwright_protocol::hex::HexBytes;
use std::fmt;

/// What is wrong with an audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Something is other than it was written.
    Altered,
    /// Something between is not there.
    Removed,
    /// Something is there that was not written there: new, twice, or in another place.
    Inserted,
    /// The end is not there.
    Truncated,
    /// Something is not of the shape that is written.
    Unreadable,
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) wrong: Wrong,
    /// The first and the last event that it is about, where that can be said.
    pub(crate) events: Option<(u64, u64)>,
    /// Line of the export or of the checkpoints, from 1.
    pub(crate) line: Option<u64>,
    /// Time of the event or checkpoint, as it is written there.
    pub(crate) at: Option<String>,
    /// In words.
    pub(crate) why: String,
}

impl Finding {
    /// One of which no place is known yet.
    pub(crate) fn new(wrong: Wrong, why: impl Into<String>) -> Self {
        Self { wrong, events: None, line: None, at: None, why: why.into() }
    }

    pub(crate) fn event(self, seq: u64) -> Self {
        self.events(seq, seq)
    }

    pub(crate) fn events(self, first: u64, last: u64) -> Self {
        Self { events: Some((first, last)), ..self }
    }

    pub(crate) fn line(self, line: impl Into<Option<u64>>) -> Self {
        Self { line: line.into(), ..self }
    }

    pub(crate) fn at(self, at: &str) -> Self {
        Self { at: Some(at.to_owned()), ..self }
    }
}

/// Words separated by tabs: what, event, line, time, why. What is not known is `-`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = match self.wrong {
            Wrong::Altered => "altered",
            Wrong::Removed => "removed",
            Wrong::Inserted => "inserted",
            Wrong::Truncated => "truncated",
            Wrong::Unreadable => "unreadable",
        };
        let events = match self.events {
            None => "-".to_owned(),
            Some((first, last)) if first == last => format!("event {first}"),
            Some((first, last)) => format!("events {first}-{last}"),
        };
        let line = self.line.map_or_else(|| "-".to_owned(), |line| format!("line {line}"));
        // Whatever is written there, it is one word of one line here.
        let at: String =
            self.at.as_deref().unwrap_or("-").chars().filter(|c| !c.is_control()).collect();
        write!(f, "{wrong}\t{events}\t{line}\t{at}\t{}", self.why)
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    /// How many events there are.
    pub(crate) events: u64,
    /// The last event of the chain and its hash, as far as it is known.
    pub(crate) head: Option<(u64, HexBytes)>,
    /// Events that are known from checkpoints only: the first, the last, and when the restoration
    /// was that lost them.
    pub(crate) lost: Vec<(u64, u64, String)>,
    /// What is wrong; nothing for a good one.
    pub(crate) findings: Vec<Finding>,
}
