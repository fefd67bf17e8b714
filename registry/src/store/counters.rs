//! Counters in the database, shared by all servers of a registry: what a stranger can try, and how
//! much of it the audit log holds, is bounded.

use super::entities::counters;
use super::{Event, Snapshot, StoreError, Transaction};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

/// Counters that nobody touched for so long are forgotten, in seconds. Longer than any span.
const KEPT: i64 = 24 * 60 * 60;

/// How often something may be within a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) most: i64,
    /// In seconds, counted from the first one.
    pub(crate) within: i64,
}

impl Bound {
    fn holds(self, row: &counters::Model, now: i64) -> bool {
        // A clock that was set back begins anew.
        (0..self.within).contains(&(now - row.since))
    }
}

impl Snapshot {
    /// Whether something happened as often as it may.
    pub(crate) async fn is_exhausted(
        &self,
        scope: &str,
        bound: Bound,
        now: i64,
    ) -> Result<bool, StoreError> {
        let row = counters::Entity::find_by_id(scope).one(&self.database).await?;
        Ok(row.is_some_and(|row| bound.holds(&row, now) && row.count >= bound.most))
    }
}

impl Transaction {
    /// Counts that something happened.
    pub(crate) async fn count(
        &self,
        scope: &str,
        bound: Bound,
        now: i64,
    ) -> Result<(), StoreError> {
        self.count_up(scope, bound, now).await?;
        Ok(())
    }

    /// Records an event of which there may be many, unless there are too many of its scope just
    /// now; the next one that is recorded says how many were not. The answer is whether it was
    /// recorded.
    pub(crate) async fn record_bounded(
        &self,
        scope: &str,
        bound: Bound,
        mut event: Event,
    ) -> Result<bool, StoreError> {
        let (count, before) = self.count_up(scope, bound, event.at).await?;
        if count > bound.most {
            return Ok(false);
        }
        if before > bound.most {
            event.what += &format!("; {} more before it are not listed", before - bound.most);
        }
        self.record(event).await?;
        Ok(true)
    }

    /// The count of this span, and of the one before where this is the first one.
    async fn count_up(
        &self,
        scope: &str,
        bound: Bound,
        now: i64,
    ) -> Result<(i64, i64), StoreError> {
        let row = counters::Entity::find_by_id(scope).one(&self.database).await?;
        let (since, count, before) = match row {
            Some(row) if bound.holds(&row, now) => (row.since, row.count.saturating_add(1), 0),
            Some(row) => (now, 1, row.count),
            None => (now, 1, 0),
        };
        counters::Entity::delete_many()
            .filter(counters::Column::Since.lt(now.saturating_sub(KEPT)))
            .exec(&self.database)
            .await?;
        counters::Entity::delete_by_id(scope).exec(&self.database).await?;
        let row = counters::ActiveModel {
            scope: Set(scope.to_owned()),
            since: Set(since),
            count: Set(count),
        };
        counters::Entity::insert(row).exec_without_returning(&self.database).await?;
        Ok((count, before))
    }
}
