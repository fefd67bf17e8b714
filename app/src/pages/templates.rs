//! *Cards*: the templates that an admin configures.

use crate::components::{Crumb, PageHead, Waiting, fetch};
use crate::registry::Registry;
use crate::search::escape;
use crate::words::count;
use leptos::prelude::*;

/// The list of templates.
#[component]
pub(crate) fn TemplatesPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let templates = fetch(move || registry.templates());
    let list = move || {
        let templates = templates.answer.get()?.ok()?;
        let items = templates.into_iter().map(|template| {
            view! {
                <li>
                    <a class="panel" href=format!("/templates/{}", escape(&template.name))>
                        <strong>{template.title}</strong>
                        <span class="soft">{count(template.cards as usize, "card")}</span>
                    </a>
                </li>
            }
        });
        Some(view! { <ul class="choices">{items.collect_view()}</ul> })
    };
    view! {
        <PageHead title="Cards" crumbs=vec![Crumb::link("Home", "/"), Crumb::name("Cards")] />
        <Waiting fetched=templates />
        {list}
    }
}
