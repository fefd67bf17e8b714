use super::entities::cards;
use super::{CardRecord, Snapshot, StoreError, search_key};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::cards::{CardColumn, CardQuery, SortOrder};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, Order, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{CaseStatement, Expr, ExprTrait as _, LikeExpr, NullOrdering},
};

impl Snapshot {
    /// The cards of a page, and how many there are over all pages.
    pub(crate) async fn search(
        &self,
        query: &CardQuery,
    ) -> Result<(Vec<CardRecord>, u64), StoreError> {
        let mut found = cards::Entity::find();
        if let Some(status) = query.status {
            found = found.filter(cards::Column::State.eq(status.name()));
        }
        if let Some(interrupted) = query.interrupted {
            found = found.filter(cards::Column::Interrupted.eq(interrupted));
        }
        let text = search_key(&query.text);
        if !text.is_empty() {
            let pattern = contains(&text);
            let columns =
                [cards::Column::NumberKey, cards::Column::BureauOrderKey, cards::Column::ChipKey];
            let any = columns.into_iter().fold(Condition::any(), |any, column| {
                any.add(Expr::col(column).like(LikeExpr::new(&pattern).escape('\\')))
            });
            found = found.filter(any);
        }
        let total = found.clone().count(&self.database).await?;
        let order = match query.order {
            SortOrder::Ascending => Order::Asc,
            SortOrder::Descending => Order::Desc,
        };
        let rows = found
            .order_by_with_nulls(sorted_by(query.sort), order, NullOrdering::Last)
            .order_by_asc(cards::Column::NumberKey)
            .offset(u64::from(query.page - 1) * u64::from(query.size))
            .limit(u64::from(query.size))
            .all(&self.database)
            .await?;
        let records = rows.into_iter().map(CardRecord::from_row).collect::<Result<_, _>>()?;
        Ok((records, total))
    }
}

/// A LIKE pattern in which what a person typed stands for itself.
pub(super) fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn sorted_by(column: CardColumn) -> Expr {
    match column {
        CardColumn::Number => Expr::col(cards::Column::NumberKey),
        CardColumn::Order => Expr::col(cards::Column::BureauOrderKey),
        CardColumn::ProducedOn => Expr::col(cards::Column::ProducedOn),
        CardColumn::Chip => Expr::col(cards::Column::ChipName),
        CardColumn::Status => (0_i32..)
            .zip(CardState::ALL)
            .fold(CaseStatement::new(), |cases, (position, state)| {
                cases.case(cards::Column::State.eq(state.name()), position)
            })
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_that_a_person_types_stand_for_themselves() {
        assert_eq!(contains("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
