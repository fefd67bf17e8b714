//! *What do you want to do?* with an account.

use super::given::{Given, GivenDialog};
use crate::account_draft::AccountDraft;
use crate::components::{CommandButton, Dialog, FormNote, Sending};
use crate::registry::Registry;
use cardwright_protocol::registry::accounts::{Account, ChangeAccount};
use leptos::prelude::*;

/// What is asked before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Password,
    Disable,
}

#[component]
pub(super) fn Commands(
    draft: RwSignal<Option<AccountDraft>>,
    /// Where to say what was done.
    done: RwSignal<Option<String>>,
) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let asking = RwSignal::new(None::<Asking>);
    let given = Given::new();
    let sending = Sending::new();
    let saved = Memo::new(move |_| draft.with(|it| it.as_ref().map(|it| it.saved().clone())));
    let is = move |what: fn(&Account) -> bool| {
        Memo::new(move |_| saved.with(|saved| saved.as_ref().is_some_and(what)))
    };
    let (is_disabled, is_locked) = (is(|it| it.disabled), is(|it| it.locked_until.is_some()));
    let name = Memo::new(move |_| saved.with(|it| it.as_ref().map(|it| it.name.clone())));
    let name = move || name.get_untracked().unwrap_or_default();
    let is_now = move |account: Account| {
        asking.set(None);
        draft.update(|draft| draft.iter_mut().for_each(|draft| draft.is_now(account.clone())));
    };
    let change = move |wanted: fn(&AccountDraft) -> ChangeAccount, said: &'static str| {
        let Some(change) = draft.with_untracked(|draft| draft.as_ref().map(wanted)) else { return };
        done.set(None);
        sending.send(registry.change_account(name(), change), move |account| {
            done.set(Some(format!("{} {said}", account.name)));
            is_now(account);
        });
    };
    let unlock = Callback::new(move |()| {
        done.set(None);
        sending.send(registry.unlock_account(name()), move |account| {
            done.set(Some(format!("{} can log in again.", account.name)));
            is_now(account);
        });
    });
    let make_password = Callback::new(move |()| {
        done.set(None);
        sending.send(registry.new_password(name()), move |password| {
            is_now(password.account.clone());
            given.show(password);
        });
    });
    let ask = move |question| {
        sending.complaint.set(None);
        asking.set(Some(question));
    };
    let disable = Callback::new(move |()| {
        change(AccountDraft::wire_disabled, "is disabled: nobody can log in to it.")
    });
    let enable = Callback::new(move |()| {
        change(AccountDraft::wire_enabled, "is enabled: it can log in again.")
    });
    view! {
        <aside class="panel">
            <header>
                <h2>"What do you want to do?"</h2>
            </header>
            <div class="commands">
                <Show when=move || is_locked.get()>
                    <CommandButton
                        title="Unlock"
                        what="Too many failed logins locked it; the lock also ends by itself"
                        id="unlock"
                        disabled=sending.busy
                        click=unlock
                    />
                </Show>
                <CommandButton
                    title="Set new password"
                    what="The registry makes one and shows it once"
                    id="set-new-password"
                    disabled=sending.busy
                    click=Callback::new(move |()| ask(Asking::Password))
                />
                <Show when=move || !is_disabled.get()>
                    <CommandButton
                        title="Disable"
                        what="Nobody can log in to it"
                        id="disable"
                        disabled=sending.busy
                        click=Callback::new(move |()| ask(Asking::Disable))
                    />
                </Show>
                <Show when=move || is_disabled.get()>
                    <CommandButton
                        title="Enable"
                        what="Its owner can log in again"
                        id="enable"
                        disabled=sending.busy
                        click=enable
                    />
                </Show>
            </div>
            <Show when=move || asking.with(Option::is_none)>
                <FormNote complaint=sending.complaint />
            </Show>
        </aside>
        <Question
            open=Memo::new(move |_| asking.get() == Some(Asking::Password))
            title="Set a new password?"
            words="The password until now ends at once, and so do the sessions of this account. The \
                   new one is shown once; its owner chooses another at the next login."
            button="Make a new password"
            sending
            close=Callback::new(move |()| asking.set(None))
            yes=make_password
        />
        <Question
            open=Memo::new(move |_| asking.get() == Some(Asking::Disable))
            title="Disable this account?"
            words="Nobody can log in to it, and its sessions end at once; a job that runs goes on. \
                   Its processes stay open for others to take over. It can be enabled again."
            button="Disable the account"
            sending
            close=Callback::new(move |()| asking.set(None))
            yes=disable
        />
        <GivenDialog given />
    }
}

/// Asks once more.
#[component]
fn Question(
    open: Memo<bool>,
    title: &'static str,
    words: &'static str,
    button: &'static str,
    sending: Sending,
    close: Callback<()>,
    yes: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog title open on_close=close>
            <p>{words}</p>
            <FormNote complaint=sending.complaint />
            <div class="between">
                <button type="button" class="button" on:click=move |_| close.run(())>
                    "Leave it"
                </button>
                <button
                    type="button"
                    class="button main"
                    disabled=sending.busy
                    on:click=move |_| yes.run(())
                >
                    {button}
                </button>
            </div>
        </Dialog>
    }
}
