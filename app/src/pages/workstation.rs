//! The state of everything between the page and the chip, and how to mend each part.

use crate::components::{Note, PageHead};
use crate::courier::{Courier, stuck_words};
use crate::helper::{Helper, Link, Tone};
use crate::trouble::RegistryError;
use crate::words::count;
use cardwright_protocol::helper::{Reader, Service, Slot};
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::js_sys::{Object, Reflect};
use web_sys::wasm_bindgen::JsCast;
use web_sys::{PermissionState, PermissionStatus};

/// What the browser says about the way from this page to 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Browser {
    /// The page itself comes from this computer.
    NotNeeded,
    /// Asked, no answer yet.
    Asking,
    Granted,
    /// The browser will ask the person.
    WillAsk,
    Denied,
    /// The browser knows no such permission.
    Unknown,
    /// The page came over plain http from elsewhere: no browser can permit it.
    Insecure,
}

/// The page.
#[component]
pub(crate) fn WorkstationPage() -> impl IntoView {
    let helper = expect_context::<Helper>();
    let courier = expect_context::<Courier>();
    let browser = RwSignal::new(Browser::Asking);
    spawn_local(async move {
        browser.try_set(find_out_browser().await);
    });
    view! {
        <PageHead title="Workstation" />
        <section class="panel">
            <header>
                <h2>"From this page to the chip"</h2>
            </header>
            <ul class="parts">
                {move || part(browser_words(browser.get()))}
                {move || helper.link.with(|link| part(helper_words(link)))}
                {move || helper.link.with(|link| service_words(link).map(part))}
                {move || {
                    let stuck = courier.stuck.with(|stuck| stuck.values().next().cloned());
                    helper.link.with(|link| results_words(link, stuck.as_ref()).map(part))
                }}
            </ul>
        </section>
        <section class="panel">
            <header>
                <h2>"Readers"</h2>
            </header>
            {move || helper.link.with(readers)}
        </section>
        <Note tone=Tone::Plain>
            <p>"This page notices by itself when something is mended."</p>
        </Note>
    }
}

/// A part: how it is, what it is called, what is said of it, and the mend.
type Part = (Tone, String, String, &'static str);

fn part((tone, name, words, mend): Part) -> impl IntoView {
    view! {
        <li>
            <span class=format!("dot {}", tone.class()) aria-hidden="true"></span>
            <div>
                <strong>{name}</strong>
                <p>{words}</p>
                {(!mend.is_empty()).then(|| view! { <p class="mend">{mend}</p> })}
            </div>
        </li>
    }
}

fn browser_words(browser: Browser) -> Part {
    let (tone, words, mend) = match browser {
        Browser::NotNeeded => (Tone::Good, "No permission is needed here.", ""),
        Browser::Asking => (Tone::Plain, "Asking the browser…", ""),
        Browser::Granted => (Tone::Good, "This page may speak to the helper.", ""),
        Browser::WillAsk => (
            Tone::Warn,
            "The browser asks whether this page may reach programs on this computer.",
            "Choose “Allow” when it asks.",
        ),
        Browser::Denied => (
            Tone::Bad,
            "The browser does not let this page reach the helper.",
            "Open the site settings beside the address, allow access to programs on this \
             computer, then reload the page.",
        ),
        Browser::Unknown => (
            Tone::Plain,
            "The browser says nothing about it.",
            "If the helper runs and is not found, use a current Chrome, Edge or Firefox.",
        ),
        Browser::Insecure => (
            Tone::Bad,
            "This page came over plain http from another computer. Browsers keep such pages from \
             the helper.",
            "Open the registry by its https address.",
        ),
    };
    (tone, "Browser permission".into(), words.into(), mend)
}

fn helper_words(link: &Link) -> Part {
    const START: &str = "Start the helper on this workstation. If it runs: does the browser permit \
                         the connection, and does another person on this computer run a helper?";
    let (tone, words, mend) = match link {
        Link::Searching => (Tone::Plain, "Looking for it…".into(), ""),
        Link::Absent => (Tone::Bad, "No helper answers.".into(), START),
        Link::Refused(error) => {
            let (what, advice) = error.advice();
            (Tone::Bad, what.into(), advice)
        }
        Link::Connected(desk) => {
            let words = format!("Version {} on {} answers.", desk.version, desk.workstation);
            (Tone::Good, words, "")
        }
    };
    (tone, "Helper".into(), words, mend)
}

fn service_words(link: &Link) -> Option<Part> {
    let (tone, words, mend) = match link.desk()?.service {
        None => (Tone::Plain, "Asking it…", ""),
        Some(Service::Running) => (Tone::Good, "It answers.", ""),
        Some(Service::Stopped) => (
            Tone::Bad,
            "It is stopped.",
            "Start it: pcscd on Linux (systemctl start pcscd.socket), “Smart Card” in Windows \
             services.",
        ),
        Some(Service::Denied) => (
            Tone::Bad,
            "It denies this account.",
            "Allow org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card to this \
             account by a polkit rule.",
        ),
    };
    Some((tone, "Smart card service".into(), words.into(), mend))
}

/// Results that the registry has not taken; none is what is usual, and nothing to be told.
fn results_words(link: &Link, stuck: Option<&RegistryError>) -> Option<Part> {
    let waiting = link.desk()?.outcomes.len();
    if waiting == 0 {
        return None;
    }
    let results = count(waiting, "result");
    let (tone, words, mend) = match stuck {
        None => (Tone::Plain, format!("{results} on the way to the registry."), ""),
        Some(error) => {
            (Tone::Bad, format!("{results} not with the registry. {error}"), stuck_words(error).1)
        }
    };
    Some((tone, "Results of encodings".into(), words, mend))
}

fn readers(link: &Link) -> AnyView {
    let Some(desk) = link.desk() else {
        return view! { <p class="nothing">"Readers are shown when the helper answers."</p> }
            .into_any();
    };
    if desk.readers.is_empty() {
        return view! {
            <div class="nothing">
                <strong>"No reader is connected."</strong>
                <span>"Plug a reader in."</span>
            </div>
        }
        .into_any();
    }
    let parts = desk.readers.iter().map(|reader| {
        let job = desk.running.iter().find(|running| running.reader == reader.id);
        match job {
            Some(job) => {
                let words = format!("At work on {}, step {} of {}.", job.card, job.step, job.of);
                part((Tone::Good, reader.name.clone(), words, ""))
            }
            None => part(reader_words(reader)),
        }
    });
    view! { <ul class="parts">{parts.collect_view()}</ul> }.into_any()
}

fn reader_words(reader: &Reader) -> Part {
    let (tone, words, mend) = match &reader.slot {
        Slot::Empty => (Tone::Plain, "Empty.", ""),
        Slot::Mute => (
            Tone::Warn,
            "Something is in it that does not answer.",
            "Take the card out, turn it so that the chip goes in first and upward, and put it in \
             again.",
        ),
        Slot::Chip { in_use: true, .. } => (
            Tone::Warn,
            "Another program is using the chip in it.",
            "Close other smart card programs, or take the card out and put it in again.",
        ),
        Slot::Chip { in_use: false, .. } => (Tone::Good, "A card is in it.", ""),
    };
    (tone, reader.name.clone(), words.into(), mend)
}

/// Asks only where the answer means something: on a loopback page the browser says *prompt*
/// although nothing is needed.
async fn find_out_browser() -> Browser {
    let location = window().location();
    let host = location.hostname().unwrap_or_default();
    let loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&host.as_str());
    match (loopback, location.protocol().as_deref()) {
        (true, _) => Browser::NotNeeded,
        (false, Ok("https:")) => ask_browser().await.unwrap_or(Browser::Unknown),
        (false, _) => Browser::Insecure,
    }
}

async fn ask_browser() -> Option<Browser> {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &"loopback-network".into()).ok()?;
    let query = window().navigator().permissions().ok()?.query(&descriptor).ok()?;
    let status = JsFuture::from(query).await.ok()?.dyn_into::<PermissionStatus>().ok()?;
    Some(match status.state() {
        PermissionState::Granted => Browser::Granted,
        PermissionState::Denied => Browser::Denied,
        _ => Browser::WillAsk,
    })
}
