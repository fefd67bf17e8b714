//! One account: its role and permissions, its password, and whether somebody can log in to it.

mod commands;
mod given;
mod state;

use super::accounts::RoleField;
use crate::account_draft::{AccountDraft, grant_sentence};
use crate::components::{
    Check, Crumb, Described, FormNote, Hint, Moment, Note, PageHead, Sending, Waiting, Wrong, fetch,
};
use crate::helper::Tone;
use crate::leaving::Leaving;
use crate::registry::Registry;
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::accounts::Account;
use commands::Commands;
pub(crate) use given::{Given, GivenDialog};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
pub(crate) use state::AccountState;

/// The page.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let leaving = expect_context::<Leaving>();
    let parameters = use_params_map();
    let name = Memo::new(move |_| parameters.read().get("name").unwrap_or_default());
    let accounts = fetch(move || registry.accounts());
    let draft = RwSignal::new(None::<AccountDraft>);
    let done = RwSignal::new(None::<String>);
    let sending = Sending::new();
    Effect::new(move |_| {
        if let Some(Ok(accounts)) = accounts.answer.get() {
            let found = accounts.into_iter().find(|account| account.name == name.get());
            draft.set(found.map(AccountDraft::new));
            sending.complaint.set(None);
        }
    });
    let dirty =
        Memo::new(move |_| draft.with(|draft| draft.as_ref().is_some_and(AccountDraft::is_dirty)));
    leaving.guard(dirty);
    let is_unknown =
        move || draft.with(Option::is_none) && accounts.answer.with(|it| matches!(it, Some(Ok(_))));
    let save = move |_| {
        let Some(change) = draft.with_untracked(|it| it.as_ref().map(AccountDraft::wire_change))
        else {
            return;
        };
        done.set(None);
        sending.send(registry.change_account(name.get_untracked(), change), move |account| {
            done.set(Some(format!("{} is saved.", account.name)));
            draft.set(Some(AccountDraft::new(account)));
        });
    };
    let discard = move |_| {
        draft.update(|draft| draft.iter_mut().for_each(AccountDraft::discard));
        sending.complaint.set(None);
    };
    let blocked = move || !dirty.get() || sending.busy.get();
    let is_there = Memo::new(move |_| draft.with(Option::is_some));
    let reload = move |_| accounts.reload();
    view! {
        {move || {
            let name = name.get();
            let crumbs = vec![
                Crumb::link("Home", "/"),
                Crumb::link("Accounts", "/accounts"),
                Crumb::name(&name),
            ];
            view! {
                <PageHead title=name crumbs>
                    <div class="row">
                        <span class="unsaved" role="status">
                            {move || match (dirty.get(), sending.busy.get()) {
                                (true, true) => "Saving…",
                                (true, false) => "Unsaved changes",
                                (false, _) => "",
                            }}
                        </span>
                        <button type="button" class="button" disabled=blocked on:click=discard>
                            "Discard"
                        </button>
                        <button type="button" class="button main" disabled=blocked on:click=save>
                            "Save"
                        </button>
                    </div>
                </PageHead>
            }
        }}
        <div role="status">
            {move || done.get().map(|done| view! { <Note tone=Tone::Good title=done /> })}
        </div>
        <FormNote complaint=sending.complaint fields=&["role", "granted"] />
        <Show when=move || sending.complaint.with(Option::is_some)>
            <div class="row">
                <button type="button" class="button" on:click=reload>
                    "Reload the account"
                </button>
            </div>
        </Show>
        <Waiting fetched=accounts />
        <Show when=is_unknown>
            <Note tone=Tone::Warn title="There is no such account.">
                <p>
                    <a href="/accounts">"All accounts"</a>
                </p>
            </Note>
        </Show>
        <Show when=move || is_there.get()>
            <div class="two">
                <div class="stack">
                    <Rights draft sending />
                    <Facts draft />
                </div>
                <Commands draft done />
            </div>
        </Show>
    }
}

/// Role, and what is granted beyond it.
#[component]
fn Rights(draft: RwSignal<Option<AccountDraft>>, sending: Sending) -> impl IntoView {
    let role = Signal::derive(move || {
        draft.with(|draft| draft.as_ref().map_or(Role::Auditor, |draft| draft.role))
    });
    let choose = Callback::new(move |role| {
        draft.update(|draft| draft.iter_mut().for_each(|draft| draft.role = role));
    });
    let grants = Described::new("account", "granted", sending.complaint).with_hint();
    let grant = move |permission: Permission| {
        let checked = move || draft.with(|it| it.as_ref().is_some_and(|it| it.grants(permission)));
        let change = Callback::new(move |checked| {
            grants.is_changed();
            draft.update(|draft| {
                draft.iter_mut().for_each(|draft| match checked {
                    true => draft.grant(permission),
                    false => draft.withdraw(permission),
                });
            });
        });
        view! {
            <Check
                name=permission.name()
                title=permission.title()
                hint=grant_sentence(permission)
                checked=Signal::derive(checked)
                change
            />
        }
    };
    view! {
        <section class="panel">
            <header>
                <h2>"Role and permissions"</h2>
            </header>
            <div class="in editor">
                <RoleField form="account" complaint=sending.complaint role on_change=choose />
                <fieldset aria-describedby=move || grants.by()>
                    <legend>"Granted to this account alone"</legend>
                    <Hint field=grants>
                        "No role has these. Each use is recorded with its reason."
                    </Hint>
                    {Permission::GRANTABLE.iter().copied().map(grant).collect_view()}
                    <Wrong field=grants />
                </fieldset>
                <p class="soft small">
                    "Where the account may do less from then on, its sessions end with the change."
                </p>
            </div>
        </section>
    }
}

#[component]
fn Facts(draft: RwSignal<Option<AccountDraft>>) -> impl IntoView {
    let facts = |account: Account| {
        let logged_in = account.logged_in_at.clone();
        view! {
            <dl class="facts">
                <dt>"State"</dt>
                <dd>
                    <AccountState account />
                </dd>
                <dt>"Last login"</dt>
                <dd>
                    {match logged_in {
                        Some(at) => view! { <Moment at /> }.into_any(),
                        None => "Never".into_any(),
                    }}
                </dd>
            </dl>
        }
    };
    let saved = Memo::new(move |_| draft.with(|it| it.as_ref().map(|it| it.saved().clone())));
    view! {
        <section class="panel" aria-label="Facts">
            <div class="in">{move || saved.get().map(facts)}</div>
        </section>
    }
}
