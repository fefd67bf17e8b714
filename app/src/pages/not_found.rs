//! A path that leads nowhere.

use crate::components::PageHead;
use leptos::prelude::*;

/// Says so, and how to go on.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <PageHead title="Page not found" />
        <p>"There is nothing at this address. " <a href="/">"Go to Home"</a> " or " <a href="/search">"search for a card"</a> "."</p>
    }
}
