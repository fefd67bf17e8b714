//! The state of everything between the page and the chip, and how to mend each part.

use crate::components::{AwayBody, Crumb, Note, PageHead};
use crate::courier::{Courier, stuck_words};
use crate::helper::{Away, Helper, Link, Tone, Way};
use crate::trouble::RegistryError;
use crate::words::count;
use cardwright_protocol::helper::{Reader, Service, Slot};
use leptos::prelude::*;

/// The page.
#[component]
pub(crate) fn WorkstationPage() -> impl IntoView {
    let helper = expect_context::<Helper>();
    let courier = expect_context::<Courier>();
    view! {
        <PageHead
            title="Workstation"
            crumbs=vec![Crumb::link("Home", "/"), Crumb::name("Workstation")]
        />
        <section class="panel">
            <header>
                <h2>"From this page to the chip"</h2>
            </header>
            <ul class="parts">
                {move || helper.way.get().map(browser_part)}
                {move || helper.link.with(helper_part)}
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

fn browser_part(way: Way) -> AnyView {
    let (tone, words) = match way {
        Way::NotNeeded => (Tone::Good, "No permission is needed here."),
        Way::Granted => (Tone::Good, "This page may speak to the helper."),
        Way::Unknown => (Tone::Plain, "The browser says nothing about it."),
        Way::Barred(barrier) => {
            let away = Away::Browser(barrier);
            let tone = if away.wants_click() { Tone::Warn } else { Tone::Bad };
            return away_part(tone, "Browser permission", away);
        }
    };
    part((tone, "Browser permission".into(), words.into(), "")).into_any()
}

fn helper_part(link: &Link) -> AnyView {
    let (tone, words) = match link {
        // The part above says it.
        Link::Away(Away::Browser(_)) => (Tone::Plain, "Not asked for yet.".into()),
        Link::Away(away) => return away_part(link.summary().0, "Helper", away.clone()),
        Link::Searching => (Tone::Plain, "Looking for it…".into()),
        Link::Connected(desk) => {
            (Tone::Good, format!("Version {} on {} answers.", desk.version, desk.workstation))
        }
    };
    part((tone, "Helper".into(), words, "")).into_any()
}

/// A part that keeps the helper away, with the buttons that mend it.
fn away_part(tone: Tone, name: &'static str, away: Away) -> AnyView {
    view! {
        <li>
            <span class=format!("dot {}", tone.class()) aria-hidden="true"></span>
            <div>
                <strong>{name}</strong>
                <p>{away.title()}</p>
                <AwayBody away />
            </div>
        </li>
    }
    .into_any()
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
