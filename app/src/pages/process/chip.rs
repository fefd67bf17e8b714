//! *Card and chip*: is this the chip of this card, and can it be encoded?

use super::CancelButton;
use super::driver::Driver;
use super::notices::{failure_note, notice_of};
use crate::components::{CardThing, Note};
use crate::helper::Tone;
use crate::wizard::{Event, Situation};
use cardwright_protocol::helper::Slot;
use cardwright_protocol::registry::processes::Verdict;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

/// The first step.
#[component]
pub(crate) fn CardAndChip(driver: Driver) -> impl IntoView {
    let situation = Memo::new(move |_| driver.wizard.with(|wizard| wizard.situation()));
    let process = driver.wizard.with_untracked(|wizard| wizard.process().clone());
    let next = move |event: SubmitEvent| {
        event.prevent_default();
        driver.apply(Event::Next);
    };
    let can_go_on = Memo::new(move |_| driver.wizard.with(|wizard| wizard.can_go_on()));
    let mine = process.mine;
    let foreign = (!mine).then(|| {
        format!("{} started this process. Only they can go on with it; an admin can cancel it on the page of the card.", process.operator)
    });
    view! {
        <form on:submit=next>
            <div class="in stack">
                {foreign.map(|foreign| view! { <Note tone=Tone::Warn title=foreign /> })}
                {process.failure.as_ref().map(failure_note)}
                <div class="match">
                    <CardThing number=process.card.number.clone() />
                    <div class="link" class:good=move || is_ready(&situation.get())></div>
                    {mine.then(|| view! { <Found driver situation /> })}
                </div>
                {(mine && process.confirm_number).then(|| view! { <PrintedNumber driver /> })}
                <div aria-live="polite">
                    {move || mine.then(|| notice_of(&situation.get(), &process.profile)).flatten()}
                </div>
            </div>
            <div class="actions">
                {mine.then(|| view! { <CancelButton driver /> })}
                <button class="button main" disabled=move || !can_go_on.get()>
                    "Next"
                </button>
            </div>
        </form>
    }
}

fn is_ready(situation: &Situation) -> bool {
    match situation {
        Situation::Assessed(found) => {
            matches!(found.verdict, Verdict::Ready | Verdict::Interrupted)
        }
        _ => false,
    }
}

/// Reader, chip, kind and match.
#[component]
fn Found(driver: Driver, situation: Memo<Situation>) -> impl IntoView {
    let readers = Memo::new(move |_| driver.wizard.with(|wizard| wizard.readers()));
    let chosen = Memo::new(move |_| {
        driver.wizard.with(|wizard| wizard.reader().map(|reader| reader.id.clone()))
    });
    let choose = move |event| {
        driver.apply(Event::ReaderChosen(event_target_value(&event).as_str().into()));
    };
    let options = move || {
        let options = readers.get().into_iter().map(|reader| {
            let content = match reader.slot {
                Slot::Empty => " (empty)",
                Slot::Mute | Slot::Chip { .. } => "",
            };
            let id = reader.id.clone();
            view! {
                <option value=reader.id.0 prop:selected=move || chosen.get().as_ref() == Some(&id)>
                    {reader.name}
                    {content}
                </option>
            }
        });
        options.collect_view()
    };
    let reader = move || match readers.with(Vec::len) {
        0 => view! { <span class="soft">"None"</span> }.into_any(),
        1 => readers.with(|readers| readers[0].name.clone()).into_any(),
        _ => view! {
            <select aria-labelledby="reader-label" on:change=choose>
                <option value="" disabled prop:selected=move || chosen.get().is_none()>
                    "Choose the reader…"
                </option>
                {options}
            </select>
        }
        .into_any(),
    };
    let found = move |of: fn(&Situation) -> Option<String>| {
        situation.with(of).unwrap_or_else(|| "–".to_owned())
    };
    view! {
        <dl class="facts">
            <dt id="reader-label">"Reader"</dt>
            <dd>{reader}</dd>
            <dt>"Chip"</dt>
            <dd class="number">{move || found(chip)}</dd>
            <dt>"Kind"</dt>
            <dd>{move || found(kind)}</dd>
            <dt>"Match"</dt>
            <dd>{move || found(matched_by)}</dd>
        </dl>
    }
}

fn chip(situation: &Situation) -> Option<String> {
    match situation {
        Situation::Assessed(found) => found.chip.clone(),
        _ => None,
    }
}

fn kind(situation: &Situation) -> Option<String> {
    match situation {
        Situation::Assessed(found) => Some(found.kind.clone()),
        Situation::Inspecting => Some("Reading the chip…".to_owned()),
        _ => None,
    }
}

fn matched_by(situation: &Situation) -> Option<String> {
    match situation {
        // A chip that nothing ties to the card becomes its chip by the operator's word.
        Situation::Assessed(found) if found.verdict == Verdict::Ready => {
            Some(found.matched_by.clone().unwrap_or("by the number printed on the card".into()))
        }
        Situation::Assessed(found) => found.matched_by.clone(),
        _ => None,
    }
}

/// The field for the number that only the plastic has. A scanner types it and ends with Enter,
/// which is *Next*.
#[component]
fn PrintedNumber(driver: Driver) -> impl IntoView {
    let wrong = Memo::new(move |_| driver.wizard.with(|wizard| wizard.number_is_wrong()));
    let right = Memo::new(move |_| driver.wizard.with(|wizard| wizard.number_is_right()));
    let number = Memo::new(move |_| driver.wizard.with(|wizard| wizard.number().to_owned()));
    let typed = move |event| driver.apply(Event::NumberTyped(event_target_value(&event)));
    view! {
        <div class="confirm stack close">
            <label class="field">
                "Number printed on the card"
                <input
                    class="number"
                    name="printed-number"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    aria-describedby="printed-number-hint"
                    aria-invalid=move || wrong.get().then_some("true")
                    prop:value=number
                    on:input=typed
                />
            </label>
            <p
                id="printed-number-hint"
                class="small soft"
                class:right=right
                class:wrong=wrong
                role="status"
            >
                {move || match (right.get(), wrong.get()) {
                    (true, _) => "It is this card.",
                    (_, true) => "This is not the number of this card. Take the right card.",
                    _ => "Scan it or type it from the card that is in the reader.",
                }}
            </p>
        </div>
    }
}
