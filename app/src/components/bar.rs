//! The bar above every page.

use crate::helper::Helper;
use crate::registry::Registry;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::session::Me;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wasm_bindgen_futures::spawn_local;

/// Brand, tabs, the workstation and the person. Whoever must choose a password first can do
/// nothing else.
#[component]
pub(crate) fn Bar(me: Me) -> impl IntoView {
    let permissions = if me.must_change_password { vec![] } else { me.permissions };
    let me = Me { permissions, ..me };
    let registry = expect_context::<Registry>();
    let path = use_location().pathname;
    let tab = move |title: &'static str, url: &'static str, below: &'static [&'static str]| {
        let current = move || {
            let path = path.get();
            let here = path == url || below.iter().any(|start| path.starts_with(start));
            here.then_some("page")
        };
        view! { <a href=url aria-current=current>{title}</a> }
    };
    let log_out = move |_| {
        spawn_local(async move {
            // A registry that cannot be reached is told by whatever is asked next.
            let _ = registry.log_out().await;
        });
    };
    view! {
        <header class="bar">
            <a class="skip button" href="#main" rel="external">"Skip to the page"</a>
            <Brand />
            <nav class="tabs" aria-label="Main">
                {tab("Home", "/", &["/workstation", "/accounts", "/audit", "/password"])}
                {me
                    .may(Permission::ReadCards)
                    .then(|| tab("SEARCH", "/search", &["/cards/", "/processes/"]))}
                {me
                    .may(Permission::ConfigureTemplates)
                    .then(|| tab("Admin", "/templates", &["/templates/"]))}
            </nav>
            <div class="desk">
                {me.may(Permission::UseWorkstations).then(|| view! { <Pill /> })}
                <a class="person" href="/password" title="Change password">
                    {me.name}
                    <span class="unseen">": change password"</span>
                </a>
                <button type="button" class="button quiet small" on:click=log_out>
                    "Log out"
                </button>
            </div>
        </header>
    }
}

/// The state of the workstation, for those who use one.
#[component]
fn Pill() -> impl IntoView {
    let helper = expect_context::<Helper>();
    let summary = Memo::new(move |_| helper.link.with(|link| link.summary()));
    view! {
        <a class="pill" href="/workstation">
            <span
                class=move || format!("dot {}", summary.get().0.class())
                aria-hidden="true"
            ></span>
            <span class="unseen">"Workstation: "</span>
            <span role="status">{move || summary.get().1}</span>
        </a>
    }
}

/// The name and its picture, which lead home.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg viewBox="0 0 28 20" aria-hidden="true">
                <rect class="body" width="28" height="20" rx="3.5" />
                <rect class="chip" x="4" y="6" width="8" height="7" rx="1.5" />
                <path class="lines" d="M16 8h8M16 12h5" />
            </svg>
            "Cardwright"
        </a>
    }
}
