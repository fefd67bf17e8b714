use super::entities::generations;
use super::{Snapshot, StoreError, Transaction};
use cardwright_seal::CARD_ID_LENGTH;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};

/// How sure it is that a chip has the secrets of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenerationState {
    /// Issued; the chip may have none, some or all of them.
    Pending,
    /// A receipt proved all of them.
    Whole,
    /// A later generation is whole, or is to take its place; what it opens may still be tried.
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
    /// The chip named its card id before any row did: nobody knows the PIN that it had then.
    pub(crate) adopted: bool,
}

/// A keying of a chip to be made, pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGeneration {
    pub(crate) chip: i64,
    pub(crate) card_id: [u8; CARD_ID_LENGTH],
    pub(crate) pin: (Vec<u8>, Vec<u8>),
    pub(crate) adopted: bool,
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
            adopted: row.adopted,
        })
    }
}

impl Snapshot {
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
            adopted: Set(new.adopted),
        };
        let id = generations::Entity::insert(row).exec(&self.database).await?.last_insert_id;
        let NewGeneration { chip, card_id, pin, adopted } = new;
        Ok(GenerationRecord { id, chip, card_id, pin, state: GenerationState::Pending, adopted })
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

    /// The chip names a later keying than this pending one, or nobody relies on what was told of
    /// it, so that it is past. Its row stays: what it opens may be tried.
    pub(crate) async fn pass_generation(
        &self,
        generation: &GenerationRecord,
    ) -> Result<(), StoreError> {
        generations::Entity::update_many()
            .col_expr(generations::Column::State, Expr::value(GenerationState::Past.name()))
            .filter(generations::Column::Id.eq(generation.id))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
