//! A command of a list *What do you want to do?*.

use leptos::prelude::*;

/// A button with what it is called and, below, what it does.
#[component]
pub(crate) fn CommandButton(
    #[prop(into)] title: String,
    #[prop(into)] what: String,
    /// Tells what it does from all else on the page.
    id: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
    click: Callback<()>,
) -> impl IntoView {
    let name = title.clone();
    view! {
        <button
            type="button"
            disabled=disabled
            aria-label=name
            aria-describedby=id
            on:click=move |_| click.run(())
        >
            <strong>{title}</strong>
            <span id=id class="small soft">
                {what}
            </span>
        </button>
    }
}
