//! A one-time code: shown once, counted down, and gone when it was used.

use super::{Page, words};
use crate::components::{CopyLine, Dialog, Note, Once, ShownOnce};
use crate::countdown::{clock, left, now};
use crate::helper::Tone;
use cardwright_protocol::registry::workstations::{Invitation, Workstation};
use leptos::prelude::*;
use std::time::Duration;

/// Looks this often, in seconds, whether the code was used.
const LOOK: u32 = 3;

/// The one-time code that was given last. The code itself is in the document alone.
#[derive(Clone, Copy)]
pub(super) struct Invited {
    place: ShownOnce,
    /// The workstation as it was when it got the code; none where the dialog is closed.
    workstation: RwSignal<Option<Workstation>>,
    /// When it was shown, by this page's own clock in milliseconds, and for how many seconds the
    /// code was good then: clocks of two machines are never compared.
    good: RwSignal<(f64, u32)>,
    /// Seconds that the code is good for yet.
    left: RwSignal<u32>,
}

impl Invited {
    pub(super) fn new() -> Self {
        Self {
            place: ShownOnce::new(),
            workstation: RwSignal::new(None),
            good: RwSignal::new((0.0, 0)),
            left: RwSignal::new(0),
        }
    }

    /// Opens the dialog.
    pub(super) fn show(self, invitation: Invitation) {
        let Invitation { workstation, code, minutes } = invitation;
        self.place.show(&code);
        self.good.set((now(), minutes * 60));
        self.left.set(minutes * 60);
        self.workstation.set(Some(workstation));
    }

    fn close(self) {
        self.place.wipe();
        self.workstation.set(None);
    }
}

#[component]
pub(super) fn CodeDialog(page: Page) -> impl IntoView {
    let invited = page.invited;
    let used = Memo::new(move |_| {
        let then = invited.workstation.get()?;
        page.workstation(&then.id).filter(|now| words::is_used(now, &then))
    });
    Effect::new(move |_| {
        if used.with(Option::is_some) {
            invited.place.wipe();
        }
    });
    let is_open = Memo::new(move |_| invited.workstation.with(Option::is_some));
    let is_over = Memo::new(move |_| invited.left.get() == 0);
    let is_waiting =
        Memo::new(move |_| is_open.get() && used.with(Option::is_none) && !is_over.get());
    Effect::new(move |_| {
        if !is_waiting.get() {
            return;
        }
        let tick = move || {
            let (since, span) = invited.good.get_untracked();
            let left = left(span, now() - since);
            invited.left.set(left);
            if left.is_multiple_of(LOOK) && !page.fetched.busy.get_untracked() {
                page.fetched.reload();
            }
            if left == 0 {
                invited.place.wipe();
            }
        };
        // It fails only in a page that is being closed.
        if let Ok(timer) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || timer.clear());
        }
    });
    // The dialog keeps its words while it closes.
    let shown = Memo::new(move |last: Option<&Option<Workstation>>| {
        let named = used.get().or_else(|| invited.workstation.get());
        named.or_else(|| last.cloned().flatten())
    });
    let name = move || shown.with(|it| it.as_ref().map(|it| it.name.0.clone()));
    let origin = window().location().origin().unwrap_or_default();
    let close = Callback::new(move |()| {
        let enrolled = used.get_untracked();
        invited.close();
        if let Some(enrolled) = enrolled {
            page.done.set(Some(format!("{} is enrolled.", enrolled.name)));
        }
    });
    view! {
        <Dialog title="Enroll the helper" open=is_open on_close=close>
            <div class="stack close" hidden=move || !is_waiting.get()>
                <p>
                    "On " <strong>{name}</strong>
                    ", in a terminal of the person who will use the reader:"
                </p>
                <CopyLine text=format!("cardwright-helper enroll {origin} --data DIR") />
                <p>
                    "DIR is the folder for the helper's keys, the same as of "
                    <code class="number">"cardwright-helper run"</code>
                    ". It asks for this one-time code:"
                </p>
                <Once place=invited.place label="One-time code" />
                <p>
                    "Good for " <span role="timer" class="number">
                        {move || clock(invited.left.get())}
                    </span> ", for one helper. It is shown this once and kept nowhere."
                </p>
            </div>
            <div role="status">
                {move || match (used.get(), is_over.get(), is_open.get()) {
                    (Some(it), ..) => {
                        let version = it.helper_version.unwrap_or_default();
                        let title = format!("{} is enrolled.", it.name);
                        view! {
                            <Note tone=Tone::Good title>
                                <p>{format!("Its helper has version {version}. Start it, and it is found by itself.")}</p>
                            </Note>
                        }
                            .into_any()
                    }
                    (None, true, true) => {
                        view! {
                            <Note tone=Tone::Warn title="The code is too old now.">
                                <p>"Close this and click New code beside the workstation."</p>
                            </Note>
                        }
                            .into_any()
                    }
                    _ => {
                        view! {
                            <p class="soft small">
                                "Waiting for the helper; this page notices when it used the code."
                            </p>
                        }
                            .into_any()
                    }
                }}
            </div>
            <div class="row end">
                <button type="button" class="button main" on:click=move |_| close.run(())>
                    "Close"
                </button>
            </div>
        </Dialog>
    }
}
