//! *Take over*: the process of somebody else becomes one's own.

use super::dialog::Dialog;
use super::things::Note;
use crate::helper::Tone;
use crate::registry::Registry;
use crate::trouble::RegistryError;
use cardwright_protocol::registry::processes::Process;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The button, where the registry permits it, and its question.
#[component]
pub(crate) fn TakeOver(
    process: Process,
    /// Called with the process as it is then.
    on_taken: Callback<Process>,
) -> impl IntoView {
    if !process.can_take_over {
        return ().into_any();
    }
    let registry = expect_context::<Registry>();
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<RegistryError>);
    let id = process.id.clone();
    let take_over = move |_| {
        busy.set(true);
        error.set(None);
        let id = id.clone();
        spawn_local(async move {
            let result = registry.take_over(&id).await;
            busy.try_set(false);
            asking.try_set(false);
            match result {
                Ok(process) => drop(on_taken.try_run(process)),
                Err(refused) => drop(error.try_set(Some(refused))),
            }
        });
    };
    let job = match &process.job {
        Some(open) => format!(
            "A job for this card may still run on {}. It is not stopped: if it ends well, it counts \
             and the card is done. If not, put the chip into a reader here; what is done already \
             is not done twice.",
            open.workstation
        ),
        None => "No job runs for it now. A chip that was begun is finished here: what is done \
                 already is not done twice."
            .to_owned(),
    };
    let operator = process.operator;
    view! {
        <div class="row">
            <button type="button" class="button" on:click=move |_| asking.set(true)>
                "Take over"
            </button>
        </div>
        {move || {
            error
                .get()
                .map(|error| {
                    let advice = error.advice();
                    view! { <Note tone=Tone::Bad title=error.to_string() alert=true><p>{advice}</p></Note> }
                })
        }}
        <Dialog
            title="Take over this process?"
            open=asking
            on_close=Callback::new(move |()| asking.set(false))
        >
            <p>
                {format!("It becomes yours; {operator}, who may be at work on it, cannot go on with it.")}
            </p>
            <p>{job}</p>
            <div class="between">
                <button type="button" class="button" on:click=move |_| asking.set(false)>
                    "Leave it"
                </button>
                <button type="button" class="button main" disabled=busy on:click=take_over>
                    "Take over the process"
                </button>
            </div>
        </Dialog>
    }
        .into_any()
}
