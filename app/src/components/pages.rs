//! The foot of a list that has several pages.

use leptos::prelude::*;

/// Which rows these are, and the ways to the others. Nothing for a list without rows.
#[component]
pub(crate) fn Pages(
    /// Such as *26 to 50 of 148*.
    range: Option<String>,
    /// Address of the page before.
    previous: Option<String>,
    /// Address of the page after.
    next: Option<String>,
) -> impl IntoView {
    let step = |title: &'static str, to: Option<String>| match to {
        Some(url) => view! { <a class="button quiet small" href=url>{title}</a> }.into_any(),
        None => {
            view! { <button type="button" class="button quiet small" disabled>{title}</button> }
                .into_any()
        }
    };
    range.map(|range| {
        view! {
            <nav class="foot" aria-label="Pages">
                <span>{range}</span>
                <span>{step("Previous", previous)} {step("Next", next)}</span>
            </nav>
        }
    })
}
