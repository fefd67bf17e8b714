use super::entities::stray_outcomes;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::outcome::Receipt;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _,
};

/// What a helper signed and no job was waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StrayOutcome<'a> {
    pub(crate) statement: &'a str,
    /// SHA-256 of the statement.
    pub(crate) hash: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) workstation: &'a WorkstationId,
    /// Key of the card that it names, where there is one.
    pub(crate) card: Option<i64>,
    /// The key that signed it is no longer current.
    pub(crate) doubted: bool,
}

impl Snapshot {
    /// Another card of which somebody's receipt says that this chip was encoded for it: the last
    /// one that was told.
    pub(crate) async fn card_of_stray_receipt(
        &self,
        ids: &ChipIds,
        not: i64,
    ) -> Result<Option<i64>, StoreError> {
        let telling = [&ids.cplc, &ids.card_id, &ids.guid].into_iter().flatten();
        let mut any = Condition::any();
        for id in telling {
            any = any.add(stray_outcomes::Column::Statement.contains(id.to_string()));
        }
        if any.is_empty() {
            return Ok(None);
        }
        let rows = stray_outcomes::Entity::find()
            .filter(stray_outcomes::Column::CardId.ne(not))
            .filter(any)
            .order_by_desc(stray_outcomes::Column::Id)
            .all(&self.database)
            .await?;
        let is_of = |statement: &str| {
            let receipt: Result<Receipt, _> = serde_json::from_str(statement);
            receipt.is_ok_and(|Receipt { chip, .. }| {
                let pairs =
                    [(chip.cplc, &ids.cplc), (chip.card_id, &ids.card_id), (chip.guid, &ids.guid)];
                pairs.iter().any(|(told, known)| told.is_some() && told == *known)
            })
        };
        Ok(rows.into_iter().find(|row| is_of(&row.statement)).and_then(|row| row.card_id))
    }
}

impl Transaction {
    /// Records it, once; the answer is whether it is new.
    pub(crate) async fn insert_stray_outcome(
        &self,
        stray: StrayOutcome<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let same = stray_outcomes::Column::Hash.eq(stray.hash.to_vec());
        if stray_outcomes::Entity::find().filter(same).count(&self.snapshot.database).await? > 0 {
            return Ok(false);
        }
        let row = stray_outcomes::ActiveModel {
            id: NotSet,
            hash: Set(stray.hash.to_vec()),
            workstation: Set(stray.workstation.0.clone()),
            statement: Set(stray.statement.to_owned()),
            signature: Set(stray.signature.to_vec()),
            card_id: Set(stray.card),
            at: Set(now),
        };
        stray_outcomes::Entity::insert(row).exec(&self.snapshot.database).await?;
        Ok(true)
    }
}
