//! Fields of forms. A screen reader says the label as the name of a field, and then what
//! `aria-describedby` names: so hints and complaints stand outside of the label.

use super::page::move_focus;
use crate::complaint::Complaint;
use leptos::html;
use leptos::prelude::*;

/// Longest reason that the registry takes, in characters.
const MAX_REASON_LENGTH: usize = 500;

/// What is said of a field beside its label.
#[derive(Clone, Copy)]
pub(crate) struct Described {
    form: &'static str,
    name: &'static str,
    has_hint: bool,
    complaint: RwSignal<Option<Complaint>>,
    wrong: Memo<Option<String>>,
}

impl Described {
    /// A field without a hint. The form that it belongs to and its name in the request tell it
    /// from all others of the page.
    pub(crate) fn new(
        form: &'static str,
        name: &'static str,
        complaint: RwSignal<Option<Complaint>>,
    ) -> Self {
        let wrong =
            Memo::new(move |_| complaint.with(|complaint| complaint.as_ref()?.of_field(name)));
        Self { form, name, has_hint: false, complaint, wrong }
    }

    /// A field with a [`Hint`].
    pub(crate) fn with_hint(self) -> Self {
        Self { has_hint: true, ..self }
    }

    /// The value of `aria-describedby`: what is wrong, then the hint.
    pub(crate) fn by(self) -> Option<String> {
        let wrong = self.wrong.with(Option::is_some).then(|| self.id("wrong"));
        let hint = self.has_hint.then(|| self.id("hint"));
        let ids: Vec<_> = wrong.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// The value of `aria-invalid`.
    pub(crate) fn invalid(self) -> Option<&'static str> {
        self.wrong.with(Option::is_some).then_some("true")
    }

    /// The field is not any more what was complained of.
    pub(crate) fn is_changed(self) {
        if self.wrong.with_untracked(Option::is_some) {
            self.complaint.set(None);
        }
    }

    /// Does this each time that the field is complained of: its focus is to go there.
    fn at_complaint(self, focus: impl Fn() + 'static) {
        Effect::new(move |_| {
            self.complaint.track();
            if self.wrong.with_untracked(Option::is_some) {
                focus();
            }
        });
    }

    fn id(self, what: &str) -> String {
        format!("{}-{}-{what}", self.form, self.name)
    }
}

/// A field of one line, with what is wrong with it. It gets the focus when it is complained of.
#[component]
pub(crate) fn TextField(
    label: &'static str,
    /// As in [`Described::new`].
    form: &'static str,
    /// As in [`Described::new`].
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
    let field = Described::new(form, name, complaint);
    let field = if hint.is_some() { field.with_hint() } else { field };
    field.at_complaint(move || {
        if let Some(input) = input.get_untracked() {
            move_focus(&input);
        }
    });
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
                    aria-invalid=move || field.invalid()
                    aria-describedby=move || field.by()
                    on:input=move |_| field.is_changed()
                    node_ref=input
                />
            </label>
            {hint.map(|hint| view! { <Hint field>{hint}</Hint> })}
            <Wrong field />
        </div>
    }
}

/// The field for the reason of something that is recorded. It gets the focus when it is complained
/// of.
#[component]
pub(crate) fn ReasonField(
    /// As in [`Described::new`].
    form: &'static str,
    reason: NodeRef<html::Textarea>,
    complaint: RwSignal<Option<Complaint>>,
) -> impl IntoView {
    let field = Described::new(form, "reason", complaint);
    field.at_complaint(move || {
        if let Some(reason) = reason.get_untracked() {
            move_focus(&reason);
        }
    });
    view! {
        <div class="entry">
            <label class="field">
                "Reason"
                <textarea
                    name="reason"
                    required
                    maxlength=MAX_REASON_LENGTH
                    aria-invalid=move || field.invalid()
                    aria-describedby=move || field.by()
                    on:input=move |_| field.is_changed()
                    node_ref=reason
                ></textarea>
            </label>
            <Wrong field />
        </div>
    }
}

/// The reason that was typed; where it is blank, none, and that is complained of.
pub(crate) fn typed_reason(
    reason: NodeRef<html::Textarea>,
    complaint: RwSignal<Option<Complaint>>,
) -> Option<String> {
    let typed = reason.get_untracked()?.value().trim().to_owned();
    if typed.is_empty() {
        complaint.set(Some(Complaint::at("reason", "Say why: it is recorded.")));
        return None;
    }
    Some(typed)
}

/// What is to be known of a field, below it.
#[component]
pub(crate) fn Hint(
    /// One that is said to be with a hint.
    field: Described,
    children: Children,
) -> impl IntoView {
    view! {
        <p class="hint" id=field.id("hint")>
            {children()}
        </p>
    }
}

/// What is wrong with a field, below it; nothing for one that is right.
#[component]
pub(crate) fn Wrong(field: Described) -> impl IntoView {
    view! {
        <p class="wrong small" id=field.id("wrong") role="alert">
            {move || field.wrong.get()}
        </p>
    }
}

/// A box to tick: what it is called, which is its name, and below it what ticking means.
#[component]
pub(crate) fn Check(
    /// Tells it from all else on the page.
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    #[prop(into)] checked: Signal<bool>,
    change: Callback<bool>,
    /// Whether it permits something that cannot be undone.
    #[prop(optional)]
    grave: bool,
) -> impl IntoView {
    let (title_id, hint_id) = (format!("{name}-title"), format!("{name}-hint"));
    view! {
        <label class="check" class:grave=grave>
            <input
                type="checkbox"
                name=name
                aria-labelledby=title_id.clone()
                aria-describedby=hint_id.clone()
                prop:checked=checked
                on:change=move |event| change.run(event_target_checked(&event))
            />
            <span>
                <span id=title_id class="title">
                    {title}
                </span>
                <br />
                <span id=hint_id class="soft small">
                    {hint}
                </span>
            </span>
        </label>
    }
}
