use crate::world::{Browser, TestRegistry};
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::registry::cards::CardPage;
use cardwright_protocol::registry::problem::ProblemCode;
use expect_test::{Expect, expect};

const CARDS: &[[&str; 5]] = &[
    ["TC-10", "produced", "BO 2026-1", "2026-11-03", "4790516750643B1F7A029C41"],
    ["TC-11", "produced", "", "2026-11-01", ""],
    ["TC-12", "ordered", "BO 2026-2", "", ""],
    ["TC-13", "unassigned", "AO 2026-1", "2026-11-02", "4790516750643B1F7A029C40"],
];

async fn registry() -> (TestRegistry, Browser) {
    let registry = TestRegistry::with(CARDS).await;
    let browser = registry.log_in("operator").await;
    (registry, browser)
}

async fn check(browser: &Browser, query: &str, expected: Expect) {
    let CardPage { total, cards } = browser.search(query).await;
    let numbers: Vec<_> = cards.iter().map(|card| card.number.0.as_str()).collect();
    expected.assert_eq(&format!("{total}: {}", numbers.join(" ")));
}

#[tokio::test]
async fn cards_are_found_by_state_and_text() {
    let (_registry, browser) = registry().await;
    check(&browser, "", expect!["4: TC-10 TC-11 TC-12 TC-13"]).await;
    check(&browser, "status=produced", expect!["2: TC-10 TC-11"]).await;
    check(&browser, "status=locked", expect!["0: "]).await;
    check(&browser, "text=tc-12", expect!["1: TC-12"]).await;
    check(&browser, "text=+T+C-1+2+", expect!["1: TC-12"]).await;
    check(&browser, "text=bo2026", expect!["2: TC-10 TC-12"]).await;
    check(&browser, "text=3b1f+7a02+9c41", expect!["1: TC-10"]).await;
    check(&browser, "text=3B1F7A029C4", expect!["2: TC-10 TC-13"]).await;
    check(&browser, "status=produced&text=2026-1", expect!["1: TC-10"]).await;
}

#[tokio::test]
async fn wildcards_and_quotes_stand_for_themselves() {
    let (_registry, browser) = registry().await;
    for text in ["%25", "_", "TC_10", "%5C", "'", "%22", "%27+OR+1%3D1+--"] {
        check(&browser, &format!("text={text}"), expect!["0: "]).await;
    }
}

#[tokio::test]
async fn every_column_sorts_both_ways_with_empty_values_last() {
    let (_registry, browser) = registry().await;
    let check = async |query, expected| check(&browser, query, expected).await;
    check("sort=number&order=desc", expect!["4: TC-13 TC-12 TC-11 TC-10"]).await;
    check("sort=status&order=asc", expect!["4: TC-12 TC-10 TC-11 TC-13"]).await;
    check("sort=status&order=desc", expect!["4: TC-13 TC-10 TC-11 TC-12"]).await;
    check("sort=order&order=asc", expect!["4: TC-13 TC-10 TC-12 TC-11"]).await;
    check("sort=order&order=desc", expect!["4: TC-12 TC-10 TC-13 TC-11"]).await;
    check("sort=produced-on&order=asc", expect!["4: TC-11 TC-13 TC-10 TC-12"]).await;
    check("sort=produced-on&order=desc", expect!["4: TC-10 TC-13 TC-11 TC-12"]).await;
    check("sort=chip&order=asc", expect!["4: TC-13 TC-10 TC-11 TC-12"]).await;
    check("sort=chip&order=desc", expect!["4: TC-10 TC-13 TC-11 TC-12"]).await;
}

#[tokio::test]
async fn pages_count_all_that_was_found() {
    let (_registry, browser) = registry().await;
    check(&browser, "size=3", expect!["4: TC-10 TC-11 TC-12"]).await;
    check(&browser, "size=3&page=2", expect!["4: TC-13"]).await;
    check(&browser, "size=3&page=3", expect!["4: "]).await;
    check(&browser, "size=100&page=4294967295", expect!["4: "]).await;
}

#[tokio::test]
async fn a_query_that_is_not_of_the_protocol_is_refused() {
    let (_registry, browser) = registry().await;
    let malformed = [
        "state=produced",
        "status=Produced",
        "status=",
        "sort=colour",
        "page=-1",
        "size=x",
        "page=1&page=2",
    ];
    for query in malformed {
        let answer = browser.get(&format!("/cards?{query}")).await;
        assert_eq!(answer.refused(), ProblemCode::Malformed, "{query}");
    }
    let long = format!("text={}", "a".repeat(101));
    let invalid = [
        ("page=0", "page"),
        ("size=0", "size"),
        ("size=101", "size"),
        (&long, "text"),
        ("text=%00", "text"),
    ];
    for (query, field) in invalid {
        let problem = browser.get(&format!("/cards?{query}")).await.problem();
        assert_eq!(problem.code, ProblemCode::Invalid, "{query}");
        assert_eq!(problem.field.as_deref(), Some(field));
    }
}

#[tokio::test]
async fn a_card_page_shows_what_is_known_and_possible() {
    let (registry, browser) = registry().await;
    let admin = registry.log_in("admin").await;
    let commands = [Command::MarkAsLost, Command::InitializeTemporaryCard];
    assert_eq!(browser.card("TC-10").await.row.commands, []);
    admin.enable(CardState::Produced, &commands).await;
    let card = browser.card("TC-10").await;
    assert_eq!(card.row.commands, commands, "in the configured order");
    assert_eq!(card.row.chip.as_deref(), Some("3B1F 7A02 9C41"));
    assert_eq!((card.profile.as_str(), card.expires_on.as_str()), ("PIV, temporary", "2032-11-01"));
    assert_eq!((card.version, card.validity_days, card.guid, card.process), (1, 14, None, None));
    assert_eq!(card.history[0].at.len(), "2026-11-22T07:00:00Z".len());
    assert_eq!(browser.search("status=produced").await.cards[0].commands, commands);
    assert_eq!(admin.card("TC-10").await.row.commands, [], "an admin works with no card");
    assert_eq!(browser.card("TC-13").await.row.commands, []);
    for number in ["TC-99", "tc-10", "%2E%2E", "%00"] {
        let answer = browser.get(&format!("/cards/{number}")).await;
        assert_eq!(answer.refused(), ProblemCode::NotFound, "{number}");
    }
    assert_eq!(browser.get("/cards/%FF").await.refused(), ProblemCode::Malformed);
}
