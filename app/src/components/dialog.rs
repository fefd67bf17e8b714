//! A question that wants an answer before anything else.

use leptos::html;
use leptos::prelude::*;

/// A modal dialog. The browser keeps focus inside, and closes it by Escape.
#[component]
pub(crate) fn Dialog(
    /// Its heading, which names it.
    #[prop(into)]
    title: String,
    /// Whether it is open.
    #[prop(into)]
    open: Signal<bool>,
    /// Called when the person closes it.
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // It fails only for a dialog that is open or not in the page: nothing to tell anybody.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // The browser tells of a close a moment later: by then the dialog may be open again.
    let close = move || {
        let is_closed = dialog.get_untracked().is_none_or(|dialog| !dialog.open());
        if open.get_untracked() && is_closed {
            on_close.run(());
        }
    };
    let name = title.clone();
    view! {
        <dialog node_ref=dialog aria-label=name on:close=move |_| close()>
            <div class="in">
                <h2>{title}</h2>
                {children()}
            </div>
        </dialog>
    }
}
