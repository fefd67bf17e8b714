//! *Home*: what this person can do.

use crate::components::{Note, PageHead};
use crate::helper::Helper;
use crate::registry::Registry;
use cardwright_protocol::domain::Permission;
use leptos::prelude::*;

/// The ways from here, and the state of the workstation.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let helper = expect_context::<Helper>();
    let summary = Memo::new(move |_| helper.link.with(|link| link.summary()));
    let choice = |title: &'static str, url: &'static str, what: &'static str| {
        view! {
            <li>
                <a class="panel" href=url>
                    <strong>{title}</strong>
                    <span class="soft">{what}</span>
                </a>
            </li>
        }
    };
    view! {
        <PageHead title="Home" />
        <ul class="choices">
            {registry
                .may(Permission::ReadCards)
                .then(|| choice("Search", "/search", "Find cards by state, number, order or chip"))}
            {registry
                .may(Permission::ConfigureTemplates)
                .then(|| choice("Cards", "/templates", "What operators can do with cards, per state"))}
            {choice("Workstation", "/workstation", "Helper, readers and what is in them")}
        </ul>
        {move || {
            let (tone, words) = summary.get();
            view! {
                <Note tone>
                    <p>
                        "This workstation: " <strong>{words}</strong> ". "
                        <a href="/workstation">"More about it"</a>
                    </p>
                </Note>
            }
        }}
    }
}
