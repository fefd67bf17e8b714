//! *Copy*, for what is no secret: the clipboard outlives every page.

use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A line to be copied, with its button where the browser lets a page copy.
#[component]
pub(crate) fn CopyLine(text: String) -> impl IntoView {
    let said = RwSignal::new("");
    let line = text.clone();
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
            said.try_set(match copied {
                Ok(_) => "Copied.",
                Err(_) => "The browser does not let this page copy. Select the line.",
            });
        });
    };
    let can_copy = window().is_secure_context();
    view! {
        <div class="line">
            <code class="number">{line}</code>
            {can_copy
                .then(|| {
                    view! {
                        <button type="button" class="button small" on:click=copy>
                            "Copy"
                        </button>
                    }
                })}
        </div>
        <p class="soft small" role="status">
            {said}
        </p>
    }
}
