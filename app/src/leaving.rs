//! Asks before a page with unsaved changes is left: by a link, by back and forward, or by closing
//! the tab.

use crate::components::Dialog;
use leptos::ev::{self, MouseEvent};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement};

/// Whether the open page may be left, and where the person wants to go.
#[derive(Clone, Copy)]
pub(crate) struct Leaving {
    page: StoredValue<Option<Page>>,
    wish: RwSignal<Option<String>>,
}

/// A page that may have unsaved changes.
#[derive(Clone, Copy)]
struct Page {
    unsaved: Memo<bool>,
    /// Path and query, as the router has them: it learns of a move later than the browser.
    location: (Memo<String>, Memo<String>),
}

impl Leaving {
    /// Listens to everything that leaves a page. To be called before the router is made: its own
    /// listeners must come after these, which can then keep an event from it.
    pub(crate) fn new() -> Self {
        let leaving = Self { page: StoredValue::new(None), wish: RwSignal::new(None) };
        let closing = window_event_listener(ev::beforeunload, move |event| {
            if leaving.unsaved_page().is_some() {
                event.prevent_default();
            }
        });
        let moving = window_event_listener(ev::popstate, move |event| {
            let Some((path, query)) = leaving.unsaved_page() else { return };
            let location = window().location();
            let (Ok(new_path), Ok(new_query)) = (location.pathname(), location.search()) else {
                return;
            };
            if new_path == path {
                return;
            }
            event.stop_immediate_propagation();
            // The browser has gone already: its address is put back.
            if let Ok(history) = window().history() {
                let url = if query.is_empty() { path } else { format!("{path}?{query}") };
                let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&url));
            }
            leaving.wish.set(Some(new_path + &new_query));
        });
        on_cleanup(move || {
            closing.remove();
            moving.remove();
        });
        leaving
    }

    /// Asks before the page that calls this is left while `unsaved` holds.
    pub(crate) fn guard(self, unsaved: Memo<bool>) {
        let location = use_location();
        let page = Page { unsaved, location: (location.pathname, location.search) };
        self.page.set_value(Some(page));
        on_cleanup(move || {
            self.page.try_set_value(None);
        });
    }

    /// To be asked at every click, before the router sees it.
    pub(crate) fn at_click(self, event: &MouseEvent) {
        let Some((path, _)) = self.unsaved_page() else { return };
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
        let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) else {
            return;
        };
        if link.pathname() != path {
            event.prevent_default();
            self.wish.set(Some(link.pathname() + &link.search()));
        }
    }

    /// Path and query of the open page, where it has unsaved changes.
    fn unsaved_page(self) -> Option<(String, String)> {
        let page = self.page.get_value().filter(|page| page.unsaved.get_untracked())?;
        Some((page.location.0.get_untracked(), page.location.1.get_untracked()))
    }
}

/// The question, where it has to be asked.
#[component]
pub(crate) fn LeavingQuestion(leaving: Leaving) -> impl IntoView {
    let navigate = use_navigate();
    let open = Signal::derive(move || leaving.wish.with(Option::is_some));
    let stay = move || leaving.wish.set(None);
    let leave = StoredValue::new(move || {
        let Some(url) = leaving.wish.get_untracked() else { return };
        leaving.wish.set(None);
        leaving.page.set_value(None);
        navigate(&url, NavigateOptions::default());
    });
    view! {
        <Dialog title="Unsaved changes" open on_close=Callback::new(move |()| stay())>
            <p>"The changes on this page are not saved. Leave it and lose them?"</p>
            <div class="between">
                <button type="button" class="button" on:click=move |_| stay()>
                    "Stay here"
                </button>
                <button
                    type="button"
                    class="button main"
                    on:click=move |_| leave.with_value(|leave| leave())
                >
                    "Leave without saving"
                </button>
            </div>
        </Dialog>
    }
}
