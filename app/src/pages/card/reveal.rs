//! *Reveal PIN* and *Reveal PUK*: the one place where a person sees a secret of a chip.

use crate::components::{
    CommandButton, Dialog, FormNote, Note, Once, ReasonField, Sending, ShownOnce, move_focus,
    typed_reason,
};
use crate::countdown::{left, now};
use crate::helper::Tone;
use crate::registry::Registry;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::cards::Card;
use cardwright_protocol::registry::secrets::{Reveal, Revealed, RevealedKind};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;
use web_sys::VisibilityState;

/// How long a secret is shown, in seconds.
const SHOWN: u32 = 60;

/// What can be revealed: permission, kind, name, what it is.
type Secret = (Permission, RevealedKind, &'static str, &'static str);

const SECRETS: [Secret; 2] = [
    (Permission::RevealPin, RevealedKind::Pin, "PIN", "As it was written at the last encoding"),
    (Permission::RevealPuk, RevealedKind::Puk, "PUK", "It sets the PIN anew"),
];

/// The commands, for whoever has the permission, where the chip of the card was encoded.
#[component]
pub(crate) fn Reveals(card: Card) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let permitted: Vec<_> =
        SECRETS.into_iter().filter(|(permission, ..)| registry.may(*permission)).collect();
    if permitted.is_empty() || card.guid.is_none() {
        return ().into_any();
    }
    let open = RwSignal::new(None::<RevealedKind>);
    let said = RwSignal::new(None::<String>);
    let buttons = permitted.iter().map(|(permission, kind, name, what)| {
        let kind = *kind;
        let click = Callback::new(move |()| {
            said.set(None);
            open.set(Some(kind));
        });
        let (title, what) = (format!("Reveal {name}"), format!("{what}; a reason is asked for"));
        view! { <CommandButton title what id=permission.name() click /> }
    });
    let buttons = buttons.collect_view();
    let dialogs = permitted.iter().map(|(permission, kind, name, _)| {
        let number = card.row.number.clone();
        view! { <RevealDialog number permission=*permission kind=*kind name open said /> }
    });
    view! {
        <aside class="panel" aria-label="Secrets of the chip">
            <header>
                <h2>"Secrets of the chip"</h2>
            </header>
            <div class="commands">{buttons}</div>
            <p class="quietly small" role="status" hidden=move || said.with(Option::is_none)>
                {said}
            </p>
        </aside>
        {dialogs.collect_view()}
    }
    .into_any()
}

/// Asks why, then shows the secret until it is closed, for a minute at most, and only to eyes that
/// are on this tab.
#[component]
fn RevealDialog(
    number: CardNumber,
    permission: Permission,
    kind: RevealedKind,
    /// *PIN* or *PUK*.
    name: &'static str,
    open: RwSignal<Option<RevealedKind>>,
    /// Where to say why it is not shown any more.
    said: RwSignal<Option<String>>,
) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let sending = Sending::new();
    let reason = NodeRef::<html::Textarea>::new();
    let done = NodeRef::<html::Button>::new();
    let place = ShownOnce::new();
    let in_doubt = RwSignal::new(false);
    let rest = RwSignal::new(SHOWN);
    let is_open = Memo::new(move |_| open.get() == Some(kind));
    let is_shown = Memo::new(move |_| place.is_shown());
    // What was typed and seen is not there any more when it is opened again.
    Effect::new(move |_| {
        let is_open = is_open.get();
        place.wipe();
        in_doubt.set(false);
        sending.complaint.set(None);
        if let Some(reason) = reason.get_untracked() {
            reason.set_value("");
            if is_open {
                move_focus(&reason);
            }
        }
    });
    let close = move || {
        place.wipe();
        open.set(None);
    };
    let close_since = move |why: &str| {
        close();
        said.set(Some(format!("The {name} is not shown any more: {why}.")));
    };
    let hidden = window_event_listener_untyped("visibilitychange", move |_| {
        let is_hidden = document().visibility_state() == VisibilityState::Hidden;
        if is_hidden && is_open.get_untracked() {
            close_since("this tab was left");
        }
    });
    on_cleanup(move || hidden.remove());
    Effect::new(move |_| {
        if !is_shown.get() {
            return;
        }
        // The form is gone, and with it what had the focus.
        request_animation_frame(move || {
            // The page may be gone by then.
            if let Some(done) = done.try_get_untracked().flatten() {
                move_focus(&done);
            }
        });
        let since = now();
        rest.set(SHOWN);
        let tick = move || {
            rest.set(left(SHOWN, now() - since));
            if rest.get_untracked() == 0 {
                close_since("60 seconds are over");
            }
        };
        match set_interval_with_handle(tick, Duration::from_secs(1)) {
            Ok(timer) => on_cleanup(move || timer.clear()),
            // Without a clock it is not shown at all.
            Err(_) => close(),
        }
    });
    let card = number.clone();
    let reveal = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(reason) = typed_reason(reason, sending.complaint) else { return };
        let reveal = Reveal { secret: kind, reason };
        sending.send(registry.reveal(number.clone(), reveal), move |revealed| {
            let Revealed { value, in_doubt: doubt } = revealed;
            // Whoever went away meanwhile does not see it.
            if is_open.get_untracked() {
                in_doubt.set(doubt);
                place.show_digits(&value);
            }
        });
    };
    view! {
        <Dialog title=format!("Reveal {name}") open=is_open on_close=Callback::new(move |()| close())>
            <form class="stack" hidden=is_shown on:submit=reveal>
                <Note tone=Tone::Warn title="This is recorded.">
                    <p>
                        {format!("The audit log keeps who saw the {name} of {card}, when, and this reason.")}
                    </p>
                </Note>
                <FormNote complaint=sending.complaint fields=&["reason"] />
                <ReasonField form=permission.name() reason complaint=sending.complaint />
                <div class="between">
                    <button type="button" class="button" on:click=move |_| close()>
                        "Cancel"
                    </button>
                    <button class="button main" disabled=sending.busy>
                        "Reveal " {name}
                    </button>
                </div>
            </form>
            <div class="stack" hidden=move || !is_shown.get()>
                <Once place label=name />
                {move || {
                    in_doubt
                        .get()
                        .then(|| {
                            view! {
                                <Note tone=Tone::Warn title="The chip may have another value.">
                                    <p>"An encoding of it was begun and not finished."</p>
                                </Note>
                            }
                        })
                }}
                <p class="soft">
                    "Shown once. It is gone in "
                    <span role="timer" class="number">{rest}</span>
                    " seconds, or when this dialog or this tab is left."
                </p>
                <div class="row end">
                    <button
                        type="button"
                        class="button main"
                        node_ref=done
                        on:click=move |_| close()
                    >
                        "Close"
                    </button>
                </div>
            </div>
        </Dialog>
    }
}
