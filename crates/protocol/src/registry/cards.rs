//! Searching and reading cards.

use crate::domain::{CardState, Command, ProcessState};
use crate::ids::{CardNumber, ProcessId};
use serde::{Deserialize, Serialize};

/// A search. In URLs each field is a parameter of the same name; absent ones have their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardQuery {
    /// Only cards in this state.
    pub status: Option<CardState>,
    /// Only cards whose encoding was begun and not finished (`true`), or all others (`false`).
    pub interrupted: Option<bool>,
    /// Only cards whose number, bureau order or chip contains this; spaces and case do not count.
    /// At most 100 characters.
    pub text: String,
    /// Column to sort by.
    pub sort: CardColumn,
    /// Direction of the sorting.
    pub order: SortOrder,
    /// Page, from 1.
    pub page: u32,
    /// Rows of a page, 1 to 100.
    pub size: u32,
}

impl Default for CardQuery {
    fn default() -> Self {
        Self {
            status: None,
            interrupted: None,
            text: String::new(),
            sort: CardColumn::Number,
            order: SortOrder::Ascending,
            page: 1,
            size: 25,
        }
    }
}

/// A column of the list of cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardColumn {
    /// Printed number.
    Number,
    /// State, in the order of [`CardState::ALL`].
    Status,
    /// Bureau order.
    Order,
    /// Day of production.
    ProducedOn,
    /// Short name of the chip.
    Chip,
}

/// Direction of a sorting. Empty values come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortOrder {
    /// Smallest first.
    #[serde(rename = "asc")]
    Ascending,
    /// Largest first.
    #[serde(rename = "desc")]
    Descending,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardPage {
    /// All cards that fit the query, over all pages.
    pub total: u64,
    /// The cards of this page.
    pub cards: Vec<CardRow>,
}

/// A card in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRow {
    /// Printed number.
    pub number: CardNumber,
    /// State.
    pub state: CardState,
    /// Whether an encoding of its chip was begun and not finished.
    pub interrupted: bool,
    /// Bureau order.
    pub order: String,
    /// Day of production, once produced.
    pub produced_on: Option<String>,
    /// Short name of the chip, once known.
    pub chip: Option<String>,
    /// Commands that this person can start on it now.
    pub commands: Vec<Command>,
}

/// A card, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What the list says of it.
    pub row: CardRow,
    /// Counts its changes; every change names the version that it is made to.
    pub version: u64,
    /// Title of the profile that its chip is to follow, such as *PIV, temporary*.
    pub profile: String,
    /// End of the card's life.
    pub expires_on: String,
    /// Days of validity after an assignment.
    pub validity_days: u32,
    /// GUID of the chip (RFC 9562 text form), once initialized.
    pub guid: Option<String>,
    /// What happened to it, newest first.
    pub history: Vec<HistoryEntry>,
    /// The open process, where there is one.
    pub process: Option<OpenProcess>,
}

/// The process that holds a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenProcess {
    /// The process.
    pub id: ProcessId,
    /// What it does.
    pub command: Command,
    /// How far it is.
    pub state: ProcessState,
    /// Who started it.
    pub operator: String,
    /// Whether this person can go on with it.
    pub mine: bool,
}

/// Something that happened to a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryEntry {
    /// When.
    pub at: String,
    /// Who: an account, or `registry`.
    pub by: String,
    /// What, in words.
    pub what: String,
    /// The state that the card came to by it, where it changed.
    pub state: Option<CardState>,
}
