use super::entities::{audit_events, cards};
use super::{EventKind, Snapshot, StoreError};
use crate::audit::Chained;
use crate::clock::timestamp;
use cardwright_protocol::registry::audit::AuditEvent;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, Func, LikeExpr},
};
use std::collections::HashMap;

/// Which events are wanted: those that fit all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    /// Not before, in seconds since 1970.
    pub(crate) from: Option<i64>,
    /// Before this, in seconds since 1970.
    pub(crate) before: Option<i64>,
    pub(crate) by: Option<String>,
    /// One of these kinds.
    pub(crate) kinds: Option<Vec<EventKind>>,
    pub(crate) card: Option<CardWanted>,
    /// Part of the words, in which the case of ASCII letters does not count.
    pub(crate) text: Option<String>,
}

/// An event as it is in the database, which somebody else may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundEvent {
    pub(crate) seq: i64,
    /// Nothing when it is not of the shape of an event.
    pub(crate) event: Option<Chained>,
}

/// Whose events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardWanted {
    /// Those of this row.
    Row(i64),
    /// Those of a card that there is not.
    None,
}

impl EventFilter {
    /// The numbers of all that fit.
    fn found(&self) -> Select<audit_events::Entity> {
        self.apply(audit_events::Entity::find()).select_only().column(audit_events::Column::Seq)
    }

    /// Its days alone, if it has any.
    fn days(&self) -> Option<Self> {
        let Self { from, before, .. } = *self;
        let is_any = from.is_some() || before.is_some();
        is_any.then(|| Self { from, before, ..Self::default() })
    }

    /// The least and the greatest number of all that fit.
    fn range(&self) -> Select<audit_events::Entity> {
        let seq = audit_events::Column::Seq;
        let all = self.apply(audit_events::Entity::find()).select_only();
        all.column_as(seq.min(), "first").column_as(seq.max(), "last")
    }

    /// The numbers of all that fit, newest first. Where the events of its days are is said as well:
    /// without it SQLite sorts all events of the days for each page.
    fn numbers(&self, days: Option<(Option<i64>, Option<i64>)>) -> Select<audit_events::Entity> {
        let seq = audit_events::Column::Seq;
        let mut found = self.found();
        if let Some((first, last)) = days {
            // Where there is none, none fits.
            found = found.filter(seq.between(first.unwrap_or(1), last.unwrap_or(0)));
        }
        found.order_by_desc(seq)
    }

    fn apply(&self, mut found: Select<audit_events::Entity>) -> Select<audit_events::Entity> {
        use audit_events::Column;
        if let Some(from) = self.from {
            found = found.filter(Column::At.gte(from));
        }
        if let Some(before) = self.before {
            found = found.filter(Column::At.lt(before));
        }
        if let Some(by) = &self.by {
            found = found.filter(Column::By.eq(by));
        }
        if let Some(kinds) = &self.kinds {
            found = found.filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.name())));
        }
        match self.card {
            None => {}
            Some(CardWanted::Row(card)) => found = found.filter(Column::CardId.eq(card)),
            // No event has it.
            Some(CardWanted::None) => found = found.filter(Column::Seq.eq(0)),
        }
        if let Some(text) = &self.text {
            let pattern = super::search::contains(&text.to_ascii_lowercase());
            let what = Expr::expr(Func::lower(Expr::col(Column::What)));
            found = found.filter(what.like(LikeExpr::new(pattern).escape('\\')));
        }
        found
    }
}

impl Snapshot {
    /// The events of a page, newest first, and how many there are over all pages.
    pub(crate) async fn search_events(
        &self,
        filter: &EventFilter,
        page: u32,
        size: u32,
    ) -> Result<(Vec<AuditEvent>, u64), StoreError> {
        let total = filter.found().count(&self.database).await?;
        let range = match filter.days() {
            Some(days) => days.range().into_tuple().one(&self.database).await?,
            None => None,
        };
        // Their numbers first: those are in the indices, and the rows of all pages before are not
        // read.
        let numbers: Vec<i64> = filter
            .numbers(range)
            .offset(u64::from(page - 1) * u64::from(size))
            .limit(u64::from(size))
            .into_tuple()
            .all(&self.database)
            .await?;
        let rows = audit_events::Entity::find()
            .filter(audit_events::Column::Seq.is_in(numbers))
            .order_by_desc(audit_events::Column::Seq)
            .all(&self.database)
            .await?;
        let events = self.chained(rows).await?;
        Ok((events.into_iter().map(|chained| chained.event).collect(), total))
    }

    /// The next events that fit, behind one and up to another, oldest first.
    pub(crate) async fn events_between(
        &self,
        filter: &EventFilter,
        after: u64,
        up_to: u64,
        limit: u64,
    ) -> Result<Vec<Chained>, StoreError> {
        let seq = |seq| i64::try_from(seq).unwrap_or(i64::MAX);
        let rows = filter
            .apply(audit_events::Entity::find())
            .filter(audit_events::Column::Seq.gt(seq(after)))
            .filter(audit_events::Column::Seq.lte(seq(up_to)))
            .order_by_asc(audit_events::Column::Seq)
            .limit(limit)
            .all(&self.database)
            .await?;
        self.chained(rows).await
    }

    /// The first events, or the next ones behind a number, in the order of their numbers, whatever
    /// they hold.
    pub(crate) async fn events_as_found(
        &self,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<FoundEvent>, StoreError> {
        let behind = |after: Option<i64>| {
            audit_events::Entity::find()
                .apply_if(after, |all, after| all.filter(audit_events::Column::Seq.gt(after)))
                .order_by_asc(audit_events::Column::Seq)
        };
        match behind(after).limit(limit).all(&self.database).await {
            Ok(rows) => {
                let numbers: Vec<i64> = rows.iter().map(|row| row.seq).collect();
                let events = self.chained(rows).await?;
                let found = numbers.into_iter().zip(events);
                Ok(found.map(|(seq, event)| FoundEvent { seq, event: Some(event) }).collect())
            }
            // SQLite keeps values of any kind in any column: one of these has what no event has.
            Err(error) if super::result_code(&error).is_none() => {
                let next: Option<i64> = behind(after)
                    .select_only()
                    .column(audit_events::Column::Seq)
                    .into_tuple()
                    .one(&self.database)
                    .await?;
                let Some(seq) = next else { return Ok(Vec::new()) };
                let rows = match audit_events::Entity::find_by_id(seq).one(&self.database).await {
                    Ok(row) => row.into_iter().collect(),
                    Err(error) if super::result_code(&error).is_none() => Vec::new(),
                    Err(error) => return Err(error.into()),
                };
                let event = self.chained(rows).await?.into_iter().next();
                Ok(vec![FoundEvent { seq, event }])
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn chained(&self, rows: Vec<audit_events::Model>) -> Result<Vec<Chained>, StoreError> {
        let ids: std::collections::BTreeSet<i64> =
            rows.iter().filter_map(|row| row.card_id).collect();
        let numbers: Vec<(i64, String)> = cards::Entity::find()
            .select_only()
            .columns([cards::Column::Id, cards::Column::Number])
            .filter(cards::Column::Id.is_in(ids))
            .into_tuple()
            .all(&self.database)
            .await?;
        let numbers: HashMap<i64, String> = numbers.into_iter().collect();
        Ok(rows.into_iter().map(|row| chained(row, &numbers)).collect())
    }
}

/// As it was hashed. Whatever does not fit in it, such as a number below 0 or a card that is gone,
/// only somebody else can have written: the hash says so.
fn chained(row: audit_events::Model, numbers: &HashMap<i64, String>) -> Chained {
    let number = row.card_id.map(|card| numbers.get(&card).map_or("", String::as_str));
    Chained {
        event: AuditEvent {
            seq: u64::try_from(row.seq).unwrap_or_default(),
            at: timestamp(row.at),
            by: row.by,
            kind: row.kind,
            card: number.map(Into::into),
            process: row.process_id.as_deref().map(Into::into),
            what: row.what,
            state: row.state,
            hash: row.hash.into(),
        },
        previous: row.previous.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

    /// How SQLite would do it; tables of any size are alike to it.
    async fn plan(snapshot: &Snapshot, select: Select<audit_events::Entity>) -> String {
        let sql = select.limit(25).offset(50_000).build(DbBackend::Sqlite);
        let sql = Statement { sql: format!("EXPLAIN QUERY PLAN {}", sql.sql), ..sql };
        let rows = snapshot.database.query_all_raw(sql).await.unwrap();
        let steps: Vec<String> =
            rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        steps.join("; ")
    }

    #[tokio::test]
    async fn no_page_sorts_or_reads_the_rows_of_all_the_others() {
        let folder = tempfile::TempDir::new().unwrap();
        let data = DataDir::open_or_make(folder.path()).unwrap();
        let store = data.open_store().await.unwrap();
        let snapshot = store.read().await.unwrap();
        let days = EventFilter { from: Some(1), before: Some(9), ..EventFilter::default() };
        let found = plan(&snapshot, days.numbers(Some((Some(1), Some(9))))).await;
        assert!(found.contains("INTEGER PRIMARY KEY") && !found.contains("TEMP"), "{found}");
        let range = plan(&snapshot, days.range()).await;
        assert!(range.contains("COVERING INDEX audit_events_by_time"), "{range}");
        let kinds = Some(vec![EventKind::LoggedIn, EventKind::LoggedOut]);
        let kinds = EventFilter { kinds, ..EventFilter::default() };
        let by = EventFilter { by: Some("admin".to_owned()), ..EventFilter::default() };
        for filter in [kinds, by] {
            let found = plan(&snapshot, filter.numbers(None)).await;
            assert!(found.contains("COVERING INDEX"), "{found}");
        }
    }
}
