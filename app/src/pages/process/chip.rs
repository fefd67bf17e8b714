//! *Card and chip*: is this the chip of this card, and can it be encoded?

use super::CancelButton;
use super::driver::Driver;
use super::notices::notice_of;
use crate::components::{CardThing, Check, FailureNote, Note};
use crate::helper::Tone;
use crate::wizard::{Event, Situation};
use crate::words;
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
    let number_is_right = Memo::new(move |_| driver.wizard.with(|wizard| wizard.number_is_right()));
    let can_go_on = Memo::new(move |_| driver.wizard.with(|wizard| wizard.can_go_on()));
    let mine = process.mine;
    let asks_to_erase = Memo::new(move |_| driver.wizard.with(|wizard| wizard.asks_to_erase()));
    let failure = process.failure.clone();
    let begun = (mine && process.card.interrupted && failure.is_none())
        .then_some(move || not_seen_yet(&situation.get()).then(|| view! { <Begun /> }));
    view! {
        <form on:submit=next>
            <div class="in stack">
                {failure
                    .map(|failure| {
                        let mend = match mine {
                            true => words::mend(&failure.cause),
                            false => "Whoever goes on with the process is told what to do.",
                        };
                        view! { <FailureNote failure mend /> }
                    })}
                {begun}
                <div class="match">
                    <CardThing number=process.card.number.clone() />
                    {mine
                        .then(|| {
                            view! {
                                <div
                                    class="link"
                                    class:good=move || {
                                        is_ready(&situation.get()) && number_is_right.get()
                                    }
                                ></div>
                                <Found driver situation number_is_right />
                            }
                        })}
                </div>
                {(mine && process.confirm_number).then(|| view! { <PrintedNumber driver /> })}
                {mine
                    .then(|| {
                        view! {
                            <div aria-live="polite">
                                {move || notice_of(&situation.get(), &process.profile)}
                            </div>
                        }
                    })}
                <Show when=move || asks_to_erase.get()>
                    <EraseQuestion driver />
                </Show>
            </div>
            {mine
                .then(|| {
                    view! {
                        <div class="actions">
                            <CancelButton driver />
                            <button
                                class="button main"
                                class:grave=asks_to_erase
                                disabled=move || !can_go_on.get()
                            >
                                {move || if asks_to_erase.get() { ERASE } else { "Next" }}
                            </button>
                        </div>
                    }
                })}
        </form>
    }
}

/// What *Next* is called where it destroys something.
const ERASE: &str = "Erase and initialize";

/// Whether it is not known yet if the right chip is in the reader.
fn not_seen_yet(situation: &Situation) -> bool {
    !matches!(situation, Situation::Assessed(_))
}

/// Said until the chip says it itself.
#[component]
fn Begun() -> impl IntoView {
    view! {
        <Note tone=Tone::Plain title="An encoding of this card's chip was begun and not finished.">
            <p>
                "Nothing is lost. Put the same chip into the reader: the work goes on where it \
                 stopped, whichever workstation began it."
            </p>
        </Note>
    }
}

/// The operator's yes to erase a chip, which nobody gives by mistake: it is asked for anew for
/// every chip, and every time that the chip is put in.
#[component]
fn EraseQuestion(driver: Driver) -> impl IntoView {
    let checked = Memo::new(move |_| driver.wizard.with(|wizard| wizard.may_be_erased()));
    view! {
        <Check
            name="erase"
            title="Erase this chip"
            hint="I have made sure that nobody needs what is on it."
            checked
            change=Callback::new(move |yes| driver.apply(Event::EraseChosen(yes)))
            grave=true
        />
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
fn Found(
    driver: Driver,
    situation: Memo<Situation>,
    /// Whether the printed number was confirmed, where that is wanted.
    number_is_right: Memo<bool>,
) -> impl IntoView {
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
            <dd>
                {move || {
                    situation
                        .with(|situation| matched_by(situation, number_is_right.get()))
                        .unwrap_or_else(|| "–".to_owned())
                }}
            </dd>
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

/// What ties the chip to the card.
fn matched_by(situation: &Situation, number_is_right: bool) -> Option<String> {
    match situation {
        // A chip that nothing ties to the card becomes its chip by the operator's word.
        Situation::Assessed(found) if found.verdict == Verdict::Ready => {
            let by_word = match number_is_right {
                true => "by the number printed on the card",
                false => "to be confirmed by the number printed on the card",
            };
            Some(found.matched_by.clone().unwrap_or(by_word.into()))
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
