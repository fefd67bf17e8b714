//! Small things: the card, a state, a moment, a note.

use crate::helper::Tone;
use crate::words;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::ids::CardNumber;
use leptos::prelude::*;
use web_sys::js_sys::Date;

/// The card as the thing that it is.
#[component]
pub(crate) fn CardThing(number: CardNumber) -> impl IntoView {
    view! {
        <div class="thing">
            <span class="kind">"Temporary card"</span>
            <span class="chip" aria-hidden="true"></span>
            <span class="number">{number.0}</span>
        </div>
    }
}

/// A state as a colored dot with its word, and whether an encoding was begun and not finished.
#[component]
pub(crate) fn StateWord(state: CardState, #[prop(optional)] interrupted: bool) -> impl IntoView {
    view! {
        <span class=format!("state {}", state.name())>
            <span class="dot" aria-hidden="true"></span>
            {state.title()}
            {interrupted.then(|| view! { " " <span class="badge">"interrupted"</span> })}
        </span>
    }
}

/// A moment in the time of this place, such as *20 Nov 2026, 14:02*.
#[component]
pub(crate) fn Moment(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let date = Date::new(&at.as_str().into());
    let day = format!("{}-{}-{}", date.get_full_year(), date.get_month() + 1, date.get_date());
    let time = format!("{:02}:{:02}", date.get_hours(), date.get_minutes());
    let words = match date.get_time().is_nan() {
        true => at.clone(),
        false => format!("{}, {time}", words::day(&day)),
    };
    view! { <time datetime=at>{words}</time> }
}

/// What happened and what to do.
#[component]
pub(crate) fn Note(
    tone: Tone,
    /// The first sentence.
    #[prop(into, optional)]
    title: Option<String>,
    /// Whether a screen reader says it at once.
    #[prop(optional)]
    alert: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class=format!("note {}", tone.class()) role=alert.then_some("alert")>
            {title.map(|title| view! { <strong>{title}</strong> })}
            {children.map(|children| children())}
        </div>
    }
}
