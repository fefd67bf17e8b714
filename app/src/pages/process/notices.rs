//! What is said about the chip.

use crate::components::{AwayNote, Note};
use crate::helper::Tone;
use crate::search::escape;
use crate::wizard::Situation;
use cardwright_protocol::registry::processes::{Assessment, Verdict};
use leptos::prelude::*;

/// What is to be said about the chip, and what to do.
pub(crate) fn notice_of(situation: &Situation, profile: &str) -> Option<AnyView> {
    let (tone, title, advice): (_, String, &str) = match situation {
        Situation::Inspecting => return None,
        Situation::Searching => {
            return Some(
                view! { <p class="soft waiting">"Looking for the helper…"</p> }.into_any(),
            );
        }
        Situation::Away(away) => {
            let away = away.clone();
            return Some(view! { <AwayNote away /> }.into_any());
        }
        Situation::ServiceStopped => (
            Tone::Bad,
            "The smart card service of this computer is stopped.".into(),
            "Start it (pcscd on Linux, “Smart Card” in Windows services); this page notices.",
        ),
        Situation::ServiceDenied => (
            Tone::Bad,
            "This account may not use the smart card service.".into(),
            "Ask for a polkit rule that allows it; the page of the workstation says which.",
        ),
        Situation::NoReader => {
            (Tone::Warn, "No reader is connected.".into(), "Plug a reader in; this page notices.")
        }
        Situation::ChooseReader => (
            Tone::Warn,
            "There are cards in several readers.".into(),
            "Choose the reader that has this card.",
        ),
        Situation::NoCard => {
            (Tone::Warn, "No card in the reader.".into(), "Put the card into the reader.")
        }
        Situation::Mute => (
            Tone::Warn,
            "The card does not answer.".into(),
            "Take it out, turn it so that the chip goes in first and upward, and put it in again.",
        ),
        Situation::InUse => (
            Tone::Warn,
            "Another program is using the chip.".into(),
            "Close other smart card programs, or take the card out and put it in again.",
        ),
        Situation::Failed(trouble) => (Tone::Bad, trouble.to_string(), trouble.advice()),
        Situation::Assessed(found) => return Some(verdict_note(found, profile)),
    };
    let helper = matches!(situation, Situation::ServiceDenied).then(|| {
        view! { <a href="/workstation">"Workstation"</a> }
    });
    Some(view! { <Note tone title><p>{advice} " " {helper}</p></Note> }.into_any())
}

fn verdict_note(found: &Assessment, profile: &str) -> AnyView {
    let (tone, title, advice): (_, String, String) = match &found.verdict {
        Verdict::Ready => {
            let profile = profile.to_owned();
            return view! {
                <Note tone=Tone::Plain>
                    <p>
                        "Next encodes the chip with the profile " <strong>{profile}</strong>
                        ", a new PIN and a new PUK. It takes a few seconds."
                    </p>
                </Note>
            }
            .into_any();
        }
        Verdict::Interrupted => (
            Tone::Warn,
            "An encoding of this chip was begun and not finished.".into(),
            "Nothing is lost. Next finishes it; what is done already is not done twice.".into(),
        ),
        Verdict::UnknownKind => (
            Tone::Bad,
            "This is no chip that can be initialized here.".into(),
            "Is it the right card? If it is, mark the card as defective.".into(),
        ),
        Verdict::Contactless => (
            Tone::Warn,
            "The card lies on a contactless reader, which cannot write it.".into(),
            "Put it into a reader with contacts.".into(),
        ),
        Verdict::BoundToOtherCard { card } => {
            let url = format!("/cards/{}", escape(&card.0));
            let number = card.0.clone();
            return view! {
                <Note tone=Tone::Bad title="This is the chip of another card.">
                    <p>
                        "It belongs to " <a class="number" href=url>{number}</a>
                        ". Nothing was written. Put the right card into the reader."
                    </p>
                </Note>
            }
            .into_any();
        }
        Verdict::OtherChipExpected { expected } => (
            Tone::Bad,
            "This is not the chip of this card.".into(),
            match expected {
                Some(name) => format!(
                    "The record names the chip {name}. Nothing was written. Put the right card \
                     into the reader."
                ),
                None => "The record names another chip. Nothing was written. Put the right card \
                         into the reader."
                    .into(),
            },
        ),
        Verdict::Used => (
            Tone::Bad,
            "Somebody else has used this chip.".into(),
            used_advice(
                found.erasable,
                "It has values that are neither the factory's nor ours. Nothing was written.",
            ),
        ),
        Verdict::Blocked => (
            Tone::Bad,
            "PIN or PUK of this chip is blocked, or could be by another attempt.".into(),
            used_advice(
                found.erasable,
                "Somebody else has set it; or too many encodings were cut off when they may just \
                 have presented it, or ended nobody knows how.",
            ),
        ),
    };
    view! { <Note tone title><p>{advice}</p></Note> }.into_any()
}

/// What erasing means, or what there is to do without it.
fn used_advice(erasable: bool, why: &str) -> String {
    let what_next = match erasable {
        true => {
            "It can be initialized only after it is erased. Everything on it is then lost for \
             good, including keys that might decrypt somebody's mail or files: nobody can bring \
             them back. If you are not sure, click Cancel and ask."
        }
        false => {
            "Is it the right card? If it is, ask an admin whether used chips may be erased (Home \
             › Cards › Temporary card › General), or mark the card as defective."
        }
    };
    format!("{why} {what_next}")
}
