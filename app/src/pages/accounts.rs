//! *Accounts*: who can log in.

use crate::account_draft::{name_complaint, role_sentence};
use crate::complaint::Complaint;
use crate::components::{
    Crumb, Described, Dialog, FormNote, Hint, Moment, PageHead, Sending, TextField, Waiting, Wrong,
    fetch,
};
use crate::pages::account::{AccountState, Given, GivenDialog};
use crate::registry::Registry;
use crate::search::escape;
use cardwright_protocol::domain::{Permission, Role};
use cardwright_protocol::registry::account_name::MAX_ACCOUNT_NAME_LENGTH;
use cardwright_protocol::registry::accounts::{Account, AddAccount, NewPassword};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

/// The page.
#[component]
pub(crate) fn AccountsPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let accounts = fetch(move || registry.accounts());
    let adding = RwSignal::new(false);
    let given = Given::new();
    let added = Callback::new(move |password: NewPassword| {
        adding.set(false);
        given.show(password);
        accounts.reload();
    });
    let crumbs = vec![Crumb::link("Home", "/"), Crumb::name("Accounts")];
    view! {
        <PageHead title="Accounts" crumbs>
            {registry
                .may(Permission::ManageAccounts)
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button main"
                            on:click=move |_| adding.set(true)
                        >
                            "Add account"
                        </button>
                    }
                })}
        </PageHead>
        <Waiting fetched=accounts />
        {move || {
            let accounts = accounts.answer.get()?.ok()?;
            Some(view! { <Table accounts /> })
        }}
        <AddDialog open=adding added />
        <GivenDialog given />
    }
}

#[component]
fn Table(accounts: Vec<Account>) -> impl IntoView {
    let rows = accounts.into_iter().map(|account| {
        let url = format!("/accounts/{}", escape(&account.name));
        let granted = account.granted.iter().map(|it| it.title()).collect::<Vec<_>>().join(", ");
        let logged_in = account.logged_in_at.clone();
        view! {
            <tr>
                <th scope="row">
                    <a href=url>{account.name.clone()}</a>
                </th>
                <td>{account.role.title()}</td>
                <td class="wide">
                    {if granted.is_empty() { "–".to_owned() } else { granted }}
                </td>
                <td>
                    <AccountState account />
                </td>
                <td class="wide">
                    {match logged_in {
                        Some(at) => view! { <Moment at /> }.into_any(),
                        None => view! { <span class="soft">"Never"</span> }.into_any(),
                    }}
                </td>
            </tr>
        }
    });
    view! {
        <section class="panel" aria-label="All accounts">
            <div class="scroll">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col" class="wide">"Granted"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="wide">"Last login"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn AddDialog(open: RwSignal<bool>, added: Callback<NewPassword>) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let sending = Sending::new();
    let name = NodeRef::<html::Input>::new();
    let role = RwSignal::new(Role::Operator);
    Effect::new(move |_| {
        if open.get()
            && let Some(name) = name.get_untracked()
        {
            name.set_value("");
            role.set(Role::Operator);
            sending.complaint.set(None);
        }
    });
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(name) = name.get_untracked() else { return };
        let name = name.value().trim().to_owned();
        let complaint = name_complaint(&name);
        if complaint.is_some() {
            return sending.complaint.set(complaint);
        }
        let add = AddAccount { name, role: role.get_untracked() };
        sending.send(registry.add_account(add), move |password| added.run(password));
    };
    view! {
        <Dialog
            title="Add account"
            open
            on_close=Callback::new(move |()| open.set(false))
        >
            <form class="stack" on:submit=add>
                <FormNote complaint=sending.complaint fields=&["name", "role"] />
                <TextField
                    label="Name"
                    form="add-account"
                    name="name"
                    input=name
                    complaint=sending.complaint
                    max_length=MAX_ACCOUNT_NAME_LENGTH
                    hint="Lower case letters, digits and . - _ @; it stays for ever"
                />
                <RoleField
                    form="add-account"
                    complaint=sending.complaint
                    role=role
                    on_change=Callback::new(move |chosen| role.set(chosen))
                />
                <p class="soft small">
                    "The registry makes the first password and shows it once. At the first login it \
                     is replaced by one that only its owner knows."
                </p>
                <div class="between">
                    <button type="button" class="button" on:click=move |_| open.set(false)>
                        "Cancel"
                    </button>
                    <button class="button main" disabled=sending.busy>
                        "Add account"
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// A drop-down of all roles, with what the chosen one is for.
#[component]
pub(crate) fn RoleField(
    /// As in [`Described::new`].
    form: &'static str,
    complaint: RwSignal<Option<Complaint>>,
    #[prop(into)] role: Signal<Role>,
    on_change: Callback<Role>,
) -> impl IntoView {
    let field = Described::new(form, "role", complaint).with_hint();
    let options = Role::ALL.iter().map(|it| {
        let it = *it;
        view! {
            <option value=it.name() prop:selected=move || role.get() == it>
                {it.title()}
            </option>
        }
    });
    let change = move |event| {
        if let Some(role) = Role::from_name(&event_target_value(&event)) {
            field.is_changed();
            on_change.run(role);
        }
    };
    view! {
        <div class="entry">
            <label class="field">
                "Role"
                <select
                    name="role"
                    aria-invalid=move || field.invalid()
                    aria-describedby=move || field.by()
                    on:change=change
                >
                    {options.collect_view()}
                </select>
            </label>
            <Hint field>{move || role_sentence(role.get())}</Hint>
            <Wrong field />
        </div>
    }
}
