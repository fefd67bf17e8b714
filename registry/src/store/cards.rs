use super::entities::{cards, chips};
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::ids::CardNumber;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Query},
};

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CardRecord {
    pub(crate) id: i64,
    /// Key of its template.
    pub(crate) template: i64,
    pub(crate) number: CardNumber,
    pub(crate) state: CardState,
    pub(crate) interrupted: bool,
    pub(crate) bureau_order: String,
    pub(crate) produced_on: Option<String>,
    pub(crate) expires_on: String,
    /// The lasting bytes of the CPLC that the bureau gave for its chip.
    pub(crate) expected_cplc: Option<Vec<u8>>,
    pub(crate) chip_name: Option<String>,
    pub(crate) guid: Option<Vec<u8>>,
    pub(crate) version: u64,
}

/// A card to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCard {
    pub(crate) number: String,
    pub(crate) state: CardState,
    pub(crate) bureau_order: Option<String>,
    pub(crate) produced_on: Option<String>,
    pub(crate) expires_on: String,
    pub(crate) expected_cplc: Option<Vec<u8>>,
    pub(crate) chip_name: Option<String>,
}

/// What a search compares: spaces and case do not count.
pub(crate) fn search_key(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

impl CardRecord {
    pub(super) fn from_row(row: cards::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            template: row.template_id,
            number: CardNumber(row.number),
            state: CardState::from_name(&row.state).ok_or(StoreError::Unreadable("cards"))?,
            interrupted: row.interrupted,
            bureau_order: row.bureau_order.unwrap_or_default(),
            produced_on: row.produced_on,
            expires_on: row.expires_on,
            expected_cplc: row.expected_cplc,
            chip_name: row.chip_name,
            guid: row.guid,
            version: row.version.try_into().map_err(|_| StoreError::Unreadable("cards"))?,
        })
    }
}

impl Snapshot {
    /// The card of this number, exactly as it is printed.
    pub(crate) async fn card(&self, number: &str) -> Result<Option<CardRecord>, StoreError> {
        let row = cards::Entity::find()
            .filter(cards::Column::Number.eq(number))
            .one(&self.database)
            .await?;
        row.map(CardRecord::from_row).transpose()
    }

    /// The card of a row that refers to it.
    pub(crate) async fn card_by_id(&self, id: i64) -> Result<CardRecord, StoreError> {
        let row = cards::Entity::find_by_id(id).one(&self.database).await?;
        CardRecord::from_row(row.ok_or(StoreError::Unreadable("cards"))?)
    }

    /// The card for whose chip the bureau gave these lasting bytes of the CPLC.
    pub(crate) async fn card_expecting(
        &self,
        cplc: &[u8],
    ) -> Result<Option<CardRecord>, StoreError> {
        let row = cards::Entity::find()
            .filter(cards::Column::ExpectedCplc.eq(cplc))
            .one(&self.database)
            .await?;
        row.map(CardRecord::from_row).transpose()
    }

    /// The next card in a state that no process holds, by number: the first after this one, or
    /// else the first of all.
    pub(crate) async fn next_card(
        &self,
        state: CardState,
        after: &CardNumber,
    ) -> Result<Option<CardNumber>, StoreError> {
        let held = Query::select()
            .column("card_id")
            .from("processes")
            .and_where(Expr::col("state").is_in(["started", "encoding"]))
            .take();
        let free = cards::Entity::find()
            .filter(cards::Column::State.eq(state.name()))
            .filter(cards::Column::Number.ne(&after.0))
            .filter(cards::Column::Id.not_in_subquery(held))
            .order_by_asc(cards::Column::NumberKey)
            .limit(1);
        let later = free.clone().filter(cards::Column::NumberKey.gt(search_key(&after.0)));
        let row = match later.one(&self.database).await? {
            Some(row) => Some(row),
            None => free.one(&self.database).await?,
        };
        Ok(row.map(|row| CardNumber(row.number)))
    }

    /// Whether a new card's number or chip belongs to another card already.
    pub(crate) async fn is_taken(&self, card: &NewCard) -> Result<bool, StoreError> {
        let mut any = Condition::any().add(cards::Column::NumberKey.eq(search_key(&card.number)));
        if let Some(cplc) = &card.expected_cplc {
            any = any.add(cards::Column::ExpectedCplc.eq(cplc.clone()));
            let bound = chips::Entity::find().filter(chips::Column::Cplc.eq(cplc.clone()));
            if bound.one(&self.database).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(cards::Entity::find().filter(any).one(&self.database).await?.is_some())
    }
}

impl Transaction {
    /// Makes a card and returns its key.
    pub(crate) async fn insert_card(
        &self,
        template: i64,
        card: NewCard,
    ) -> Result<i64, StoreError> {
        let row = cards::ActiveModel {
            id: NotSet,
            template_id: Set(template),
            number_key: Set(search_key(&card.number)),
            number: Set(card.number),
            state: Set(card.state.name().to_owned()),
            interrupted: Set(false),
            bureau_order_key: Set(card.bureau_order.as_deref().map(search_key)),
            bureau_order: Set(card.bureau_order),
            produced_on: Set(card.produced_on),
            expires_on: Set(card.expires_on),
            chip_key: Set(card.expected_cplc.as_ref().map(hex::encode)),
            expected_cplc: Set(card.expected_cplc),
            chip_name: Set(card.chip_name),
            guid: Set(None),
            version: Set(1),
        };
        Ok(cards::Entity::insert(row).exec(&self.database).await?.last_insert_id)
    }

    /// Writes a card's state, chip and condition, if the card is still of the record's version;
    /// the version goes up by one, in the record, too.
    pub(crate) async fn change_card(
        &self,
        card: &mut CardRecord,
        chip_key: Option<String>,
    ) -> Result<(), StoreError> {
        let version = card.version as i64;
        let mut change = cards::Entity::update_many()
            .col_expr(cards::Column::State, Expr::value(card.state.name()))
            .col_expr(cards::Column::Interrupted, Expr::value(card.interrupted))
            .col_expr(cards::Column::ChipName, Expr::value(card.chip_name.clone()))
            .col_expr(cards::Column::Guid, Expr::value(card.guid.clone()))
            .col_expr(cards::Column::Version, Expr::value(version + 1))
            .filter(cards::Column::Id.eq(card.id))
            .filter(cards::Column::Version.eq(version));
        if let Some(chip_key) = chip_key {
            change = change.col_expr(cards::Column::ChipKey, Expr::value(chip_key));
        }
        if change.exec(&self.database).await?.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        card.version += 1;
        Ok(())
    }
}
