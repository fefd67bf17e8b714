//! Something that is shown once: a code, a password, a PIN.

use leptos::html;
use leptos::prelude::*;
use zeroize::Zeroize;

/// A place of the page for it. It is in the document alone, never in a signal, and gone from there
/// with [`ShownOnce::wipe`] or with the page.
#[derive(Clone, Copy)]
pub(crate) struct ShownOnce {
    element: NodeRef<html::Output>,
    shown: RwSignal<bool>,
}

impl ShownOnce {
    /// A place that is empty.
    pub(crate) fn new() -> Self {
        let place = Self { element: NodeRef::new(), shown: RwSignal::new(false) };
        on_cleanup(move || place.wipe());
        place
    }

    /// Shows it.
    pub(crate) fn show(self, mut value: String) {
        if let Some(element) = self.element.try_get_untracked().flatten() {
            element.set_text_content(Some(&value));
            self.shown.try_set(true);
        }
        value.zeroize();
    }

    /// Shows digits apart from each other, so that they are read, and read out, one by one.
    pub(crate) fn show_digits(self, mut digits: String) {
        let mut apart = String::with_capacity(2 * digits.len());
        for digit in digits.chars() {
            if !apart.is_empty() {
                apart.push('\u{a0}');
            }
            apart.push(digit);
        }
        digits.zeroize();
        self.show(apart);
    }

    /// Takes it out of the page.
    pub(crate) fn wipe(self) {
        if let Some(element) = self.element.try_get_untracked().flatten() {
            element.set_text_content(None);
        }
        self.shown.try_set(false);
    }

    /// Whether it is there to be seen.
    pub(crate) fn is_shown(self) -> bool {
        self.shown.get()
    }
}

/// Where it appears. A screen reader says it by itself.
#[component]
pub(crate) fn Once(
    place: ShownOnce,
    /// What it is.
    label: &'static str,
) -> impl IntoView {
    view! {
        <output
            class="once number"
            class:empty=move || !place.is_shown()
            aria-label=label
            node_ref=place.element
        ></output>
    }
}
