//! *Add workstation*, *Rename*, *Revoke*.

use super::Page;
use crate::components::{Dialog, FormNote, Note, Sending, TextField};
use crate::helper::Tone;
use cardwright_protocol::ids::{WorkstationId, WorkstationName};
use cardwright_protocol::registry::workstations::{AddWorkstation, ChangeWorkstation};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

/// Longest name that the registry takes, in characters.
const MAX_NAME_LENGTH: usize = 64;

/// What the page asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asking {
    Add,
    Rename(WorkstationId),
    Revoke(WorkstationId),
}

#[component]
pub(super) fn AddDialog(page: Page) -> impl IntoView {
    let sending = Sending::new();
    let name = NodeRef::<html::Input>::new();
    let open = Memo::new(move |_| page.asking.get() == Some(Asking::Add));
    begin_with(open, name, sending, String::new);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(name) = typed(name) else { return };
        let add = page.registry.add_workstation(AddWorkstation { name });
        sending.send(add, move |invitation| {
            page.asking.set(None);
            page.done.set(None);
            page.invited.show(invitation);
            page.fetched.reload();
        });
    };
    let on_close = Callback::new(move |()| page.asking.set(None));
    view! {
        <Dialog title="Add workstation" open on_close>
            <form class="stack" on:submit=add>
                <p>
                    "A workstation is a computer with a reader and a helper. It gets a one-time code, \
                     which its helper asks for."
                </p>
                <FormNote complaint=sending.complaint fields=&["name"] />
                <NameField form="add" input=name sending />
                <Buttons page sending title="Add workstation" />
            </form>
        </Dialog>
    }
}

#[component]
pub(super) fn RenameDialog(page: Page) -> impl IntoView {
    let sending = Sending::new();
    let name = NodeRef::<html::Input>::new();
    let renamed = Memo::new(move |_| match page.asking.get() {
        Some(Asking::Rename(id)) => Some(id),
        _ => None,
    });
    let open = Memo::new(move |_| renamed.with(Option::is_some));
    begin_with(open, name, sending, move || {
        let id = renamed.get_untracked();
        id.and_then(|id| page.workstation(&id)).map(|it| it.name.0).unwrap_or_default()
    });
    reload_when_refused(page, sending);
    let rename = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(id), Some(name)) = (renamed.get_untracked(), typed(name)) else { return };
        let Some(version) = page.workstation(&id).map(|it| it.version) else { return };
        let change = page.registry.change_workstation(id, ChangeWorkstation { version, name });
        sending.send(change, move |changed| {
            page.is_done(format!("The workstation is now called {}.", changed.name));
        });
    };
    let on_close = Callback::new(move |()| page.asking.set(None));
    view! {
        <Dialog title="Rename workstation" open on_close>
            <form class="stack" on:submit=rename>
                <p>
                    "Its helper and its jobs go on; what was recorded keeps naming the same \
                     workstation."
                </p>
                <FormNote complaint=sending.complaint fields=&["name"] />
                <NameField form="rename" input=name sending />
                <Buttons page sending title="Rename" />
            </form>
        </Dialog>
    }
}

#[component]
pub(super) fn RevokeDialog(page: Page) -> impl IntoView {
    let sending = Sending::new();
    let revoked = Memo::new(move |_| match page.asking.get() {
        Some(Asking::Revoke(id)) => Some(id),
        _ => None,
    });
    let open = Memo::new(move |_| revoked.with(Option::is_some));
    Effect::new(move |_| {
        if open.get() {
            sending.complaint.set(None);
        }
    });
    reload_when_refused(page, sending);
    // The dialog keeps its words while it closes.
    let name = Memo::new(move |last: Option<&String>| {
        let now = revoked.get().and_then(|id| page.workstation(&id)).map(|it| it.name.0);
        now.or_else(|| last.cloned()).unwrap_or_default()
    });
    let revoke = move |_| {
        let Some(id) = revoked.get_untracked() else { return };
        sending.send(page.registry.revoke_workstation(id), move |revoked| {
            page.is_done(format!("{} is revoked.", revoked.name));
        });
    };
    let on_close = Callback::new(move |()| page.asking.set(None));
    view! {
        <Dialog title="Revoke this workstation?" open on_close>
            <FormNote complaint=sending.complaint />
            <p>
                <strong>{name}</strong>
                " gets no job any more. What it still delivers is recorded but moves no card: such a \
                 card is verified again at another workstation."
            </p>
            <Note tone=Tone::Warn>
                <p>"This cannot be undone. To use the computer again, add it as a new workstation."</p>
            </Note>
            <div class="between">
                <button type="button" class="button" on:click=move |_| page.asking.set(None)>
                    "Leave it"
                </button>
                <button type="button" class="button main grave" disabled=sending.busy on:click=revoke>
                    "Revoke the workstation"
                </button>
            </div>
        </Dialog>
    }
}

#[component]
fn NameField(form: &'static str, input: NodeRef<html::Input>, sending: Sending) -> impl IntoView {
    view! {
        <TextField
            label="Name"
            form
            name="name"
            input
            complaint=sending.complaint
            max_length=MAX_NAME_LENGTH
            hint="As people call it, such as desk-1"
        />
    }
}

#[component]
fn Buttons(page: Page, sending: Sending, title: &'static str) -> impl IntoView {
    view! {
        <div class="between">
            <button type="button" class="button" on:click=move |_| page.asking.set(None)>
                "Cancel"
            </button>
            <button class="button main" disabled=sending.busy>
                {title}
            </button>
        </div>
    }
}

/// A question that opens has this text in its field, and nothing wrong yet.
fn begin_with(
    open: Memo<bool>,
    input: NodeRef<html::Input>,
    sending: Sending,
    text: impl Fn() -> String + 'static,
) {
    Effect::new(move |_| {
        if open.get()
            && let Some(input) = input.get_untracked()
        {
            sending.complaint.set(None);
            input.set_value(&text());
            input.select();
        }
    });
}

/// What was refused may be so since the list is old.
fn reload_when_refused(page: Page, sending: Sending) {
    Effect::new(move |_| {
        if sending.complaint.with(Option::is_some) {
            page.fetched.reload();
        }
    });
}

fn typed(name: NodeRef<html::Input>) -> Option<WorkstationName> {
    let name = name.get_untracked()?.value().trim().to_owned();
    (!name.is_empty()).then_some(WorkstationName(name))
}
