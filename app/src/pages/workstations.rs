//! *Workstations*: the helpers that this registry gives jobs to.

mod code;
mod questions;
mod words;

use crate::components::{
    Crumb, Fetched, FormNote, Moment, Note, PageHead, Sending, Waiting, fetch,
};
use crate::helper::Tone;
use crate::registry::Registry;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::workstations::{Workstation, WorkstationState};
use code::{CodeDialog, Invited};
use leptos::prelude::*;
use questions::{AddDialog, Asking, RenameDialog, RevokeDialog};

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Page {
    registry: Registry,
    fetched: Fetched<Vec<Workstation>>,
    /// The last list that came, those in use first.
    list: Memo<Vec<Workstation>>,
    /// The open question.
    asking: RwSignal<Option<Asking>>,
    /// The open one-time code.
    invited: Invited,
    /// What was done last, in words.
    done: RwSignal<Option<String>>,
    /// What a button of the list asks for.
    sending: Sending,
}

impl Page {
    /// A workstation as it is now.
    fn workstation(&self, id: &WorkstationId) -> Option<Workstation> {
        self.list.with(|list| list.iter().find(|it| it.id == *id).cloned())
    }

    /// Says what was done and shows the list as it is then.
    fn is_done(&self, what: String) {
        self.asking.set(None);
        self.done.set(Some(what));
        self.fetched.reload();
    }
}

/// The page.
#[component]
pub(crate) fn WorkstationsPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let fetched = fetch(move || registry.workstations());
    let list = Memo::new(move |last: Option<&Vec<Workstation>>| match fetched.answer.get() {
        Some(Ok(mut list)) => {
            list.sort_by_key(|workstation| workstation.state == WorkstationState::Revoked);
            list
        }
        // What was there stays, so that nothing jumps.
        Some(Err(_)) | None => last.cloned().unwrap_or_default(),
    });
    let page = Page {
        registry,
        fetched,
        list,
        asking: RwSignal::new(None),
        invited: Invited::new(),
        done: RwSignal::new(None),
        sending: Sending::new(),
    };
    let came = Memo::new(move |came: Option<&bool>| {
        came.copied().unwrap_or_default() || matches!(fetched.answer.get(), Some(Ok(_)))
    });
    let crumbs = vec![Crumb::link("Home", "/"), Crumb::name("Workstations")];
    let add = move |_| page.asking.set(Some(Asking::Add));
    view! {
        <PageHead title="Workstations" crumbs>
            {registry
                .may(Permission::ManageWorkstations)
                .then(|| {
                    view! {
                        <button type="button" class="button main" on:click=add>
                            "Add workstation"
                        </button>
                    }
                })}
        </PageHead>
        <div role="status">
            {move || page.done.get().map(|done| view! { <Note tone=Tone::Good title=done /> })}
        </div>
        <FormNote complaint=page.sending.complaint />
        <Waiting fetched />
        <Show when=move || came.get()>
            <section class="panel" aria-label="All workstations">
                <Show when=move || list.with(|list| !list.is_empty()) fallback=Nothing>
                    <Table page />
                </Show>
            </section>
        </Show>
        <AddDialog page />
        <RenameDialog page />
        <RevokeDialog page />
        <CodeDialog page />
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="nothing">
            <strong>"No workstation is enrolled yet."</strong>
            <span>
                "Cards are encoded where a helper runs. Install it on the computer that has the \
                 reader, click Add workstation, and give the helper the one-time code."
            </span>
        </div>
    }
}

#[component]
fn Table(page: Page) -> impl IntoView {
    let ids = move || {
        page.list
            .with(|list| list.iter().map(|workstation| workstation.id.clone()).collect::<Vec<_>>())
    };
    view! {
        <div class="scroll">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="wide">"Helper"</th>
                        <th scope="col" class="wide">"Enrolled"</th>
                        <th scope="col" class="wide">"Last used"</th>
                        <th scope="col">"Commands"</th>
                    </tr>
                </thead>
                <tbody>
                    // A row stays while its words change: so does the focus in it.
                    <For each=ids key=Clone::clone let:id>
                        <Row page id />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(page: Page, id: WorkstationId) -> impl IntoView {
    let of = id.clone();
    let workstation = Memo::new(move |_| page.workstation(&of));
    let name = move || workstation.with(|it| it.as_ref().map(|it| it.name.0.clone()));
    let name = Memo::new(move |_| name().unwrap_or_default());
    let moment = |at: Option<String>| match at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="soft">"–"</span> }.into_any(),
    };
    let version = move || workstation.get()?.helper_version;
    let can_change = move || {
        workstation.with(|it| it.as_ref().is_some_and(|it| it.state != WorkstationState::Revoked))
    };
    let button = move |title: &'static str, click: Callback<()>| {
        view! {
            <button
                type="button"
                class="button quiet small"
                aria-label=move || format!("{title}: {}", name.get())
                on:click=move |_| click.run(())
            >
                {title}
            </button>
        }
    };
    let (renamed, revoked) = (id.clone(), id.clone());
    let new_code = Callback::new(move |()| {
        page.done.set(None);
        let invite = page.registry.invite_workstation(id.clone());
        page.sending.send(invite, move |invitation| {
            page.invited.show(invitation);
            page.fetched.reload();
        });
    });
    let rename = Callback::new(move |()| page.asking.set(Some(Asking::Rename(renamed.clone()))));
    let revoke = Callback::new(move |()| page.asking.set(Some(Asking::Revoke(revoked.clone()))));
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{move || workstation.get().map(|it| view! { <State workstation=it /> })}</td>
            <td class="wide number">{move || version().unwrap_or("–".to_owned())}</td>
            <td class="wide">{move || workstation.get().map(|it| moment(it.enrolled_at))}</td>
            <td class="wide">{move || workstation.get().map(|it| moment(it.used_at))}</td>
            <td>
                <Show
                    when=can_change
                    fallback=|| view! { <span class="soft">"–"</span> }
                >
                    {button("New code", new_code)}
                    {button("Rename", rename)}
                    {button("Revoke", revoke)}
                </Show>
            </td>
        </tr>
    }
}

#[component]
fn State(workstation: Workstation) -> impl IntoView {
    let (tone, word) = words::state(&workstation);
    let until = words::is_code_shown(&workstation).then_some(workstation.code_until).flatten();
    view! {
        <span class=format!("state {}", tone.class())>
            <span class="dot" aria-hidden="true"></span>
            {word}
        </span>
        {until
            .map(|at| {
                view! {
                    <span class="soft small block">"code until " <Moment at /></span>
                }
            })}
    }
}
