//! Forms: a request on its way, fields, and what is wrong with them.

use super::page::move_focus;
use super::things::Note;
use crate::complaint::Complaint;
use crate::helper::Tone;
use crate::trouble::RegistryError;
use leptos::html;
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

/// A field of one line, with what is wrong with it. It gets the focus when it is complained of.
#[component]
pub(crate) fn TextField(
    label: &'static str,
    /// The form that it belongs to; with the name, it tells the field from all others of the page.
    form: &'static str,
    /// Its name in the request.
    name: &'static str,
    input: NodeRef<html::Input>,
    complaint: RwSignal<Option<Complaint>>,
    /// As in HTML.
    #[prop(default = "text")]
    kind: &'static str,
    /// As in HTML.
    #[prop(default = "off")]
    autocomplete: &'static str,
    #[prop(optional)] max_length: Option<usize>,
    #[prop(optional)] hint: Option<&'static str>,
) -> impl IntoView {
    let id = format!("{form}-{name}-wrong");
    let wrong = wrong_with(complaint, name);
    Effect::new(move |_| {
        if wrong.with(Option::is_some)
            && let Some(input) = input.get_untracked()
        {
            move_focus(&input);
        }
    });
    let is_wrong = move || wrong.with(Option::is_some);
    let described = id.clone();
    view! {
        <div class="entry">
            <label class="field">
                {label}
                <input
                    type=kind
                    name=name
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    maxlength=max_length
                    aria-invalid=move || is_wrong().then_some("true")
                    aria-describedby=move || is_wrong().then(|| described.clone())
                    node_ref=input
                />
                {hint.map(|hint| view! { <span class="hint">{hint}</span> })}
            </label>
            <Wrong id wrong />
        </div>
    }
}

/// What is wrong with a field, below it; nothing for one that is right.
#[component]
pub(crate) fn Wrong(id: String, wrong: Memo<Option<String>>) -> impl IntoView {
    view! {
        <p class="wrong small" id=id role="alert">
            {move || wrong.get()}
        </p>
    }
}

/// What is wrong with one field of a form.
pub(crate) fn wrong_with(
    complaint: RwSignal<Option<Complaint>>,
    name: &'static str,
) -> Memo<Option<String>> {
    Memo::new(move |_| complaint.with(|complaint| complaint.as_ref()?.of_field(name)))
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
