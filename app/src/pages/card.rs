//! The profile page of a card: what it is, what happened to it, and what can be done with it.

mod commands;
mod interrupted;
mod reveal;

use crate::components::{CardThing, Crumb, Moment, Note, PageHead, StateWord, Waiting, fetch};
use crate::courier::Courier;
use crate::helper::Tone;
use crate::registry::Registry;
use crate::search::TYPE;
use crate::words::day;
use cardwright_protocol::domain::{Command, ProcessState};
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::cards::{Card, HistoryEntry};
use cardwright_protocol::registry::processes::Process;
use commands::Commands;
use interrupted::Interrupted;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use reveal::Reveals;

/// The page.
#[component]
pub(crate) fn CardPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let parameters = use_params_map();
    let number =
        Memo::new(move |_| CardNumber(parameters.read().get("number").unwrap_or_default()));
    let card = fetch(move || {
        let number = number.get();
        async move { registry.card(&number).await }
    });
    let asked = use_query_map()
        .with_untracked(|query| query.get("ask").and_then(|name| Command::from_name(&name)));
    // What a command just did, said until the next one.
    let done = RwSignal::new(None::<String>);
    let shown = Memo::new(move |_| card.answer.get().and_then(Result::ok));
    let open = Memo::new(move |_| shown.get().and_then(|card| Some(card.process?.id)));
    let process = fetch(move || {
        let open = open.get();
        async move {
            match open {
                Some(id) => registry.process(&id).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let process = Memo::new(move |_| process.answer.get().and_then(Result::ok).flatten());
    let courier = expect_context::<Courier>();
    Effect::watch(
        move || courier.taken.get(),
        move |taken, _, _| {
            let here = |it: &&Process| it.card.number == number.get_untracked();
            let Some(taken) = taken.as_ref().filter(here) else { return };
            if taken.state == ProcessState::Completed {
                let state = taken.card.state.title().to_lowercase();
                done.set(Some(format!("The result arrived: {} is {state}.", taken.card.number)));
            }
            card.reload();
        },
        false,
    );
    let crumbs = vec![Crumb::link("Search", "/search"), Crumb::name(TYPE.1)];
    view! {
        {move || {
            let crumbs = crumbs.clone();
            view! {
                <PageHead title=number.get().0 crumbs number=true>
                    {move || {
                        shown
                            .get()
                            .map(|card| {
                                let row = card.row;
                                view! { <StateWord state=row.state interrupted=row.interrupted /> }
                            })
                    }}
                </PageHead>
            }
        }}
        <div role="status">
            {move || done.get().map(|done| view! { <Note tone=Tone::Good title=done /> })}
        </div>
        <Waiting fetched=card />
        {move || {
            shown
                .get()
                .map(|found| {
                    view! {
                        <Interrupted card=found.clone() process />
                        <div class="two">
                            <div class="stack">
                                <Facts card=found.clone() />
                                <History history=found.history.clone() />
                            </div>
                            <div class="stack">
                                <Commands
                                    card=found.clone()
                                    process
                                    asked
                                    done
                                    changed=move || card.reload()
                                />
                                <Reveals card=found />
                            </div>
                        </div>
                    }
                })
        }}
    }
}

#[component]
fn Facts(card: Card) -> impl IntoView {
    let row = card.row;
    let days = card.validity_days;
    view! {
        <section class="panel" aria-label="Facts">
            <div class="in portrait">
                <CardThing number=row.number />
                <dl class="facts">
                    <dt>"Bureau order"</dt>
                    <dd>{row.order}</dd>
                    <dt>"Produced on"</dt>
                    <dd>{row.produced_on.map_or("Not yet".to_owned(), |date| day(&date))}</dd>
                    <dt>"Chip"</dt>
                    <dd class:number=row.chip.is_some()>
                        {row.chip.clone().unwrap_or("Not known".to_owned())}
                    </dd>
                    <dt>"Profile"</dt>
                    <dd>{card.profile}</dd>
                    <dt>"Valid"</dt>
                    <dd>{format!("{days} days from assignment")}</dd>
                    <dt>"Expires on"</dt>
                    <dd>{day(&card.expires_on)}</dd>
                    {card
                        .guid
                        .map(|guid| {
                            view! {
                                <dt>"GUID"</dt>
                                <dd class="number">{guid}</dd>
                            }
                        })}
                </dl>
            </div>
        </section>
    }
}

#[component]
fn History(history: Vec<HistoryEntry>) -> impl IntoView {
    let empty = history.is_empty();
    let entries = history.into_iter().map(|entry| {
        let class = entry.state.map_or("plain", |state| state.name());
        view! {
            <li class=class>
                <span class="dot" aria-hidden="true"></span>
                <span>{entry.what} " " <span class="soft small">"by " {entry.by}</span></span>
                <span class="when soft small">
                    <Moment at=entry.at />
                </span>
            </li>
        }
    });
    view! {
        <section class="panel">
            <header>
                <h2>"History"</h2>
            </header>
            <div class="in">
                {if empty {
                    view! { <p class="soft">"Nothing happened to this card yet."</p> }.into_any()
                } else {
                    view! { <ol class="life">{entries.collect_view()}</ol> }.into_any()
                }}
            </div>
        </section>
    }
}
