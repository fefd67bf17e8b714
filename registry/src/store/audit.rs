use super::entities::{audit_events, cards};
use super::{EventKind, Snapshot, StoreError, Transaction};
use crate::audit::{Chained, before_the_first};
use crate::clock::timestamp;
use crate::text::one_line;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{CardNumber, ProcessId};
use cardwright_protocol::registry::audit::AuditEvent;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

/// Longest words of an event, in characters.
const MAX_LENGTH: usize = 4_000;

/// Something that happened: who, when, what; never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: i64,
    /// An account, or `registry`.
    pub(crate) by: String,
    pub(crate) kind: EventKind,
    /// The card that it happened to: the event is then part of that card's history.
    pub(crate) card: Option<i64>,
    pub(crate) process: Option<ProcessId>,
    /// In words.
    pub(crate) what: String,
    /// The state that the card came to by it.
    pub(crate) state: Option<CardState>,
}

impl Event {
    /// Something that happened to no card.
    pub(crate) fn apart(at: i64, by: impl Into<String>, kind: EventKind, what: String) -> Self {
        Self { at, by: by.into(), kind, card: None, process: None, what, state: None }
    }

    /// Something that was done to the registry at its command line.
    pub(crate) fn at_command_line(at: i64, kind: EventKind, what: String) -> Self {
        let by = "registry".to_owned();
        Self { at, by, kind, card: None, process: None, what, state: None }
    }
}

/// A line of a card's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryRecord {
    pub(crate) at: i64,
    pub(crate) by: String,
    pub(crate) what: String,
    pub(crate) state: Option<CardState>,
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// The last event; 0 when there is none.
    pub(crate) seq: u64,
    /// Its hash; zeros when there is none.
    pub(crate) hash: HexBytes,
}

impl Snapshot {
    /// What happened to a card, newest first.
    pub(crate) async fn history(&self, card: i64) -> Result<Vec<HistoryRecord>, StoreError> {
        let rows = audit_events::Entity::find()
            .filter(audit_events::Column::CardId.eq(card))
            .order_by_desc(audit_events::Column::Seq)
            .all(&self.database)
            .await?;
        let record = |row: audit_events::Model| HistoryRecord {
            at: row.at,
            by: row.by,
            what: row.what,
            state: row.state.as_deref().and_then(CardState::from_name),
        };
        Ok(rows.into_iter().map(record).collect())
    }

    /// Kind and originator of every event, in their order.
    #[cfg(test)]
    pub(crate) async fn events(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = audit_events::Entity::find().order_by_asc(audit_events::Column::Seq);
        let rows = rows.all(&self.database).await?;
        Ok(rows.into_iter().map(|row| (row.kind, row.by)).collect())
    }

    /// When the database was last restored from a copy, in seconds since 1970.
    pub(crate) async fn last_restoration(&self) -> Result<Option<i64>, StoreError> {
        let row = audit_events::Entity::find()
            .filter(audit_events::Column::Kind.eq(EventKind::Restored.name()))
            .order_by_desc(audit_events::Column::Seq)
            .one(&self.database)
            .await?;
        Ok(row.map(|row| row.at))
    }

    /// The end of the chain.
    pub(crate) async fn audit_head(&self) -> Result<Head, StoreError> {
        let last: Option<(i64, Vec<u8>)> = audit_events::Entity::find()
            .select_only()
            .columns([audit_events::Column::Seq, audit_events::Column::Hash])
            .order_by_desc(audit_events::Column::Seq)
            .into_tuple()
            .one(&self.database)
            .await?;
        let Some((seq, hash)) = last else {
            return Ok(Head { seq: 0, hash: before_the_first() });
        };
        Ok(Head { seq: seq_of(seq)?, hash: hash.into() })
    }

    /// The hash of one event.
    pub(crate) async fn audit_hash(&self, seq: u64) -> Result<Option<HexBytes>, StoreError> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        let row = audit_events::Entity::find_by_id(seq).one(&self.database).await?;
        Ok(row.map(|row| row.hash.into()))
    }

    async fn card_number(&self, card: i64) -> Result<CardNumber, StoreError> {
        let number: Option<String> = cards::Entity::find_by_id(card)
            .select_only()
            .column(cards::Column::Number)
            .into_tuple()
            .one(&self.database)
            .await?;
        number.map(CardNumber).ok_or(StoreError::Unreadable("audit_events"))
    }
}

impl Transaction {
    /// Records an event; it lasts exactly if the change that it tells of does.
    ///
    /// It comes behind the last one of the chain. Of SQLite there is one writer, from the first
    /// read on, so that nobody else reads the same last one. On a database with several, each
    /// would have to lock a row that all share before this reads (`SELECT … FOR UPDATE`); the
    /// primary key refuses whoever does not, as [`StoreError::Taken`].
    pub(crate) async fn record(&self, event: Event) -> Result<(), StoreError> {
        let what = in_one_line(&event.what);
        let head = self.audit_head().await?;
        let number = match event.card {
            Some(card) => Some(self.card_number(card).await?),
            None => None,
        };
        let state = event.state.map(|state| state.name().to_owned());
        let chained = Chained::after(
            head.hash,
            AuditEvent {
                seq: head.seq + 1,
                at: timestamp(event.at),
                by: event.by.clone(),
                kind: event.kind.name().to_owned(),
                card: number,
                process: event.process.clone(),
                what: what.clone(),
                state: state.clone(),
                hash: Vec::new().into(),
            },
        );
        let seq = i64::try_from(chained.event.seq);
        let row = audit_events::ActiveModel {
            seq: Set(seq.map_err(|_| StoreError::Unreadable("audit_events"))?),
            at: Set(event.at),
            by: Set(event.by),
            kind: Set(event.kind.name().to_owned()),
            card_id: Set(event.card),
            process_id: Set(event.process.map(|process| process.0)),
            what: Set(what),
            state: Set(state),
            previous: Set(chained.previous.0),
            hash: Set(chained.event.hash.0),
        };
        audit_events::Entity::insert(row).exec_without_returning(&self.database).await?;
        self.recorded.add(chained.event.seq);
        Ok(())
    }
}

/// Helpers and people say a part of it: no more than can be seen, and of no more than a screen.
fn in_one_line(what: &str) -> String {
    let line = one_line(what);
    match line.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}

fn seq_of(seq: i64) -> Result<u64, StoreError> {
    u64::try_from(seq).map_err(|_| StoreError::Unreadable("audit_events"))
}
