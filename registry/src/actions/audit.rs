//! Search and export of the audit log.

use super::{ActionError, Person, invalid};
use crate::audit::Export;
use crate::clock::{day_begins, timestamp};
use crate::registry::Registry;
use crate::store::{CardWanted, Event, EventFilter, EventKind, Snapshot};
use cardwright_protocol::registry::audit::{AuditHead, AuditPage, AuditQuery};

/// Longest words of a search, in characters.
const MAX_TEXT: usize = 100;

/// Most rows of a page.
const MAX_SIZE: u32 = 100;

/// How many events of an export are in memory at a time.
const ROWS: u64 = 500;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// Searches the audit log.
pub(crate) async fn search(
    registry: &Registry,
    query: &AuditQuery,
) -> Result<AuditPage, ActionError> {
    if query.page == 0 {
        return Err(invalid("page", "Pages are counted from 1."));
    }
    if !(1..=MAX_SIZE).contains(&query.size) {
        return Err(invalid("size", "A page has 1 to 100 rows."));
    }
    check(query)?;
    let snapshot = registry.store.read().await?;
    let filter = filter(&snapshot, query).await?;
    let (events, total) = snapshot.search_events(&filter, query.page, query.size).await?;
    let kinds = EventKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    Ok(AuditPage { total, events, kinds })
}

/// An export that goes on piece by piece.
pub(crate) struct AuditExporter {
    registry: Registry,
    query: AuditQuery,
    filter: EventFilter,
    /// The end of the chain when it began; no event before it ever changes.
    head: AuditHead,
    /// The last event that is in it.
    after: u64,
    /// Nothing when its end was given.
    export: Option<Export>,
    is_begun: bool,
}

/// Begins an export, which is an event of its own: it is in the log before anything is given out.
pub(crate) async fn export(
    registry: &Registry,
    person: &Person,
    query: AuditQuery,
) -> Result<AuditExporter, ActionError> {
    let AuditQuery { page, size, .. } = AuditQuery::default();
    if (query.page, query.size) != (page, size) {
        return Err(invalid("page", "An export has no pages."));
    }
    check(&query)?;
    let now = registry.now();
    let transaction = person.begin(&registry.store).await?;
    let event = Event {
        at: now,
        by: person.name.clone(),
        kind: EventKind::AuditExported,
        card: None,
        process: None,
        what: in_words(&query),
        state: None,
    };
    transaction.record(event).await?;
    let head = transaction.audit_head().await?;
    let filter = filter(&transaction, &query).await?;
    transaction.commit().await?;
    let head = AuditHead { seq: head.seq, hash: head.hash, at: timestamp(now) };
    let registry = registry.clone();
    let export = Some(Export::default());
    Ok(AuditExporter { registry, query, filter, head, after: 0, export, is_begun: false })
}

impl AuditExporter {
    /// The next bytes; nothing when all were given.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, ActionError> {
        let Some(export) = &mut self.export else { return Ok(None) };
        if !std::mem::replace(&mut self.is_begun, true) {
            return Ok(Some(export.begin()));
        }
        // A short look each time: one that lasts as long as the export would keep SQLite from
        // putting what others write meanwhile into its file.
        let snapshot = self.registry.store.read().await?;
        let next = snapshot.events_between(&self.filter, self.after, self.head.seq, ROWS).await?;
        if let Some(last) = next.last() {
            self.after = last.event.seq;
            return Ok(Some(export.rows(&next)));
        }
        let (head, query) = (self.head.clone(), self.query.clone());
        let end = self.export.take().map(|it| it.end(&self.registry.signing_key, head, query));
        Ok(end)
    }
}

fn check(query: &AuditQuery) -> Result<(), ActionError> {
    for (field, text) in
        [("by", &query.by), ("kind", &query.kind), ("card", &query.card), ("text", &query.text)]
    {
        if text.chars().count() > MAX_TEXT {
            return Err(invalid(field, "Search for at most 100 characters."));
        }
        // No event has them, and databases do not agree on what a zero in a text means.
        if text.chars().any(char::is_control) {
            return Err(invalid(field, "Search for letters, digits and punctuation."));
        }
    }
    for (field, day) in [("from", &query.from), ("to", &query.to)] {
        if day.as_deref().is_some_and(|day| day_begins(day).is_none()) {
            return Err(invalid(field, "Write the day as YYYY-MM-DD, such as 2026-11-22."));
        }
    }
    Ok(())
}

async fn filter(snapshot: &Snapshot, query: &AuditQuery) -> Result<EventFilter, ActionError> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let card = match given(&query.card) {
        None => None,
        Some(number) => Some(match snapshot.card(&number).await? {
            Some(card) => CardWanted::Row(card.id),
            None => CardWanted::None,
        }),
    };
    Ok(EventFilter {
        from: query.from.as_deref().and_then(day_begins),
        before: query.to.as_deref().and_then(day_begins).map(|day| day + DAY),
        by: given(&query.by),
        kinds: given(&query.kind).map(|begins| kinds(&begins)),
        card,
        text: given(&query.text),
    })
}

fn kinds(begins: &str) -> Vec<EventKind> {
    EventKind::ALL.iter().copied().filter(|kind| kind.name().starts_with(begins)).collect()
}

fn in_words(query: &AuditQuery) -> String {
    if query.is_everything() {
        return "Audit log exported: all events".to_owned();
    }
    let mut words = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            words.push(format!("{name} {value}"));
        }
    };
    add("from", query.from.as_deref().unwrap_or(""));
    add("to", query.to.as_deref().unwrap_or(""));
    add("by", &query.by);
    if !query.kind.is_empty() {
        let titles: Vec<_> = kinds(&query.kind).into_iter().map(EventKind::title).collect();
        add("of kind", &format!("{} ({})", query.kind, titles.join(", ")));
    }
    add("card", &query.card);
    add("with the words", &query.text);
    format!("Audit log exported: events {}", words.join(", "))
}
