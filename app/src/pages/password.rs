//! *Change password*: of one's own account.

use crate::account_draft::password_complaint;
use crate::components::{Crumb, FormNote, Note, PageHead, Sending, TextField, move_focus};
use crate::helper::Tone;
use crate::registry::{Registry, Who};
use crate::way_back::destination;
use cardwright_protocol::registry::session::ChangePassword;
use cardwright_protocol::secret_text::SecretText;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

/// The page. Whoever came here on the way to somewhere else goes on to there.
#[component]
pub(crate) fn PasswordPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let navigate = use_navigate();
    let query = use_query_map();
    // The page is drawn anew for everybody who logs in.
    let (name, forced) = registry.who.with_untracked(|who| match who {
        Who::Person(me) => (me.name.clone(), me.must_change_password),
        Who::Unknown | Who::Nobody | Who::LoggedOut | Who::Unreachable(_) => (String::new(), false),
    });
    let fields = [(); 3].map(|()| NodeRef::<html::Input>::new());
    let [old, new, again] = fields;
    let sending = Sending::new();
    let done = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(old) = old.get() {
            move_focus(&old);
        }
    });
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        let inputs: Vec<_> = fields.iter().filter_map(NodeRef::get_untracked).collect();
        let typed: Vec<_> = inputs.iter().map(|input| SecretText::new(input.value())).collect();
        let [old, new, again] = &typed[..] else { return };
        done.set(false);
        let complaint = password_complaint(old.expose(), new.expose(), again.expose());
        if complaint.is_some() {
            return sending.complaint.set(complaint);
        }
        let change = ChangePassword { old: old.clone(), new: new.clone() };
        inputs.iter().for_each(|input| input.set_value(""));
        let to = query.read_untracked().get("to");
        let navigate = navigate.clone();
        sending.send(registry.change_password(change), move |()| {
            if forced || to.is_some() {
                let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                navigate(&destination(to), options);
            } else {
                done.set(true);
            }
        });
    };
    let crumbs = match forced {
        true => vec![],
        false => vec![Crumb::link("Home", "/"), Crumb::name("Change password")],
    };
    view! {
        <PageHead title="Change password" crumbs />
        {forced
            .then(|| {
                view! {
                    <Note tone=Tone::Warn title="Choose a password of your own first.">
                        <p>
                            "Somebody else made the one until now. Nothing else can be done before \
                             you have chosen another."
                        </p>
                    </Note>
                }
            })}
        <div role="status">
            {move || {
                done.get()
                    .then(|| {
                        view! {
                            <Note tone=Tone::Good title="Your password is changed.">
                                <p>"Wherever else you were logged in, you are not any more."</p>
                            </Note>
                        }
                    })
            }}
        </div>
        <section class="panel" aria-label="Passwords">
            <form class="in stack slim" on:submit=change>
                <FormNote complaint=sending.complaint fields=&["old", "new", "again"] />
                // For password managers, which want to know whose it is.
                <input
                    class="unseen"
                    name="name"
                    autocomplete="username"
                    tabindex="-1"
                    aria-hidden="true"
                    readonly
                    value=name
                />
                <TextField
                    label="Password until now"
                    form="password"
                    name="old"
                    kind="password"
                    autocomplete="current-password"
                    input=old
                    complaint=sending.complaint
                />
                <TextField
                    label="New password"
                    form="password"
                    name="new"
                    kind="password"
                    autocomplete="new-password"
                    input=new
                    complaint=sending.complaint
                    hint="At least 12 characters"
                />
                <TextField
                    label="New password again"
                    form="password"
                    name="again"
                    kind="password"
                    autocomplete="new-password"
                    input=again
                    complaint=sending.complaint
                />
                <div class="row">
                    <button class="button main" disabled=sending.busy>
                        "Change password"
                    </button>
                </div>
            </form>
        </section>
    }
}
