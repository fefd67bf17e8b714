use super::entities::chips;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::hex::HexBytes;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement},
};

/// A chip and the card that it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChipRecord {
    pub(crate) id: i64,
    /// Key of its card.
    pub(crate) card: i64,
    /// What the chip named itself when it was bound: immutable ids, and those of before.
    pub(crate) first: ChipIds,
    /// The GUID that we give it: 16 bytes.
    pub(crate) guid: Vec<u8>,
}

impl ChipRecord {
    fn from_row(row: chips::Model) -> Self {
        Self {
            id: row.id,
            card: row.card_id,
            first: ChipIds {
                cplc: row.cplc.map(HexBytes),
                iin: row.iin.map(HexBytes),
                cin: row.cin.map(HexBytes),
                card_id: row.first_card_id.map(HexBytes),
                guid: row.first_guid.map(HexBytes),
                serial: row.serial.map(HexBytes),
                atr: row.atr.map(HexBytes),
            },
            guid: row.guid,
        }
    }
}

impl Snapshot {
    /// The chip that a card is bound to.
    pub(crate) async fn chip_of_card(&self, card: i64) -> Result<Option<ChipRecord>, StoreError> {
        let row = chips::Entity::find()
            .filter(chips::Column::CardId.eq(card))
            .one(&self.database)
            .await?;
        Ok(row.map(ChipRecord::from_row))
    }

    /// The chips that share an immutable id with this one.
    pub(crate) async fn chips_by_immutable_ids(
        &self,
        ids: &ChipIds,
    ) -> Result<Vec<ChipRecord>, StoreError> {
        let mut any = Condition::any();
        if let Some(cplc) = &ids.cplc {
            any = any.add(chips::Column::Cplc.eq(cplc.0.clone()));
        }
        if let (Some(iin), Some(cin)) = (&ids.iin, &ids.cin) {
            let both =
                chips::Column::Iin.eq(iin.0.clone()).and(chips::Column::Cin.eq(cin.0.clone()));
            any = any.add(both);
        }
        self.chips(any).await
    }

    /// The chips that have the GUID which this one names, or a card id with the same 12 random
    /// bytes, as we gave them: of the keyings of a chip, some may be missing here.
    pub(crate) async fn chips_by_our_ids(
        &self,
        ids: &ChipIds,
    ) -> Result<Vec<ChipRecord>, StoreError> {
        let mut any = Condition::any();
        if let Some(guid) = &ids.guid {
            any = any.add(chips::Column::Guid.eq(guid.0.clone()));
        }
        if let Some(card_id) = &ids.card_id {
            any = any.add(chips::Column::Id.in_subquery(keyed_like(&card_id.0)));
        }
        self.chips(any).await
    }

    /// Whether some chip was keyed with a card id of the same 12 random bytes.
    pub(crate) async fn is_keyed_like(&self, card_id: &[u8]) -> Result<bool, StoreError> {
        let any = Condition::any().add(chips::Column::Id.in_subquery(keyed_like(card_id)));
        Ok(!self.chips(any).await?.is_empty())
    }

    /// Whether some chip was given this GUID.
    pub(crate) async fn is_guid_taken(&self, guid: &[u8]) -> Result<bool, StoreError> {
        Ok(!self
            .chips(Condition::any().add(chips::Column::Guid.eq(guid.to_vec())))
            .await?
            .is_empty())
    }

    /// The chips without immutable ids that named themselves like this one before our ids were on
    /// them. Both ids must fit, since makers give one of them to many chips.
    pub(crate) async fn chips_by_first_ids(
        &self,
        ids: &ChipIds,
    ) -> Result<Vec<ChipRecord>, StoreError> {
        let (Some(guid), Some(card_id)) = (&ids.guid, &ids.card_id) else {
            return Ok(Vec::new());
        };
        let named = Condition::all()
            .add(chips::Column::FirstGuid.eq(guid.0.clone()))
            .add(chips::Column::FirstCardId.eq(card_id.0.clone()))
            .add(chips::Column::Cplc.is_null())
            .add(chips::Column::Cin.is_null());
        self.chips(named).await
    }

    async fn chips(&self, any: Condition) -> Result<Vec<ChipRecord>, StoreError> {
        // An empty condition would fit every row.
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let rows = chips::Entity::find().filter(any).all(&self.database).await?;
        Ok(rows.into_iter().map(ChipRecord::from_row).collect())
    }

    /// The chip of a generation.
    pub(crate) async fn chip(&self, id: i64) -> Result<ChipRecord, StoreError> {
        let row = chips::Entity::find_by_id(id).one(&self.database).await?;
        row.map(ChipRecord::from_row).ok_or(StoreError::Unreadable("chips"))
    }
}

impl Transaction {
    /// Binds a chip to a card. [`StoreError::Taken`] when either is bound already.
    pub(crate) async fn bind_chip(
        &self,
        card: i64,
        ids: &ChipIds,
        guid: &[u8; 16],
        now: i64,
    ) -> Result<ChipRecord, StoreError> {
        let bytes = |id: &Option<HexBytes>| Set(id.as_ref().map(|id| id.0.clone()));
        let row = chips::ActiveModel {
            id: NotSet,
            card_id: Set(card),
            cplc: bytes(&ids.cplc),
            iin: bytes(&ids.iin),
            cin: bytes(&ids.cin),
            first_card_id: bytes(&ids.card_id),
            first_guid: bytes(&ids.guid),
            serial: bytes(&ids.serial),
            atr: bytes(&ids.atr),
            guid: Set(guid.to_vec()),
            bound_at: Set(now),
        };
        let id = chips::Entity::insert(row).exec(&self.database).await?.last_insert_id;
        Ok(ChipRecord { id, card, first: ids.clone(), guid: guid.to_vec() })
    }
}

/// The chips that were keyed with a card id that begins like this one.
fn keyed_like(card_id: &[u8]) -> SelectStatement {
    let (random, _) = card_id.split_at(card_id.len().min(12));
    let [first, last] = [0, u8::MAX].map(|end| [random, &[end; 2]].concat());
    Query::select()
        .column("chip_id")
        .from("generations")
        .and_where(Expr::col("card_id").between(first, last))
        .take()
}
