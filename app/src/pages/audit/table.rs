//! The events that a search found.

use super::export::Export;
use crate::audit_search::AuditSearch;
use crate::components::{Moment, Pages, StateWord};
use crate::search::escape;
use crate::words::count;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::audit::{AuditEvent, AuditPage};
use leptos::prelude::*;

/// One page of them.
#[component]
pub(super) fn List(page: AuditPage, search: AuditSearch, busy: RwSignal<bool>) -> impl IntoView {
    let at = search.query.page;
    let pages = search.pages(page.total);
    let url = |page| search.on_page(page).url();
    let previous = at.checked_sub(1).filter(|page| *page > 0).map(url);
    let next = Some(at + 1).filter(|page| u64::from(*page) <= pages).map(url);
    let range = search.range(&page);
    let heading = count(usize::try_from(page.total).unwrap_or(usize::MAX), "event");
    let content = match (page.events.is_empty(), page.total) {
        (true, 0) => view! { <Nothing narrow=search.is_narrow() /> }.into_any(),
        (true, _) => view! { <PageTooFar first=search.on_page(1).url() /> }.into_any(),
        (false, _) => view! { <Table events=page.events /> }.into_any(),
    };
    view! {
        <section class="panel" aria-busy=move || busy.get().to_string()>
            <header>
                <h2 role="status">{heading}</h2>
                <Export search />
            </header>
            {content}
            <Pages range previous next />
        </section>
    }
}

#[component]
fn Table(events: Vec<AuditEvent>) -> impl IntoView {
    let rows = events.into_iter().map(|event| view! { <Row event /> });
    view! {
        <div class="scroll">
            <table class="audit">
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Card"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(event: AuditEvent) -> impl IntoView {
    let card = event.card.map(|card| {
        let url = format!("/cards/{}", escape(&card.0));
        view! { <a class="number" href=url>{card.0}</a> }
    });
    let state = event.state.map(|name| match CardState::from_name(&name) {
        Some(state) => view! { <StateWord state /> }.into_any(),
        None => name.into_any(),
    });
    view! {
        <tr>
            <td>
                <Moment at=event.at />
            </td>
            <td>{event.by}</td>
            <td class="number small">{event.kind}</td>
            <td>{card}</td>
            <td class="what">{event.what}</td>
            <td>{state}</td>
        </tr>
    }
}

#[component]
fn Nothing(narrow: bool) -> impl IntoView {
    let (what, advice) = match narrow {
        true => {
            ("No event was found.", "Who and card must fit exactly. Try fewer words or more days.")
        }
        false => ("Nothing was recorded yet.", "From the first login on, everything is."),
    };
    view! {
        <div class="nothing">
            <strong>{what}</strong>
            <span>{advice}</span>
        </div>
    }
}

#[component]
fn PageTooFar(first: String) -> impl IntoView {
    view! {
        <div class="nothing">
            <strong>"There are not that many pages."</strong>
            <a href=first>"Go to the first page"</a>
        </div>
    }
}
