//! *Audit*: what happened, by whom, and when.

mod export;
mod table;

use crate::audit_search::{AuditSearch, MAX_TEXT_LENGTH, Unsearchable, groups};
use crate::components::{Crumb, PageHead, Waiting, fetch};
use crate::registry::Registry;
use cardwright_protocol::registry::audit::{AuditPage, AuditQuery};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use table::List;

/// The page. The URL is the search: the form only changes the URL.
#[component]
pub(crate) fn AuditLogPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let parameters = use_query_map();
    let search = Memo::new(move |_| {
        parameters.with(|map| AuditSearch::from_parameters(|name| map.get(name)))
    });
    let found = fetch(move || {
        let search = search.get();
        async move {
            Ok(match search.complaint() {
                None => Some((registry.audit(&search).await?, search)),
                Some(_) => None,
            })
        }
    });
    let shown = Memo::new(move |_| found.answer.get().and_then(Result::ok).flatten());
    let kinds = Memo::new(move |last: Option<&Vec<String>>| {
        let kinds = shown.with(|shown| shown.as_ref().map(|(page, _)| page.kinds.clone()));
        kinds.or_else(|| last.cloned()).unwrap_or_default()
    });
    let complaint = RwSignal::new(None::<Unsearchable>);
    Effect::new(move |_| complaint.set(search.with(AuditSearch::complaint)));
    let crumbs = vec![Crumb::link("Home", "/"), Crumb::name("Audit")];
    view! {
        <PageHead title="Audit" crumbs />
        <section class="panel" aria-label="Search for">
            <Form search kinds complaint />
        </section>
        {move || {
            complaint
                .get()
                .map(|complaint| {
                    view! {
                        <section class="panel nothing" role="alert" id=WRONG>
                            <strong>"This cannot be searched for."</strong>
                            <span>{complaint.why}</span>
                        </section>
                    }
                })
        }}
        <Waiting fetched=found />
        {move || {
            shown
                .get()
                .map(|(page, search): (AuditPage, AuditSearch)| {
                    view! { <List page search busy=found.busy /> }
                })
        }}
    }
}

/// Id of what is said of a search that cannot be asked for.
const WRONG: &str = "audit-wrong";

/// Id of what is to be known of the days.
const DAYS: &str = "audit-days";

#[component]
fn Form(
    search: Memo<AuditSearch>,
    kinds: Memo<Vec<String>>,
    complaint: RwSignal<Option<Unsearchable>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let inputs = [(); 5].map(|()| NodeRef::<html::Input>::new());
    let kind = NodeRef::<html::Select>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let read = |at: usize| inputs[at].get_untracked().map(|input| input.value());
        let typed = |at: usize| read(at).unwrap_or_default().trim().to_owned();
        let day = |at: usize| Some(typed(at)).filter(|day| !day.is_empty());
        let kind = kind.get_untracked().map(|kind| kind.value()).unwrap_or_default();
        let query = AuditQuery {
            from: day(0),
            to: day(1),
            by: typed(2),
            kind,
            card: typed(3),
            text: typed(4),
            ..AuditQuery::default()
        };
        let wanted = AuditSearch { query };
        complaint.set(wanted.complaint());
        navigate(&wanted.url(), NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    let field = move |at: usize, label: &'static str, name: &'static str, kind: &'static str| {
        let value = move || {
            search.with(|AuditSearch { query }| match name {
                "from" => query.from.clone().unwrap_or_default(),
                "to" => query.to.clone().unwrap_or_default(),
                "by" => query.by.clone(),
                "card" => query.card.clone(),
                _ => query.text.clone(),
            })
        };
        let is_wrong = Memo::new(move |_| {
            complaint.with(|it| it.as_ref().is_some_and(|it| it.fields.contains(&name)))
        });
        let described = move || {
            let ids = [is_wrong.get().then_some(WRONG), (kind == "date").then_some(DAYS)];
            let ids: Vec<_> = ids.into_iter().flatten().collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        };
        let changed = move |_| {
            if is_wrong.get_untracked() {
                complaint.set(None);
            }
        };
        view! {
            <label class="field">
                {label}
                <input
                    type=kind
                    name=name
                    aria-invalid=move || is_wrong.get().then_some("true")
                    aria-describedby=described
                    on:input=changed
                    maxlength=(kind != "date").then_some(MAX_TEXT_LENGTH)
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=value
                    node_ref=inputs[at]
                />
            </label>
        }
    };
    view! {
        <form class="filters audit" role="search" on:submit=submit>
            {field(0, "From", "from", "date")}
            {field(1, "To", "to", "date")}
            {field(2, "By", "by", "text")}
            <label class="field">
                "Kind"
                <select name="kind" node_ref=kind>
                    <Kinds search kinds />
                </select>
            </label>
            {field(3, "Card", "card", "text")}
            {field(4, "Text", "text", "search")}
            <button class="button main">"Search"</button>
            <p class="hint" id=DAYS>
                "Days are those of UTC; times below are those of this place."
            </p>
        </form>
    }
}

/// Every kind that there is, in groups; and the one of the URL, known or not.
#[component]
fn Kinds(search: Memo<AuditSearch>, kinds: Memo<Vec<String>>) -> impl IntoView {
    let chosen = Memo::new(move |_| search.with(|search| search.query.kind.clone()));
    let option = move |value: String, title: String| {
        let this = value.clone();
        view! {
            <option value=value prop:selected=move || chosen.with(|chosen| *chosen == this)>
                {title}
            </option>
        }
    };
    let group = move |(name, members): (String, Vec<String>)| {
        let all =
            (members.len() > 1).then(|| option(format!("{name}."), format!("{name}: all kinds")));
        let members = members.into_iter().map(|kind| option(kind.clone(), kind)).collect_view();
        view! { <optgroup label=name>{all} {members}</optgroup> }
    };
    let is_known = move |chosen: &str| {
        kinds.with(|kinds| {
            let in_group = |kind: &String| {
                chosen.strip_suffix('.').is_some_and(|name| kind.split('.').next() == Some(name))
            };
            chosen.is_empty() || kinds.iter().any(|kind| kind == chosen || in_group(kind))
        })
    };
    view! {
        {option(String::new(), "Any kind".to_owned())}
        {move || {
            let chosen = chosen.get();
            (!is_known(&chosen)).then(|| option(chosen.clone(), chosen.clone()))
        }}
        {move || groups(&kinds.get()).into_iter().map(group).collect_view()}
    }
}
