use super::entities::{chips, generations};
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::hex::HexBytes;
use cardwright_seal::CARD_ID_LENGTH;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{Expr, ExprTrait as _},
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

/// How sure it is that a chip has the secrets of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenerationState {
    /// Issued; the chip may have none, some or all of them.
    Pending,
    /// A receipt proved all of them.
    Whole,
    /// A later generation is whole.
    Past,
}

impl GenerationState {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Whole => "whole",
            Self::Past => "past",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Whole, Self::Past].into_iter().find(|state| state.name() == name)
    }
}

/// One keying of a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GenerationRecord {
    pub(crate) id: i64,
    /// Key of its chip.
    pub(crate) chip: i64,
    pub(crate) card_id: [u8; CARD_ID_LENGTH],
    /// Nonce and ciphertext of the escrowed PIN.
    pub(crate) pin: (Vec<u8>, Vec<u8>),
    pub(crate) state: GenerationState,
}

/// A keying of a chip to be made, pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGeneration {
    pub(crate) chip: i64,
    pub(crate) card_id: [u8; CARD_ID_LENGTH],
    pub(crate) pin: (Vec<u8>, Vec<u8>),
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

impl GenerationRecord {
    fn from_row(row: generations::Model) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("generations");
        Ok(Self {
            id: row.id,
            chip: row.chip_id,
            card_id: row.card_id.try_into().map_err(|_| unreadable())?,
            pin: (row.pin_nonce, row.pin_ciphertext),
            state: GenerationState::from_name(&row.state).ok_or_else(unreadable)?,
        })
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

    /// The chips that have the card id or GUID which this one names, as we gave them.
    pub(crate) async fn chips_by_our_ids(
        &self,
        ids: &ChipIds,
    ) -> Result<Vec<ChipRecord>, StoreError> {
        let mut any = Condition::any();
        if let Some(guid) = &ids.guid {
            any = any.add(chips::Column::Guid.eq(guid.0.clone()));
        }
        if let Some(card_id) = &ids.card_id {
            let generation = generations::Entity::find()
                .filter(generations::Column::CardId.eq(card_id.0.clone()))
                .one(&self.database)
                .await?;
            if let Some(generation) = generation {
                any = any.add(chips::Column::Id.eq(generation.chip_id));
            }
        }
        self.chips(any).await
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

    /// All keyings of a chip, newest first.
    pub(crate) async fn generations(&self, chip: i64) -> Result<Vec<GenerationRecord>, StoreError> {
        let rows = generations::Entity::find()
            .filter(generations::Column::ChipId.eq(chip))
            .order_by_desc(generations::Column::Id)
            .all(&self.database)
            .await?;
        rows.into_iter().map(GenerationRecord::from_row).collect()
    }

    /// The keying that a job is for.
    pub(crate) async fn generation(&self, id: i64) -> Result<GenerationRecord, StoreError> {
        let row = generations::Entity::find_by_id(id).one(&self.database).await?;
        GenerationRecord::from_row(row.ok_or(StoreError::Unreadable("generations"))?)
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

    /// Makes a keying of a chip, pending.
    pub(crate) async fn insert_generation(
        &self,
        new: NewGeneration,
        now: i64,
    ) -> Result<GenerationRecord, StoreError> {
        let row = generations::ActiveModel {
            id: NotSet,
            chip_id: Set(new.chip),
            card_id: Set(new.card_id.to_vec()),
            pin_nonce: Set(new.pin.0.clone()),
            pin_ciphertext: Set(new.pin.1.clone()),
            state: Set(GenerationState::Pending.name().to_owned()),
            issued_at: Set(now),
        };
        let id = generations::Entity::insert(row).exec(&self.database).await?.last_insert_id;
        let NewGeneration { chip, card_id, pin } = new;
        Ok(GenerationRecord { id, chip, card_id, pin, state: GenerationState::Pending })
    }

    /// A receipt proved this keying: it is whole, and the one before is past.
    pub(crate) async fn prove_generation(
        &self,
        generation: &GenerationRecord,
    ) -> Result<(), StoreError> {
        let states = [
            (GenerationState::Past, generations::Column::Id.lt(generation.id)),
            (GenerationState::Whole, generations::Column::Id.eq(generation.id)),
        ];
        for (state, of) in states {
            generations::Entity::update_many()
                .col_expr(generations::Column::State, Expr::value(state.name()))
                .filter(generations::Column::ChipId.eq(generation.chip))
                .filter(of)
                .exec(&self.database)
                .await?;
        }
        Ok(())
    }
}
