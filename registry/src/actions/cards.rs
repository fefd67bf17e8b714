use super::view::{card_row, guid_text, profile_of, template_of};
use super::{ActionError, Person, invalid, not_found};
use crate::clock::timestamp;
use crate::registry::Registry;
use cardwright_protocol::registry::cards::{Card, CardPage, CardQuery, HistoryEntry, OpenProcess};

/// Longest text of a search, in characters.
const MAX_TEXT: usize = 100;

/// Most rows of a page.
const MAX_SIZE: u32 = 100;

/// Searches cards.
pub(crate) async fn search(
    registry: &Registry,
    person: &Person,
    query: &CardQuery,
) -> Result<CardPage, ActionError> {
    if query.text.chars().count() > MAX_TEXT {
        return Err(invalid("text", "Search for at most 100 characters."));
    }
    if query.page == 0 {
        return Err(invalid("page", "Pages are counted from 1."));
    }
    if !(1..=MAX_SIZE).contains(&query.size) {
        return Err(invalid("size", "A page has 1 to 100 rows."));
    }
    let snapshot = registry.store.read().await?;
    let (cards, total) = snapshot.search(query).await?;
    let templates = snapshot.templates().await?;
    let open = snapshot.open_processes(cards.iter().map(|card| card.id)).await?;
    let mut rows = Vec::with_capacity(cards.len());
    for card in &cards {
        let template = templates.iter().find(|template| template.id == card.template);
        let template =
            template.ok_or(ActionError::Inconsistent("a card's template does not exist"))?;
        let held = open.iter().find(|process| process.card == card.id);
        rows.push(card_row(person, template, card, held));
    }
    Ok(CardPage { total, cards: rows })
}

/// A card with its history.
pub(crate) async fn card(
    registry: &Registry,
    person: &Person,
    number: &str,
) -> Result<Card, ActionError> {
    let snapshot = registry.store.read().await?;
    let card = snapshot.card(number).await?.ok_or_else(|| not_found("card"))?;
    let template = template_of(&snapshot, &card).await?;
    let profile = profile_of(registry, &template)?;
    let held = snapshot.open_processes([card.id]).await?.into_iter().next();
    let history = snapshot.history(card.id).await?;
    let row = card_row(person, &template, &card, held.as_ref());
    Ok(Card {
        row,
        version: card.version,
        profile: profile.profile.title.clone(),
        expires_on: card.expires_on,
        validity_days: template.validity_days,
        guid: card.guid.as_deref().map(guid_text),
        history: history
            .into_iter()
            .map(|entry| HistoryEntry {
                at: timestamp(entry.at),
                by: entry.by,
                what: entry.what,
                state: entry.state,
            })
            .collect(),
        process: held.map(|process| OpenProcess {
            mine: process.account == person.name,
            id: process.id,
            command: process.command,
            state: process.state,
            operator: process.account,
        }),
    })
}
