//! *Home*: what this person can do, and what they should see to.

use crate::components::{AwayNote, Note, PageHead, fetch};
use crate::helper::{Helper, Tone};
use crate::registry::Registry;
use cardwright_protocol::domain::Permission;
use cardwright_protocol::registry::session::Notice;
use leptos::ev;
use leptos::prelude::*;

/// The ways from here, and the state of the workstation.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    // Asked anew with every visit, and by whoever comes back from a terminal to this window.
    let me = fetch(move || registry.me());
    let back = window_event_listener(ev::focus, move |_| me.reload());
    on_cleanup(move || back.remove());
    let notices = Memo::new(move |_| match me.answer.get() {
        Some(Ok(me)) => me.notices,
        // What cannot be asked is told by whatever the person asks next.
        Some(Err(_)) | None => Vec::new(),
    });
    let choice = |title: &'static str, url: &'static str, what: &'static str| {
        view! {
            <li>
                <a class="panel" href=url>
                    <strong>{title}</strong>
                    <span class="soft">{what}</span>
                </a>
            </li>
        }
    };
    view! {
        <PageHead title="Home" />
        <div role="status" class="stack">
            {move || notices.get().into_iter().map(notice).collect_view()}
        </div>
        <ul class="choices">
            {registry
                .may(Permission::ReadCards)
                .then(|| choice("Search", "/search", "Find cards by state, number, order or chip"))}
            {registry
                .may(Permission::ConfigureTemplates)
                .then(|| choice("Cards", "/templates", "What operators can do with cards, per state"))}
            {registry
                .may(Permission::UseWorkstations)
                .then(|| choice("Workstation", "/workstation", "Helper, readers and what is in them"))}
            {registry
                .may(Permission::ManageWorkstations)
                .then(|| choice("Workstations", "/workstations", "Which helpers get jobs"))}
            {registry
                .may(Permission::ManageAccounts)
                .then(|| choice("Accounts", "/accounts", "Who can log in, and what they may do"))}
            {registry
                .may(Permission::ReadAudit)
                .then(|| choice("Audit", "/audit", "What happened, by whom, and when"))}
            {choice("Change password", "/password", "Your own")}
        </ul>
        {registry.may(Permission::UseWorkstations).then(|| view! { <Here /> })}
    }
}

/// How the workstation is.
#[component]
fn Here() -> impl IntoView {
    let helper = expect_context::<Helper>();
    let summary = Memo::new(move |_| helper.link.with(|link| link.summary()));
    // What only the person can decide is decided here as well.
    let clicks = Memo::new(move |_| {
        helper.link.with(|link| link.away().filter(|away| away.wants_click()).cloned())
    });
    move || match clicks.get() {
        Some(away) => view! { <AwayNote away /> }.into_any(),
        None => {
            let (tone, words) = summary.get();
            view! {
                <Note tone>
                    <p>
                        "This workstation: " <strong>{words}</strong> ". "
                        <a href="/workstation">"More about it"</a>
                    </p>
                </Note>
            }
            .into_any()
        }
    }
}

/// What is to be seen to, why, and how.
fn notice(notice: Notice) -> impl IntoView {
    match notice {
        Notice::CheckpointsNotWritten => view! {
            <Note tone=Tone::Warn title="The audit log's checkpoints are not written.">
                <p>
                    "Their file cannot be written: its disk is full, gone or does not answer. Until \
                     it is, whoever can write the database could cut off what is recorded now, and \
                     nobody would find it. Everything else goes on."
                </p>
                <p>"The registry's log names the file and the cause; it tries again by itself."</p>
            </Note>
        }
        .into_any(),
        Notice::AuditLogContradicted => view! {
            <Note tone=Tone::Bad title="The audit log is not what it was.">
                <p>
                    "Events that were signed outside the database are others now, or not there: \
                     somebody changed the database, or put an old copy in its place by hand. On the \
                     registry's computer, see which:"
                </p>
                <p>
                    <code class="number">"cardwright-registry verify-audit --data DIR"</code>
                </p>
            </Note>
        }
        .into_any(),
        Notice::RootKeyNotExported => view! {
            <Note tone=Tone::Warn title="No copy of the root key was exported.">
                <p>
                    "Every PUK and management key of every chip comes from it. If this registry's \
                     disk is lost without a copy, no chip that it keyed can be opened again, \
                     whatever backup of the database there is."
                </p>
                <p>"On the registry's computer, export it into a file that a passphrase protects:"</p>
                <p>
                    <code class="number">"cardwright-registry export-root-key --to FILE"</code>
                </p>
                <p>"Keep the file and its passphrase apart from each other and from this computer."</p>
            </Note>
        }
        .into_any(),
    }
}
