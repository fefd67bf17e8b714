//! *Done*: what was written, and the next card. Or how the process was closed without that.

use super::driver::Driver;
use crate::components::{CardThing, FailureNote, Moment, Note, fetch};
use crate::helper::Tone;
use crate::pages::start::start_process;
use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use crate::words::{self, count, day};
use cardwright_protocol::domain::{Command, ProcessState};
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::processes::{Process, Written};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

/// The last step.
#[component]
pub(crate) fn Done(driver: Driver) -> impl IntoView {
    // A process that is over does not change any more.
    let process = driver.wizard.with_untracked(|wizard| wizard.process().clone());
    let url = format!("/cards/{}", escape(&process.card.number.0));
    let next = process.next_card.clone();
    view! {
        <div class="in stack">
            {ending(&process)}
            {process
                .failure
                .clone()
                .filter(|_| process.written.is_none())
                .map(|failure| {
                    let mend = words::begin_again(&failure.cause, failure.condition);
                    view! { <FailureNote failure mend /> }
                })}
            {process
                .written
                .clone()
                .map(|written| {
                    view! {
                        <div class="portrait">
                            <CardThing number=process.card.number.clone() />
                            <WrittenFacts written />
                        </div>
                    }
                })}
        </div>
        <div class="actions">
            <a class="button" href=url>
                "Show the card"
            </a>
            {next.map(|number| view! { <NextCard number /> })}
        </div>
    }
}

fn ending(process: &Process) -> impl IntoView + use<> {
    let number = &process.card.number;
    let state = process.card.state.title().to_lowercase();
    let state = match process.card.interrupted {
        true => format!("still {state}, and interrupted"),
        false => state,
    };
    let (tone, title) = match process.state {
        ProcessState::Completed => (Tone::Good, format!("{number} is now {state}.")),
        ProcessState::Canceled => {
            (Tone::Warn, format!("This process was canceled. {number} is {state}."))
        }
        _ => (Tone::Bad, format!("This process has failed. {number} is {state}.")),
    };
    view! { <Note tone title /> }
}

#[component]
fn WrittenFacts(written: Written) -> impl IntoView {
    let keys = written.keys.iter().map(|key| format!("{}, {}", key.reference, key.algorithm));
    let keys = keys.collect::<Vec<_>>().join("; ");
    view! {
        <dl class="facts">
            <dt>"GUID"</dt>
            <dd class="number">{written.guid}</dd>
            <dt>"Card id"</dt>
            <dd class="number">{written.card_id.to_string()}</dd>
            <dt>"FASC-N"</dt>
            <dd class="number">{written.fasc_n.to_string()}</dd>
            <dt>"Expires on"</dt>
            <dd>{day(&written.expires_on)}</dd>
            <dt>"Management key"</dt>
            <dd>{words::algorithm(written.management_key)}</dd>
            <dt>"Keys"</dt>
            <dd>{if keys.is_empty() { "None".to_owned() } else { keys }}</dd>
            <dt>"PIN and PUK"</dt>
            <dd>"New, in the registry's escrow"</dd>
            <dt>"Work"</dt>
            <dd>
                {count(written.commands as usize, "command")} " on " {written.workstation.0} ", "
                <Moment at=written.at />
            </dd>
        </dl>
    }
}

/// Starts the next card's process where that is enabled, else leads to the card.
#[component]
fn NextCard(number: CardNumber) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let navigate = use_navigate();
    let error = RwSignal::new(None::<RegistryError>);
    let asked = number.clone();
    let card = fetch(move || {
        let number = asked.clone();
        async move { registry.card(&number).await }
    });
    let start = {
        let number = number.clone();
        Callback::new(move |()| {
            let (number, navigate) = (number.clone(), navigate.clone());
            spawn_local(async move {
                match start_process(registry, &number).await {
                    Ok(url) => navigate(&url, NavigateOptions::default()),
                    Err(refused) => drop(error.try_set(Some(refused))),
                }
            });
        })
    };
    let enabled = move || {
        let card = card.answer.get()?.ok()?;
        Some(card.row.commands.contains(&Command::InitializeTemporaryCard))
    };
    let label = format!("Next card: {number}");
    let url = format!("/cards/{}", escape(&number.0));
    view! {
        {move || {
            error.get().map(|error| view! { <p role="alert">{error.to_string()}</p> })
        }}
        {move || {
            let label = label.clone();
            match enabled() {
                None => None,
                Some(true) => {
                    Some(
                        view! {
                            <button type="button" class="button main" on:click=move |_| start.run(())>
                                {label}
                            </button>
                        }
                            .into_any(),
                    )
                }
                Some(false) => {
                    let url = url.clone();
                    Some(view! { <a class="button main" href=url>{label}</a> }.into_any())
                }
            }
        }}
    }
}
