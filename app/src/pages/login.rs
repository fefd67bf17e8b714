//! *Log in*.

use crate::components::{Brand, Note};
use crate::helper::Tone;
use crate::registry::{Registry, Who};
use crate::session_key::{NoKey, SessionKey};
use crate::trouble::RegistryError;
use crate::way_back::after_login;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::session::Login;
use cardwright_protocol::secret_text::SecretText;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen_futures::spawn_local;

/// Id of what is said of a login that was refused.
const WRONG: &str = "login-wrong";

/// Asks for name and password, then goes on to where the person wanted to go.
#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let navigate = use_navigate();
    let query = use_query_map();
    let (name, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let error = RwSignal::new(None::<RegistryError>);
    let busy = RwSignal::new(false);
    let no_key = RwSignal::new(None::<NoKey>);
    spawn_local(async move {
        // Said before a password is typed in vain. The page may be gone by then.
        no_key.try_set(SessionKey::generate().await.err());
    });
    document().set_title("Log in · Cardwright");
    Effect::new(move |_| {
        if let Some(name) = name.get() {
            crate::components::move_focus(&name);
        }
    });
    Effect::new(move |_| {
        if let Who::Person(me) = registry.who.get() {
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            let parameter = |name| query.read_untracked().get(name);
            let page = after_login(parameter("to"), parameter("of").as_deref(), &me.name);
            navigate(&page, options);
        }
    });
    let log_in = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(name), Some(password)) = (name.get_untracked(), password.get_untracked()) else {
            return;
        };
        if busy.get_untracked() {
            return;
        }
        let login = Login {
            name: name.value().trim().to_owned(),
            password: SecretText::new(password.value()),
        };
        password.set_value("");
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let result = registry.log_in(login).await;
            // The page is gone where the login went well.
            busy.try_set(false);
            if let Err(refused) = result {
                error.try_set(Some(refused));
                crate::components::move_focus(&password);
            }
        });
    };
    // Which of the two is wrong nobody is told.
    let is_wrong = Memo::new(move |_| {
        error.with(|error| error.as_ref().is_some_and(|it| it.is(ProblemCode::WrongPassword)))
    });
    let invalid = move || is_wrong.get().then_some("true");
    let described = move || is_wrong.get().then_some(WRONG);
    let changed = move |_| {
        if is_wrong.get_untracked() {
            error.set(None);
        }
    };
    view! {
        <main class="door">
            <Brand />
            <section class="panel">
                <form on:submit=log_in>
                    <h1>"Log in"</h1>
                    {move || {
                        no_key
                            .get()
                            .map(|missing| {
                                let advice = missing.advice();
                                view! {
                                    <Note tone=Tone::Bad title=missing.to_string() alert=true>
                                        <p>{advice}</p>
                                    </Note>
                                }
                            })
                    }}
                    <div id=WRONG>
                        {move || {
                            error
                                .get()
                                .map(|error| {
                                    view! {
                                        <Note tone=Tone::Bad alert=true>
                                            <p>{error.to_string()}</p>
                                        </Note>
                                    }
                                })
                        }}
                    </div>
                    <label class="field">
                        "Name"
                        <input
                            name="name"
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            required
                            aria-invalid=invalid
                            aria-describedby=described
                            on:input=changed
                            node_ref=name
                        />
                    </label>
                    <label class="field">
                        "Password"
                        <input
                            name="password"
                            type="password"
                            autocomplete="current-password"
                            required
                            aria-invalid=invalid
                            aria-describedby=described
                            on:input=changed
                            node_ref=password
                        />
                    </label>
                    <button class="button main" disabled=move || busy.get() || no_key.get().is_some()>
                        "Log in"
                    </button>
                </form>
            </section>
        </main>
    }
}
