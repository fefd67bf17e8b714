//! Forms: a request on its way, and what is wrong with the form as a whole.

use super::things::Note;
use crate::complaint::Complaint;
use crate::helper::Tone;
use crate::trouble::RegistryError;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// What a form or a button asks of the registry.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    /// Whether it is on its way.
    pub(crate) busy: RwSignal<bool>,
    /// Why it was not done.
    pub(crate) complaint: RwSignal<Option<Complaint>>,
}

impl Sending {
    /// Nothing was asked yet.
    pub(crate) fn new() -> Self {
        Self { busy: RwSignal::new(false), complaint: RwSignal::new(None) }
    }

    /// Asks, unless something is on its way; `done` is called where it went well and the page is
    /// still there.
    pub(crate) fn send<T: 'static>(
        self,
        ask: impl Future<Output = Result<T, RegistryError>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.complaint.set(None);
        spawn_local(async move {
            let result = ask.await;
            let page_is_gone = self.busy.try_set(false).is_some();
            match result {
                _ if page_is_gone => {}
                Ok(answer) => done(answer),
                Err(error) => self.complaint.set(Some(error.into())),
            }
        });
    }
}

/// What is wrong with a form as a whole.
#[component]
pub(crate) fn FormNote(
    complaint: RwSignal<Option<Complaint>>,
    /// Fields that say themselves what is wrong with them.
    #[prop(optional)]
    fields: &'static [&'static str],
) -> impl IntoView {
    move || {
        let (title, advice) =
            complaint.with(|complaint| complaint.as_ref().and_then(|it| it.of_form(fields)))?;
        let advice = (!advice.is_empty()).then(|| view! { <p>{advice}</p> });
        Some(view! { <Note tone=Tone::Bad title alert=true>{advice}</Note> })
    }
}
