//! Asks before a page with unsaved changes is left: by a link, by back and forward, or by closing
//! the tab.

use crate::components::Dialog;
use leptos::ev::{self, MouseEvent};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement};

/// Whether the open page may be left, and where the person wants to go.
#[derive(Clone, Copy)]
pub(crate) struct Leaving {
    /// The open page and whether it has unsaved changes.
    unsaved: RwSignal<Option<Unsaved>>,
    wish: RwSignal<Option<String>>,
}

#[derive(Clone)]
struct Unsaved {
    path: String,
    url: String,
}

impl Leaving {
    /// Listens to everything that leaves a page. To be called before the router is made: its own
    /// listeners must come after these, which can then keep an event from it.
    pub(crate) fn new() -> Self {
        let leaving = Self { unsaved: RwSignal::new(None), wish: RwSignal::new(None) };
        let closing = window_event_listener(ev::beforeunload, move |event| {
            if leaving.unsaved.with_untracked(Option::is_some) {
                event.prevent_default();
            }
        });
        let moving = window_event_listener(ev::popstate, move |event| {
            let Some(unsaved) = leaving.unsaved.get_untracked() else { return };
            let location = window().location();
            let (path, query) = (location.pathname(), location.search());
            let (Ok(path), Ok(query)) = (path, query) else { return };
            if path == unsaved.path {
                return;
            }
            event.stop_immediate_propagation();
            // The browser has gone already: its address is put back.
            if let Ok(history) = window().history() {
                let state = web_sys::wasm_bindgen::JsValue::NULL;
                let _ = history.push_state_with_url(&state, "", Some(&unsaved.url));
            }
            leaving.wish.set(Some(path + &query));
        });
        on_cleanup(move || {
            closing.remove();
            moving.remove();
        });
        leaving
    }

    /// The open page has unsaved changes, or has none any more.
    pub(crate) fn mark(self, unsaved: bool) {
        let location = window().location();
        let page = location.pathname().ok().filter(|_| unsaved).map(|path| Unsaved {
            url: path.clone() + &location.search().unwrap_or_default(),
            path,
        });
        self.unsaved.set(page);
    }

    /// To be asked at every click, before the router sees it.
    pub(crate) fn at_click(self, event: &MouseEvent) {
        let Some(unsaved) = self.unsaved.get_untracked() else { return };
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
        let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) else {
            return;
        };
        if link.pathname() != unsaved.path {
            event.prevent_default();
            self.wish.set(Some(link.pathname() + &link.search()));
        }
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
        leaving.unsaved.set(None);
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
