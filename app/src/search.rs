//! A search as the URL holds it, so that back, reload and a link work.

use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::cards::{CardColumn, CardPage, CardQuery, SortOrder};

/// The one template that exists so far: the word in URLs, and for people.
pub(crate) const TYPE: (&str, &str) = ("temporary-card", "Temporary card");

/// Longest text that the registry takes, in characters.
pub(crate) const MAX_TEXT_LENGTH: usize = 100;

/// More cards than a person wants to page through.
pub(crate) const MANY: u64 = 500;

/// The columns that can be sorted by: on the wire, in URLs, for people.
pub(crate) const COLUMNS: [(CardColumn, &str, &str); 5] = [
    (CardColumn::Number, "number", "Number"),
    (CardColumn::Status, "status", "Status"),
    (CardColumn::Order, "order", "Bureau order"),
    (CardColumn::ProducedOn, "produced-on", "Produced on"),
    (CardColumn::Chip, "chip", "Chip"),
];

/// What the page was asked to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Search {
    /// The query.
    pub(crate) query: CardQuery,
    /// Whether *Search* was clicked: without it the page only shows the empty form.
    pub(crate) go: bool,
}

impl Search {
    /// Reads the parameters of a URL. What is missing or unknown has its default.
    pub(crate) fn from_parameters(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let default = CardQuery::default();
        let column = parameter("sort").and_then(|name| {
            COLUMNS.iter().find(|(_, word, _)| *word == name).map(|(column, ..)| *column)
        });
        let order = match parameter("order").as_deref() {
            Some("desc") => SortOrder::Descending,
            _ => SortOrder::Ascending,
        };
        let page = parameter("page").and_then(|page| page.parse().ok()).filter(|page| *page > 0);
        let query = CardQuery {
            status: parameter("status").and_then(|name| CardState::from_name(&name)),
            interrupted: parameter("interrupted").and_then(|word| word.parse().ok()),
            text: parameter("text").unwrap_or_default().trim().to_owned(),
            sort: column.unwrap_or(default.sort),
            order,
            page: page.unwrap_or(default.page),
            size: default.size,
        };
        Self { query, go: parameter("go").is_some() }
    }

    /// A new search, from what the form says; the sorting stays.
    pub(crate) fn asking_for(
        &self,
        status: Option<CardState>,
        interrupted: Option<bool>,
        text: &str,
    ) -> Self {
        let text = text.trim().to_owned();
        let query = CardQuery { status, interrupted, text, page: 1, ..self.query.clone() };
        Self { query, go: true }
    }

    /// Sorted by a column; by the same one again, the other way around.
    pub(crate) fn sorted_by(&self, column: CardColumn) -> Self {
        let order = match (self.query.sort == column, self.query.order) {
            (true, SortOrder::Ascending) => SortOrder::Descending,
            _ => SortOrder::Ascending,
        };
        Self { query: CardQuery { sort: column, order, page: 1, ..self.query.clone() }, go: true }
    }

    /// The same search on another page.
    pub(crate) fn on_page(&self, page: u32) -> Self {
        Self { query: CardQuery { page, ..self.query.clone() }, go: true }
    }

    /// Path and query of the page that shows it.
    pub(crate) fn url(&self) -> String {
        format!("/search?type={}&{}&go=1", TYPE.0, parameters(&self.query))
    }

    /// The query of `GET /cards`.
    pub(crate) fn wire_query(&self) -> String {
        format!("{}&size={}", parameters(&self.query), self.query.size)
    }

    /// Why the registry would refuse it, in words.
    pub(crate) fn complaint(&self) -> Option<String> {
        (self.query.text.chars().count() > MAX_TEXT_LENGTH).then(|| {
            format!(
                "Search for at most {MAX_TEXT_LENGTH} characters: a number, an order or a chip."
            )
        })
    }

    /// What was found, such as *148 produced cards* or *2 interrupted produced cards*.
    pub(crate) fn heading(&self, total: u64) -> String {
        let state = self.query.status.map(|state| format!("{} ", state.title().to_lowercase()));
        let noun = if total == 1 { "card" } else { "cards" };
        let (before, after) = match self.query.interrupted {
            Some(true) => ("interrupted ", ""),
            Some(false) => ("", ", not interrupted"),
            None => ("", ""),
        };
        format!("{total} {before}{}{noun}{after}", state.unwrap_or_default())
    }

    /// Which of all rows a page shows, such as *26 to 50 of 148*; none where it shows no row.
    pub(crate) fn range(&self, page: &CardPage) -> Option<String> {
        let first = u64::from(self.query.page - 1) * u64::from(self.query.size) + 1;
        let rows = page.cards.len() as u64;
        (rows > 0).then(|| format!("{first} to {} of {}", first + rows - 1, page.total))
    }

    /// How many pages there are.
    pub(crate) fn pages(&self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.query.size))
    }
}

/// Escapes a value of a URL's query or a segment of its path (RFC 3986, section 2.3).
pub(crate) fn escape(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    escaped.collect()
}

fn parameters(query: &CardQuery) -> String {
    let mut parameters = Vec::new();
    if let Some(status) = query.status {
        parameters.push(format!("status={}", status.name()));
    }
    if let Some(interrupted) = query.interrupted {
        parameters.push(format!("interrupted={interrupted}"));
    }
    if !query.text.is_empty() {
        parameters.push(format!("text={}", escape(&query.text)));
    }
    let sort = COLUMNS.iter().find(|(column, ..)| *column == query.sort);
    parameters.extend(sort.map(|(_, word, _)| format!("sort={word}")));
    let order = match query.order {
        SortOrder::Ascending => "asc",
        SortOrder::Descending => "desc",
    };
    parameters.push(format!("order={order}&page={}", query.page));
    parameters.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Search {
        let (_, query) = url.split_once('?').unwrap_or((url, ""));
        Search::from_parameters(|name| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value);
            value.map(|value| value.replace("%20", " "))
        })
    }

    #[test]
    fn a_search_is_read_back_from_its_url() {
        let search =
            Search::default().asking_for(Some(CardState::InProduction), Some(true), " 3B1F 7A02 ");
        for search in [search.sorted_by(CardColumn::Chip).on_page(3), search] {
            assert_eq!(read(&search.url()), search);
        }
        assert_eq!(
            read("/search?status=odd&interrupted=odd&sort=odd&order=odd&page=0&go=1"),
            Search { go: true, ..Search::default() }
        );
        assert!(!read("/search").go);
    }

    #[test]
    fn the_registry_is_asked_in_its_own_words() {
        for (column, word, _) in COLUMNS {
            assert_eq!(serde_json::to_string(&column).unwrap(), format!("{word:?}"));
        }
        let search = Search::default().asking_for(Some(CardState::Produced), Some(false), "a&b ü");
        expect_test::expect![
            "status=produced&interrupted=false&text=a%26b%20%C3%BC&sort=number&order=asc&page=1&size=25"
        ]
        .assert_eq(&search.wire_query());
    }

    #[test]
    fn sorting_by_the_same_column_again_turns_it_around() {
        let once = Search::default().on_page(4).sorted_by(CardColumn::Order);
        assert_eq!((once.query.order, once.query.page), (SortOrder::Ascending, 1));
        assert_eq!(once.sorted_by(CardColumn::Order).query.order, SortOrder::Descending);
    }

    #[test]
    fn what_was_found_is_said_in_words() {
        let search = Search::default().asking_for(Some(CardState::Produced), None, "");
        assert_eq!(search.heading(148), "148 produced cards");
        assert_eq!(Search::default().heading(1), "1 card");
        let interrupted = |wanted| search.asking_for(search.query.status, Some(wanted), "");
        assert_eq!(interrupted(true).heading(1), "1 interrupted produced card");
        assert_eq!(interrupted(false).heading(2), "2 produced cards, not interrupted");
        assert_eq!((search.pages(0), search.pages(25), search.pages(26)), (0, 1, 2));
        assert_eq!(search.range(&CardPage { total: 0, cards: vec![] }), None);
        assert!(Search::default().asking_for(None, None, &"é".repeat(101)).complaint().is_some());
        assert_eq!(Search::default().asking_for(None, None, &"é".repeat(100)).complaint(), None);
    }
}
