//! The list of cards that a search found.

use crate::components::{Note, Pages, StateWord};
use crate::helper::Tone;
use crate::pages::start::start_process;
use crate::registry::Registry;
use crate::search::{COLUMNS, MANY, Search, escape};
use crate::trouble::RegistryError;
use crate::words::day;
use cardwright_protocol::domain::Command;
use cardwright_protocol::registry::cards::{CardColumn, CardPage, CardRow, SortOrder};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

/// One page of what was found.
#[component]
pub(crate) fn List(page: CardPage, search: Search, busy: RwSignal<bool>) -> impl IntoView {
    let refused = RwSignal::new(None::<RegistryError>);
    let heading = search.heading(page.total);
    let is_many = page.total > MANY;
    let content = match (page.cards.is_empty(), page.total) {
        (true, 0) => view! { <Nothing interrupted=search.query.interrupted /> }.into_any(),
        (true, _) => view! { <PageTooFar search=search.clone() /> }.into_any(),
        (false, _) => {
            view! { <Table page=page.clone() search=search.clone() refused /> }.into_any()
        }
    };
    view! {
        {move || {
            refused
                .get()
                .map(|error| {
                    let advice = error.advice();
                    view! { <Note tone=Tone::Bad title=error.to_string() alert=true><p>{advice}</p></Note> }
                })
        }}
        <section class="panel" aria-busy=move || busy.get().to_string()>
            <header>
                <h2 role="status">{heading}</h2>
                {is_many
                    .then(|| {
                        view! {
                            <span class="soft small">
                                "Too many to go through. Narrow the search by status, number, order or chip."
                            </span>
                        }
                    })}
            </header>
            {content}
            <Foot page search />
        </section>
    }
}

#[component]
fn Table(
    page: CardPage,
    search: Search,
    refused: RwSignal<Option<RegistryError>>,
) -> impl IntoView {
    let heads = COLUMNS.map(|(column, _, title)| {
        let sorted = search.query.sort == column;
        let (sort, arrow) = match search.query.order {
            SortOrder::Ascending => ("ascending", "↑"),
            SortOrder::Descending => ("descending", "↓"),
        };
        view! {
            <th scope="col" class:wide=is_wide(column) aria-sort=sorted.then_some(sort)>
                <a href=search.sorted_by(column).url()>
                    {title}
                    {sorted.then(|| view! { <span aria-hidden="true">{arrow}</span> })}
                </a>
            </th>
        }
    });
    let rows = page.cards.into_iter().map(|row| view! { <Row row refused /> });
    view! {
        <div class="scroll">
            <table>
                <thead>
                    <tr>
                        {heads.collect_view()}
                        <th scope="col">"Command"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

/// Columns that a narrow page leaves to the page of the card.
fn is_wide(column: CardColumn) -> bool {
    matches!(column, CardColumn::Order | CardColumn::ProducedOn | CardColumn::Chip)
}

#[component]
fn Row(row: CardRow, refused: RwSignal<Option<RegistryError>>) -> impl IntoView {
    let url = format!("/cards/{}", escape(&row.number.0));
    let command = row.commands.first().map(|command| match command {
        Command::InitializeTemporaryCard => {
            let registry = expect_context::<Registry>();
            let navigate = use_navigate();
            let number = row.number.clone();
            let start = move |_| {
                let (number, navigate) = (number.clone(), navigate.clone());
                spawn_local(async move {
                    match start_process(registry, &number).await {
                        Ok(url) => navigate(&url, NavigateOptions::default()),
                        Err(error) => drop(refused.try_set(Some(error))),
                    }
                });
            };
            let label = format!("{}: {}", command.title(), row.number);
            view! {
                <button type="button" class="button quiet small" aria-label=label on:click=start>
                    {command.title()}
                </button>
            }
            .into_any()
        }
        Command::MarkAsDefective | Command::MarkAsLost => {
            let label = format!("{}: {}", command.title(), row.number);
            let url = format!("{url}?ask={}", command.name());
            view! {
                <a class="button quiet small" href=url aria-label=label>
                    {command.title()}
                </a>
            }
            .into_any()
        }
    });
    view! {
        <tr>
            <td>
                <a class="number" href=url>
                    {row.number.0}
                </a>
            </td>
            <td>
                <StateWord state=row.state interrupted=row.interrupted />
            </td>
            <td class="wide">{row.order}</td>
            <td class="wide">{row.produced_on.map_or("–".to_owned(), |date| day(&date))}</td>
            <td class="number soft wide">{row.chip.unwrap_or("–".to_owned())}</td>
            <td>{command.unwrap_or_else(|| view! { <span class="soft">"–"</span> }.into_any())}</td>
        </tr>
    }
}

#[component]
fn Foot(page: CardPage, search: Search) -> impl IntoView {
    let pages = search.pages(page.total);
    let at = search.query.page;
    let url = |page| search.on_page(page).url();
    let previous = at.checked_sub(1).filter(|page| *page > 0).map(url);
    let next = Some(at + 1).filter(|page| u64::from(*page) <= pages).map(url);
    view! { <Pages range=search.range(&page) previous next /> }
}

#[component]
fn Nothing(interrupted: Option<bool>) -> impl IntoView {
    let (what, advice) = match interrupted {
        Some(true) => (
            "No interrupted card was found.",
            "Every encoding that was begun on these cards was finished. Choose “Any chip” to see \
             the others.",
        ),
        Some(false) | None => (
            "No card was found.",
            "Try another status, or a part of the number, the order or the chip.",
        ),
    };
    view! {
        <div class="nothing">
            <strong>{what}</strong>
            <span>{advice}</span>
        </div>
    }
}

#[component]
fn PageTooFar(search: Search) -> impl IntoView {
    view! {
        <div class="nothing">
            <strong>"There are not that many pages."</strong>
            <a href=search.on_page(1).url()>"Go to the first page"</a>
        </div>
    }
}
