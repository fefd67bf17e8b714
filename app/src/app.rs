//! The whole app: what lasts longer than a page, and which page a path shows.

use crate::components::{Bar, Note};
use crate::courier::Courier;
use crate::helper::{Helper, Tone};
use crate::leaving::{Leaving, LeavingQuestion};
use crate::pages::{
    AccountPage, AccountsPage, AuditLogPage, CardPage, HomePage, LoginPage, NotFoundPage,
    PasswordPage, ProcessPage, SearchPage, TemplatePage, TemplatesPage, WorkstationPage,
    WorkstationsPage,
};
use crate::registry::{Registry, Who};
use crate::search::escape;
use crate::way_back::login_address;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::session::Me;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::path;
use wasm_bindgen_futures::spawn_local;

/// Where a password is changed: the only page of somebody who must.
const PASSWORD_PAGE: &str = "/password";

/// The app.
#[component]
pub fn App() -> impl IntoView {
    let registry = Registry::new();
    let helper = Helper::new();
    provide_context(registry);
    provide_context(helper);
    provide_context(Courier::start(registry, helper));
    let leaving = Leaving::new();
    provide_context(leaving);

    spawn_local(registry.find_out_who());
    // Whoever logs in next has tickets of their own.
    let desk = Memo::new(move |_| match registry.who.get() {
        Who::Person(me) if !me.must_change_password => {
            let permitted = me.may(Permission::UseWorkstations);
            Some((me.name, permitted.then_some(me.helper_ports)))
        }
        _ => None,
    });
    Effect::new(move |_| match desk.get() {
        Some((_, Some(ports))) => helper.connect(registry, ports),
        Some((_, None)) => helper.forbid(),
        None => helper.disconnect(),
    });

    on_cleanup(move || helper.disconnect());

    view! {
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/login") view=LoginPage />
                <ParentRoute path=path!("") view=Frame>
                    <Route path=path!("/") view=HomePage />
                    <Route path=path!("/search") view=SearchPage />
                    <Route path=path!("/cards/:number") view=CardPage />
                    <Route path=path!("/processes/:id") view=ProcessPage />
                    <Route path=path!("/templates") view=TemplatesPage />
                    <Route path=path!("/templates/:name") view=TemplatePage />
                    <Route path=path!("/workstation") view=WorkstationPage />
                    <Route path=path!("/workstations") view=WorkstationsPage />
                    <Route path=path!("/accounts") view=AccountsPage />
                    <Route path=path!("/accounts/:name") view=AccountPage />
                    <Route path=path!("/password") view=PasswordPage />
                    <Route path=path!("/audit") view=AuditLogPage />
                    <Route path=path!("/*any") view=NotFoundPage />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// What is around every page of somebody who is logged in. Nobody else sees more than the way to
/// the login.
#[component]
fn Frame() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let leaving = expect_context::<Leaving>();
    let (navigate, change_password) = (use_navigate(), use_navigate());
    let location = use_location();
    let here = move || {
        let (path, query) = (location.pathname.get_untracked(), location.search.get_untracked());
        if query.is_empty() { path } else { format!("{path}?{query}") }
    };
    // Whose page this was, so that the login leads nobody else back to it.
    Effect::new(move |last: Option<Option<String>>| {
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        let last = last.flatten();
        match registry.who.get() {
            Who::Person(me) => return Some(me.name),
            Who::Nobody => navigate(&login_address(&here(), last.as_deref()), options),
            Who::LoggedOut => navigate("/login", options),
            Who::Unknown | Who::Unreachable(_) => {}
        }
        last
    });
    let must_change = Memo::new(move |_| {
        registry.who.with(|who| matches!(who, Who::Person(me) if me.must_change_password))
    });
    Effect::new(move |_| {
        if must_change.get() && location.pathname.get() != PASSWORD_PAGE {
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            let page = match here().as_str() {
                "/" => PASSWORD_PAGE.to_owned(),
                here => format!("{PASSWORD_PAGE}?to={}", escape(here)),
            };
            change_password(&page, options);
        }
    });
    let me = Memo::new(move |_| match registry.who.get() {
        Who::Person(me) => Some(me),
        Who::Unknown | Who::Nobody | Who::LoggedOut | Who::Unreachable(_) => None,
    });
    let page = move |me: Me| {
        view! {
            <div on:click=move |event| leaving.at_click(&event)>
                <Bar me />
                <main id="main" tabindex="-1">
                    <Outlet />
                </main>
            </div>
            <LeavingQuestion leaving />
        }
    };
    move || match me.get() {
        Some(me) => page(me).into_any(),
        None => view! { <Nobody /> }.into_any(),
    }
}

/// While it is not known who is at the desk.
#[component]
fn Nobody() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let retry = move |_| spawn_local(registry.find_out_who());
    view! {
        <main>
            {move || match registry.who.get() {
                Who::Unreachable(error) => {
                    let advice = error.advice();
                    view! {
                        <Note tone=Tone::Bad title=error.to_string() alert=true>
                            <p>{advice}</p>
                            <div class="row">
                                <button type="button" class="button" on:click=retry>
                                    "Try again"
                                </button>
                            </div>
                        </Note>
                    }
                        .into_any()
                }
                _ => view! { <p class="quietly waiting" role="status">"Loading…"</p> }.into_any(),
            }}
        </main>
    }
}
