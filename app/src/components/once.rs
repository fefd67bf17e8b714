//! Something that is shown once: a code, a password, a PIN.

use cardwright_protocol::secret_text::SecretText;
use leptos::html;
use leptos::prelude::*;

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
    pub(crate) fn show(self, value: &SecretText) {
        if let Some(element) = self.element.try_get_untracked().flatten() {
            element.set_text_content(Some(value.expose()));
            self.shown.try_set(true);
        }
    }

    /// Shows digits apart from each other, so that they are read, and read out, one by one.
    pub(crate) fn show_digits(self, digits: &SecretText) {
        self.show(&apart(digits));
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

/// Digits with a blank that keeps them on one line between each two.
fn apart(digits: &SecretText) -> SecretText {
    const BLANK: char = '\u{a0}';
    let digits = digits.expose();
    // Room for all of it: a text that grows leaves pieces of itself in memory.
    let mut apart = String::with_capacity(digits.len() * (1 + BLANK.len_utf8()));
    for digit in digits.chars() {
        if !apart.is_empty() {
            apart.push(BLANK);
        }
        apart.push(digit);
    }
    SecretText::new(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_one_by_one() {
        assert_eq!(apart(&"4819".into()).expose(), "4\u{a0}8\u{a0}1\u{a0}9");
        assert_eq!(apart(&"".into()).expose(), "");
    }
}
