//! Why no helper is connected, and what the person can do about it here.

use super::Note;
use crate::helper::{Away, Candidate, Helper, Tone};
use leptos::prelude::*;

/// Says it, with the buttons that mend it.
#[component]
pub(crate) fn AwayNote(away: Away) -> impl IntoView {
    let tone = if away.wants_click() { Tone::Warn } else { Tone::Bad };
    view! {
        <Note tone title=away.title()>
            <AwayBody away />
        </Note>
    }
}

/// Why and what to do, without the heading.
#[component]
pub(crate) fn AwayBody(away: Away) -> impl IntoView {
    let helper = expect_context::<Helper>();
    let advice = away.advice().into_iter().map(|line| view! { <p>{line}</p> }).collect_view();
    let action = match away {
        Away::Choose(candidates) => view! { <Candidates candidates /> }.into_any(),
        Away::Browser(barrier) if barrier.wants_click() => view! {
            <div class="row">
                <button type="button" class="button main" on:click=move |_| helper.ask_browser()>
                    "Ask the browser"
                </button>
            </div>
        }
        .into_any(),
        _ => ().into_any(),
    };
    view! {
        {advice}
        {action}
    }
}

/// The helpers of this computer, to choose one.
#[component]
fn Candidates(candidates: Vec<Candidate>) -> impl IntoView {
    let helper = expect_context::<Helper>();
    let items = candidates.into_iter().map(|candidate| {
        let id = candidate.id;
        let label = format!("Use {}", candidate.name);
        view! {
            <li class="row">
                <strong>{candidate.name.0}</strong>
                <button
                    type="button"
                    class="button"
                    aria-label=label
                    on:click=move |_| helper.choose(&id)
                >
                    "Use this one"
                </button>
            </li>
        }
    });
    view! { <ul class="stack" role="list">{items.collect_view()}</ul> }
}
