//! The verbs that the stories are told in.

use crate::fakes::{asked, begin, heads, json, run};
use cardwright_app::App;
use gloo_timers::future::TimeoutFuture;
use leptos::mount::{UnmountHandle, mount_to};
use leptos::prelude::*;
use std::any::Any;
use std::cell::Cell;
use std::sync::mpsc;
use web_sys::js_sys::Date;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventInit, HtmlElement, HtmlInputElement, HtmlSelectElement};

/// How often somebody looks at the page, in milliseconds.
const GLANCE: u32 = 10;

/// How long somebody waits before giving up, in milliseconds. The app itself makes pauses of five
/// seconds, and on a busy computer everything takes longer; only a story that fails waits so long.
const PATIENCE: f64 = 60_000.0;

/// Somebody in front of the app. Dropping them closes it.
pub(crate) struct Person {
    root: HtmlElement,
}

/// An app on the page. Dropping it closes it.
struct Open {
    root: HtmlElement,
    /// What the app's signals, effects and connections belong to.
    owner: Owner,
    _app: Box<dyn Any>,
}

thread_local! {
    /// The app of the story that is told, outside of it: a story that fails drops nothing.
    static OPEN: Cell<Option<Open>> = const { Cell::new(None) };
}

/// Makes registry and helper anew; nobody answers anything yet. Closes what a story that failed
/// left open: it would speak with the next one's registry and helper.
pub(crate) fn curtain() {
    OPEN.take();
    begin();
}

impl Person {
    /// Opens the app at a path.
    pub(crate) fn opens(path: &str) -> Self {
        run(&format!("history.pushState(null, '', {})", json(&path)));
        let root: HtmlElement =
            document().create_element("div").expect("a div").dyn_into().expect("a div");
        document().body().expect("a page has a body").append_child(&root).expect("appended");
        let (owner, mounted_in) = mpsc::channel();
        let app: UnmountHandle<_> = mount_to(root.clone(), move || {
            owner.send(Owner::current().expect("mounted in an owner")).expect("it is waited for");
            App()
        });
        let owner = mounted_in.try_recv().expect("it was mounted");
        OPEN.set(Some(Open { root: root.clone(), owner, _app: Box::new(app) }));
        Self { root }
    }

    /// Waits until the page shows a text.
    pub(crate) async fn sees(&self, text: &str) {
        self.waits_until(&format!("the page shows “{text}”"), || {
            self.root.inner_text().contains(text)
        })
        .await;
    }

    /// Waits until the page does not show a text any more.
    pub(crate) async fn sees_no(&self, text: &str) {
        self.waits_until(&format!("the page does not show “{text}”"), || {
            !self.root.inner_text().contains(text)
        })
        .await;
    }

    /// Waits until nothing that the browser has of the page holds a text: the document, fields,
    /// storages, the address.
    pub(crate) async fn finds_no_trace_of(&self, text: &str) {
        let traces = || run("fakes.traces()").as_string().expect("it is a text");
        self.waits_until(&format!("nothing holds “{text}”"), || !traces().contains(text)).await;
    }

    /// Waits until the address is this.
    pub(crate) async fn is_at(&self, address: &str) {
        self.waits_until(&format!("the address is {address}"), || Self::address() == address).await;
    }

    /// Waits until the registry or the helper was asked exactly this.
    pub(crate) async fn has_asked(&self, request: &str) {
        self.waits_until(request, || asked(request).iter().any(|asked| asked == request)).await;
    }

    /// Path and query of the page.
    pub(crate) fn address() -> String {
        run("location.pathname + location.search").as_string().expect("it is a text")
    }

    /// Clicks the button or link with exactly this text, once it is there and enabled.
    pub(crate) async fn clicks(&self, text: &str) {
        self.finds(text).await;
        self.control(text).expect("it was there").click();
    }

    /// Presses Escape, which closes the open dialog.
    pub(crate) fn presses_escape(&self) {
        run("document.querySelector('dialog[open]').requestClose()");
    }

    /// Waits until the button or link with exactly this text can be clicked.
    pub(crate) async fn finds(&self, text: &str) {
        self.waits_until(&format!("“{text}” can be clicked"), || self.control(text).is_some())
            .await;
    }

    /// Whether the button or link with this text can be clicked now.
    pub(crate) fn can_click(&self, text: &str) -> bool {
        self.control(text).is_some()
    }

    /// Types into the field with this label.
    pub(crate) async fn types(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        match field.dyn_ref::<HtmlInputElement>() {
            Some(input) => input.set_value(text),
            None => field
                .dyn_ref::<web_sys::HtmlTextAreaElement>()
                .expect("a field is an input or a textarea")
                .set_value(text),
        }
        happen(&field, "input");
    }

    /// Ticks the box with this label, or takes the tick away.
    pub(crate) async fn ticks(&self, label: &str) {
        self.field(label).await.unchecked_into::<HtmlElement>().click();
    }

    /// Chooses from the drop-down with this label.
    pub(crate) async fn chooses(&self, label: &str, option: &str) {
        let field: HtmlSelectElement =
            self.field(label).await.dyn_into().expect("the label is of a drop-down");
        let wanted = || {
            let mut options = all(&field, "option").into_iter();
            options.find(|it| it.text_content().is_some_and(|it| it == option))
        };
        self.waits_until(&format!("there is an option “{option}”"), || wanted().is_some()).await;
        let value = wanted().expect("it was there").get_attribute("value");
        field.set_value(&value.unwrap_or_default());
        happen(&field, "change");
    }

    /// What the field with this label has now.
    pub(crate) async fn typed(&self, label: &str) -> String {
        self.field(label).await.unchecked_into::<HtmlInputElement>().value()
    }

    /// The value that the drop-down with this label has now.
    pub(crate) async fn chosen(&self, label: &str) -> String {
        self.field(label).await.unchecked_into::<HtmlSelectElement>().value()
    }

    /// What a screen reader says of each field that can be reached: its name, then after a colon
    /// what describes it, and whether it is wrong.
    pub(crate) fn fields(&self) -> Vec<String> {
        let all = run("fakes.fields()").as_string().expect("it is a text");
        serde_json::from_str(&all).expect("it is a list of texts")
    }

    /// The texts of all elements that a selector finds.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let found = all(&self.root, selector).into_iter();
        found.map(|it| it.unchecked_into::<HtmlElement>().inner_text().trim().to_owned()).collect()
    }

    /// Waits until an element of this name has the focus, such as `H1`.
    pub(crate) async fn has_focus_on(&self, name: &str) {
        let has_it = || document().active_element().is_some_and(|it| it.tag_name() == name);
        self.waits_until(&format!("the focus is on {name}"), has_it).await;
    }

    /// Waits until these are the texts of all elements that a selector finds.
    pub(crate) async fn sees_texts(&self, selector: &str, texts: &[&str]) {
        let what = format!("{selector} has {texts:?}");
        self.waits_until(&what, || self.texts(selector) == texts).await;
    }

    async fn field(&self, label: &str) -> Element {
        let find = || {
            // What is behind a dialog, or in one that is closed, cannot be reached.
            let labels = all(&self.reachable(), "label").into_iter();
            let mut labels = labels.filter(|it| {
                let visible = it.unchecked_ref::<HtmlElement>().offset_parent().is_some();
                let text = it.text_content().unwrap_or_default();
                visible && text.trim_start().starts_with(label)
            });
            labels.find_map(|it| it.query_selector("input, select, textarea").ok().flatten())
        };
        self.waits_until(&format!("there is a field “{label}”"), || find().is_some()).await;
        find().expect("it was there")
    }

    fn reachable(&self) -> Element {
        let dialog = self.root.query_selector("dialog[open]").ok().flatten();
        dialog.unwrap_or_else(|| self.root.clone().into())
    }

    fn control(&self, text: &str) -> Option<HtmlElement> {
        // What is behind a dialog cannot be reached.
        let controls = all(&self.reachable(), "a, button").into_iter();
        let mut controls = controls.map(|it| it.unchecked_into::<HtmlElement>());
        controls.find(|it| {
            let label = it.get_attribute("aria-label");
            let visible = it.offset_parent().is_some();
            let first = it.query_selector("strong").ok().flatten().and_then(|it| it.text_content());
            let named = it.inner_text().trim().lines().next() == Some(text)
                || label.as_deref() == Some(text)
                || first.as_deref() == Some(text);
            visible && named && !it.has_attribute("disabled")
        })
    }

    /// Waits until the registry or the helper was asked so often for something that begins so, and
    /// not more.
    pub(crate) async fn has_asked_times(&self, start: &str, times: usize) {
        let what = format!("{start}, {times} times");
        self.waits_until(&what, || asked(start).len() >= times).await;
        assert_eq!(asked(start).len(), times, "{start}");
    }

    /// Waits until the registry or the helper was asked something that begins so.
    pub(crate) async fn has_asked_like(&self, start: &str) {
        self.waits_until(start, || !asked(start).is_empty()).await;
    }

    /// Waits until something is so.
    pub(crate) async fn waits_until(&self, what: &str, condition: impl Fn() -> bool) {
        // Not the page's own clock, which stories turn on.
        let begun = Date::now();
        while Date::now() - begun < PATIENCE {
            if condition() {
                return;
            }
            TimeoutFuture::new(GLANCE).await;
        }
        let (address, page) = (Self::address(), self.root.inner_text());
        panic!("never: {what}, at {address}:\n{page}\nAsked:\n{}", heads());
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        OPEN.take();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Whatever still runs may hold the owner: it would go on, and connect to the next story's
        // helper.
        self.owner.cleanup();
        run("fakes.forgetListeners()");
        self.root.remove();
    }
}

fn all(root: &Element, selector: &str) -> Vec<Element> {
    let found = root.query_selector_all(selector).expect("the selector is right");
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

fn happen(element: &Element, name: &str) {
    let options = EventInit::new();
    options.set_bubbles(true);
    let event = Event::new_with_event_init_dict(name, &options).expect("an event");
    element.dispatch_event(&event).expect("dispatched");
}
