//! A search in the audit log as the URL holds it.

use crate::search::escape;
use cardwright_protocol::registry::audit::{AuditPage, AuditQuery};

/// Longest text that the registry takes, in characters.
pub(crate) const MAX_TEXT_LENGTH: usize = 100;

/// What the page was asked to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AuditSearch {
    /// The query.
    pub(crate) query: AuditQuery,
}

/// Why a search cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsearchable {
    /// In words.
    pub(crate) why: String,
    /// The parameters that are to be changed.
    pub(crate) fields: &'static [&'static str],
}

impl AuditSearch {
    /// Reads the parameters of a URL. What is missing has its default.
    pub(crate) fn from_parameters(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let default = AuditQuery::default();
        let word = |name: &str| parameter(name).unwrap_or_default().trim().to_owned();
        let day = |name: &str| Some(word(name)).filter(|day| is_day(day));
        let page = parameter("page").and_then(|page| page.parse().ok()).filter(|page| *page > 0);
        let query = AuditQuery {
            from: day("from"),
            to: day("to"),
            by: word("by"),
            kind: word("kind"),
            card: word("card"),
            text: word("text"),
            page: page.unwrap_or(default.page),
            size: default.size,
        };
        Self { query }
    }

    /// The same search on another page.
    pub(crate) fn on_page(&self, page: u32) -> Self {
        Self { query: AuditQuery { page, ..self.query.clone() } }
    }

    /// Path and query of the page that shows it.
    pub(crate) fn url(&self) -> String {
        let mut parameters = self.parameters();
        if self.query.page > 1 {
            parameters.push(format!("page={}", self.query.page));
        }
        match parameters.is_empty() {
            true => "/audit".to_owned(),
            false => format!("/audit?{}", parameters.join("&")),
        }
    }

    /// The query of `GET /audit`.
    pub(crate) fn wire_query(&self) -> String {
        let mut parameters = self.parameters();
        parameters.push(format!("page={}&size={}", self.query.page, self.query.size));
        parameters.join("&")
    }

    /// The query of `GET /audit/export`: over all pages.
    pub(crate) fn export_query(&self) -> String {
        self.parameters().join("&")
    }

    /// Whether it is narrower than everything.
    pub(crate) fn is_narrow(&self) -> bool {
        !self.parameters().is_empty()
    }

    /// Why the registry would refuse it.
    pub(crate) fn complaint(&self) -> Option<Unsearchable> {
        if self.query.text.chars().count() > MAX_TEXT_LENGTH {
            let why = format!("Search for at most {MAX_TEXT_LENGTH} characters of text.");
            return Some(Unsearchable { why, fields: &["text"] });
        }
        // Days in this form are in order where their texts are.
        match (&self.query.from, &self.query.to) {
            (Some(from), Some(to)) if from > to => Some(Unsearchable {
                why: "“From” is a later day than “to”: nothing can be between them.".to_owned(),
                fields: &["from", "to"],
            }),
            _ => None,
        }
    }

    /// Which of all events a page shows, such as *26 to 50 of 148*; none where it shows none.
    pub(crate) fn range(&self, page: &AuditPage) -> Option<String> {
        let first = u64::from(self.query.page - 1) * u64::from(self.query.size) + 1;
        let rows = page.events.len() as u64;
        (rows > 0).then(|| format!("{first} to {} of {}", first + rows - 1, page.total))
    }

    /// How many pages there are.
    pub(crate) fn pages(&self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.query.size))
    }

    fn parameters(&self) -> Vec<String> {
        let query = &self.query;
        let (from, to) = (query.from.as_deref(), query.to.as_deref());
        let pairs = [
            ("from", from.unwrap_or_default()),
            ("to", to.unwrap_or_default()),
            ("by", &query.by),
            ("kind", &query.kind),
            ("card", &query.card),
            ("text", &query.text),
        ];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| format!("{name}={}", escape(value))).collect()
    }
}

/// Kinds of events, grouped by what stands before their dot: group, kinds.
pub(crate) fn groups(kinds: &[String]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for kind in kinds {
        let group = kind.split('.').next().unwrap_or_default();
        match groups.iter_mut().find(|(name, _)| name == group) {
            Some((_, members)) => members.push(kind.clone()),
            None => groups.push((group.to_owned(), vec![kind.clone()])),
        }
    }
    groups
}

/// Whether a text is a day such as `2026-11-20`, as far as its form tells.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> AuditSearch {
        let (_, query) = url.split_once('?').unwrap_or((url, ""));
        AuditSearch::from_parameters(|name| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value);
            value.map(|value| value.replace("%20", " "))
        })
    }

    fn narrow() -> AuditSearch {
        AuditSearch {
            query: AuditQuery {
                from: Some("2026-11-01".into()),
                to: Some("2026-11-20".into()),
                by: "ada".into(),
                kind: "session.".into(),
                card: "TC-1".into(),
                text: "wrong name".into(),
                ..AuditQuery::default()
            },
        }
    }

    #[test]
    fn a_search_is_read_back_from_its_url() {
        for search in [AuditSearch::default(), narrow(), narrow().on_page(3)] {
            assert_eq!(read(&search.url()), search);
        }
        assert_eq!(AuditSearch::default().url(), "/audit");
        assert_eq!(read("/audit?from=soon&to=2026-1-1&page=0&odd=1"), AuditSearch::default());
        assert!(narrow().is_narrow() && !AuditSearch::default().on_page(2).is_narrow());
    }

    #[test]
    fn the_registry_is_asked_in_its_own_words() {
        expect_test::expect![
            "from=2026-11-01&to=2026-11-20&by=ada&kind=session.&card=TC-1&text=wrong%20name&page=3&size=25"
        ]
        .assert_eq(&narrow().on_page(3).wire_query());
        expect_test::expect!["page=1&size=25"].assert_eq(&AuditSearch::default().wire_query());
        assert_eq!(AuditSearch::default().export_query(), "");
        assert!(!narrow().on_page(3).export_query().contains("page"));
    }

    #[test]
    fn a_search_that_cannot_find_anything_is_not_asked() {
        assert_eq!(narrow().complaint(), None);
        let mut backward = narrow();
        backward.query.to = Some("2026-10-31".into());
        assert_eq!(backward.complaint().map(|it| it.fields), Some(&["from", "to"][..]));
        let mut long = narrow();
        long.query.text = "é".repeat(101);
        assert_eq!(long.complaint().map(|it| it.fields), Some(&["text"][..]));
    }

    #[test]
    fn kinds_are_grouped_in_the_order_that_they_come_in() {
        let kinds = ["session.logged-in", "card.lost", "session.ended", "odd"].map(str::to_owned);
        let names: Vec<_> =
            groups(&kinds).into_iter().map(|(name, all)| (name, all.len())).collect();
        assert_eq!(names, [("session".into(), 2), ("card".into(), 1), ("odd".into(), 1)]);
    }

    #[test]
    fn the_range_of_a_page_is_said() {
        let search = narrow().on_page(2);
        assert_eq!((search.pages(0), search.pages(25), search.pages(26)), (0, 1, 2));
        let page = AuditPage { total: 0, events: vec![], kinds: vec![] };
        assert_eq!(search.range(&page), None);
    }
}
