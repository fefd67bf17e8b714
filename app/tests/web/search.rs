//! *SEARCH*.

use crate::fakes::{asked, registry_answers};
use crate::person::Person;
use crate::scenery::{logged_in, page, problem};
use cardwright_protocol::domain::Role;
use cardwright_protocol::registry::problem::ProblemCode;
use wasm_bindgen_test::wasm_bindgen_test;

const FOUND: &str = "/search?type=temporary-card&status=produced&sort=number&order=asc&page=1&go=1";

#[wasm_bindgen_test]
async fn a_person_searches_sorts_and_pages_and_the_address_keeps_it() {
    logged_in(Role::Operator);
    registry_answers("GET /api/v1/cards", 200, &page(26, &["TC-1", "TC-2"]));
    let person = Person::opens("/search");
    person.chooses("Type", "Temporary card").await;
    person.chooses("Status", "Produced").await;
    person.clicks("Search").await;
    person.sees("26 produced cards").await;
    person.is_at(FOUND).await;
    person.sees_texts("tbody td:first-child", &["TC-1", "TC-2"]).await;
    assert_eq!(person.texts("th[aria-sort=ascending]").len(), 1);
    person.clicks("Next").await;
    person.is_at(&FOUND.replace("page=1", "page=2")).await;
    person.clicks("Bureau order").await;
    person.is_at(&FOUND.replace("sort=number", "sort=order")).await;
    let last = "GET /api/v1/cards?status=produced&sort=order&order=asc&page=1&size=25";
    person.has_asked(last).await;
}

#[wasm_bindgen_test]
async fn a_link_to_a_search_shows_what_it_finds() {
    logged_in(Role::Operator);
    registry_answers("GET /api/v1/cards", 200, &page(0, &[]));
    let person = Person::opens(FOUND);
    person.sees("No card was found.").await;
    assert!(person.texts("option").contains(&"In production".to_owned()));
}

#[wasm_bindgen_test]
async fn too_many_found_says_how_to_narrow() {
    logged_in(Role::Operator);
    registry_answers("GET /api/v1/cards", 200, &page(1_248, &["TC-1"]));
    let person = Person::opens(FOUND);
    person.sees("Too many to go through.").await;
}

#[wasm_bindgen_test]
async fn a_search_that_fails_says_why_and_can_be_repeated() {
    logged_in(Role::Operator);
    problem("GET /api/v1/cards", ProblemCode::Internal, "The registry failed.");
    let person = Person::opens(FOUND);
    person.sees("The registry failed.").await;
    registry_answers("GET /api/v1/cards", 200, &page(1, &["TC-1"]));
    person.clicks("Try again").await;
    person.sees("1 produced card").await;
}

#[wasm_bindgen_test]
async fn too_much_text_is_not_asked_for() {
    logged_in(Role::Operator);
    let person = Person::opens(&format!("/search?text={}&go=1", "x".repeat(101)));
    person.sees("That is too much text.").await;
    assert!(asked("GET /api/v1/cards").is_empty());
}

#[wasm_bindgen_test]
async fn interrupted_cards_are_found_and_the_address_keeps_it() {
    logged_in(Role::Operator);
    let mut found = page(1, &["TC-1"]);
    found.cards[0].interrupted = true;
    registry_answers("GET /api/v1/cards", 200, &found);
    let person = Person::opens("/search");
    person.chooses("Status", "Produced").await;
    person.chooses("Chip", "Interrupted").await;
    person.clicks("Search").await;
    person.sees("1 interrupted produced card").await;
    person.sees_texts("tbody .badge", &["interrupted"]).await;
    let address = FOUND.replace("&sort", "&interrupted=true&sort");
    person.is_at(&address).await;
    person.clicks("Bureau order").await;
    person.is_at(&address.replace("sort=number", "sort=order")).await;
    person
        .has_asked(
            "GET /api/v1/cards?status=produced&interrupted=true&sort=order&order=asc&page=1&size=25",
        )
        .await;
    drop(person);

    registry_answers("GET /api/v1/cards", 200, &page(0, &[]));
    let person = Person::opens(&address);
    person.sees("No interrupted card was found.").await;
    assert_eq!(person.chosen("Chip").await, "true");
    assert_eq!(person.chosen("Status").await, "produced");
}
