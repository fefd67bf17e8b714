//! A template: one tab per state, *Additional Commands*, *Save*.

mod entries;

use crate::components::{Crumb, Note, PageHead, Waiting, fetch};
use crate::helper::Tone;
use crate::leaving::Leaving;
use crate::registry::Registry;
use crate::search::escape;
use crate::template_editor::Draft;
use crate::trouble::RegistryError;
use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::problem::ProblemCode;
use entries::{Entries, General};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use wasm_bindgen_futures::spawn_local;

/// How the last *Save* ended.
#[derive(Clone, PartialEq, Eq)]
enum Saving {
    No,
    Busy,
    Saved,
    Refused(RegistryError),
}

/// The page.
#[component]
pub(crate) fn TemplatePage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let leaving = expect_context::<Leaving>();
    let parameters = use_params_map();
    let name = Memo::new(move |_| parameters.read().get("name").unwrap_or_default());
    let template = fetch(move || {
        let name = name.get();
        async move { registry.template(&name).await }
    });
    let draft = RwSignal::new(None::<Draft>);
    let saving = RwSignal::new(Saving::No);
    Effect::new(move |_| {
        if let Some(Ok(template)) = template.answer.get() {
            draft.set(Some(Draft::new(template)));
            saving.set(Saving::No);
        }
    });
    let dirty = Memo::new(move |_| draft.with(|draft| draft.as_ref().is_some_and(Draft::is_dirty)));
    leaving.guard(dirty);

    let save = move |_| {
        let Some(change) = draft.with_untracked(|draft| draft.as_ref().map(Draft::wire_change))
        else {
            return;
        };
        saving.set(Saving::Busy);
        let name = name.get_untracked();
        spawn_local(async move {
            match registry.change_template(&name, &change).await {
                Ok(template) => {
                    draft.try_set(Some(Draft::new(template)));
                    saving.try_set(Saving::Saved);
                }
                Err(error) => drop(saving.try_set(Saving::Refused(error))),
            }
        });
    };
    let discard = move |_| {
        draft.update(|draft| draft.iter_mut().for_each(Draft::discard));
        saving.set(Saving::No);
    };
    let blocked = move || !dirty.get() || saving.with(|saving| *saving == Saving::Busy);
    let title = Memo::new(move |_| {
        draft.with(|draft| draft.as_ref().map(|draft| draft.saved().title.clone()))
    });
    view! {
        {move || {
            title
                .get()
                .map(|title| {
                    let crumbs = vec![
                        Crumb::link("Home", "/"),
                        Crumb::link("Cards", "/templates"),
                        Crumb::name(&title),
                    ];
                    view! {
                        <PageHead title crumbs>
                            <div class="row">
                                <span class="unsaved" role="status">
                                    {move || match (dirty.get(), saving.get()) {
                                        (_, Saving::Busy) => "Saving…",
                                        (true, _) => "Unsaved changes",
                                        (false, Saving::Saved) => "Saved",
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
                })
        }}
        {move || match saving.get() {
            Saving::Refused(error) => {
                Some(view! { <Refusal error reload=move || template.reload() /> })
            }
            Saving::No | Saving::Busy | Saving::Saved => None,
        }}
        <Waiting fetched=template title="Template" />
        <Show when=move || title.with(Option::is_some)>
            <Editor draft />
        </Show>
    }
}

#[component]
fn Refusal(error: RegistryError, reload: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let stale = error.is(ProblemCode::StaleVersion);
    let advice = match stale {
        true => {
            "Somebody else saved this template meanwhile. Reload it to see what it is now; your \
             changes here are lost by that."
        }
        false => error.advice(),
    };
    view! {
        <Note tone=Tone::Bad title=error.to_string() alert=true>
            <p>{advice}</p>
            {stale
                .then(|| {
                    view! {
                        <div class="row">
                            <button type="button" class="button" on:click=move |_| reload()>
                                "Reload"
                            </button>
                        </div>
                    }
                })}
        </Note>
    }
}

#[component]
fn Editor(draft: RwSignal<Option<Draft>>) -> impl IntoView {
    let query = use_query_map();
    let state = Memo::new(move |_| {
        query.with(|query| query.get("state").and_then(|name| CardState::from_name(&name)))
    });
    let of_saved = draft.with_untracked(|draft| draft.as_ref().map(|draft| draft.saved().clone()));
    let Some(template) = of_saved else { return ().into_any() };
    let path = format!("/templates/{}", escape(&template.name));
    let tab =
        move |title: &'static str, class: &'static str, tab: Option<CardState>, url: String| {
            view! {
                <a href=url class=class aria-current=move || (state.get() == tab).then_some("true")>
                    <span class="dot" aria-hidden="true"></span>
                    {title}
                </a>
            }
        };
    let general = tab("General", "general", None, path.clone());
    let tabs = template.states.iter().map(|of| {
        let url = format!("{path}?state={}", of.state.name());
        tab(of.state.title(), of.state.name(), Some(of.state), url)
    });
    view! {
        <section class="panel">
            <nav class="states" aria-label="States">
                {general}
                {tabs.collect_view()}
            </nav>
            <div class="in">
                {move || match state.get() {
                    None => view! { <General draft profile=template.profile.clone() /> }.into_any(),
                    Some(state) => view! { <Entries draft state /> }.into_any(),
                }}
            </div>
        </section>
    }
    .into_any()
}
