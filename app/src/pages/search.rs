//! *SEARCH*: the form, and the cards that it finds.

mod list;

use crate::components::{PageHead, Waiting, fetch};
use crate::courier::Courier;
use crate::registry::Registry;
use crate::search::{MAX_TEXT_LENGTH, Search, TYPE};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::registry::cards::CardPage;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use list::List;

/// The page. The URL is the search: the form only changes the URL.
#[component]
pub(crate) fn SearchPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let parameters = use_query_map();
    let search =
        Memo::new(move |_| parameters.with(|map| Search::from_parameters(|name| map.get(name))));
    let found = fetch(move || {
        let search = search.get();
        async move {
            let asked = search.go && search.complaint().is_none();
            Ok(match asked {
                true => Some((registry.cards(&search).await?, search)),
                false => None,
            })
        }
    });
    // Whatever a helper still had may change what is found.
    let courier = expect_context::<Courier>();
    Effect::watch(move || courier.taken.get(), move |_, _, _| found.reload(), false);
    let complaint = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        complaint.set(search.with(|search| search.go.then(|| search.complaint()).flatten()));
    });
    let shown = Memo::new(move |_| found.answer.get().and_then(Result::ok).flatten());
    view! {
        <PageHead title="Search" />
        <section class="panel" aria-label="Search for">
            <Form search complaint />
        </section>
        {move || {
            complaint
                .get()
                .map(|complaint| {
                    view! {
                        <section class="panel nothing" role="alert" id=WRONG>
                            <strong>"That is too much text."</strong>
                            <span>{complaint}</span>
                        </section>
                    }
                })
        }}
        <Show when=move || search.with(|search| search.go)>
            <Waiting fetched=found />
        </Show>
        {move || {
            shown
                .get()
                .map(|(page, search): (CardPage, Search)| {
                    view! { <List page search busy=found.busy /> }
                })
        }}
    }
}

/// What can be asked of a card's chip: in the URL, in the query, for people.
const CHIPS: [(&str, Option<bool>, &str); 3] = [
    ("", None, "Any chip"),
    ("true", Some(true), "Interrupted"),
    ("false", Some(false), "Not interrupted"),
];

/// Id of what is said of a text that cannot be searched for.
const WRONG: &str = "search-wrong";

#[component]
fn Form(
    search: Memo<Search>,
    /// What is wrong with the text.
    complaint: RwSignal<Option<String>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let (status, chip) = (NodeRef::<html::Select>::new(), NodeRef::<html::Select>::new());
    let text = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let fields = (status.get_untracked(), chip.get_untracked(), text.get_untracked());
        let (Some(status), Some(chip), Some(text)) = fields else { return };
        let status = CardState::from_name(&status.value());
        let interrupted = chip.value().parse().ok();
        let wanted =
            search.with_untracked(|search| search.asking_for(status, interrupted, &text.value()));
        complaint.set(wanted.complaint());
        navigate(&wanted.url(), NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    let chosen = move || search.with(|search| search.query.status);
    let states = CardState::ALL.iter().map(|state| {
        let state = *state;
        view! {
            <option value=state.name() prop:selected=move || chosen() == Some(state)>
                {state.title()}
            </option>
        }
    });
    let wanted = move || search.with(|search| search.query.interrupted);
    let chips = CHIPS.map(|(value, interrupted, title)| {
        view! {
            <option value=value prop:selected=move || wanted() == interrupted>
                {title}
            </option>
        }
    });
    let is_wrong = move || complaint.with(Option::is_some);
    view! {
        <form class="filters" role="search" on:submit=submit>
            <label class="field">
                "Type"
                <select name="type">
                    <option value=TYPE.0>{TYPE.1}</option>
                </select>
            </label>
            <label class="field">
                "Status"
                <select name="status" node_ref=status>
                    <option value="" prop:selected=move || chosen().is_none()>
                        "Any status"
                    </option>
                    {states.collect_view()}
                </select>
            </label>
            <label class="field">
                "Chip"
                <select name="interrupted" node_ref=chip>
                    {chips.collect_view()}
                </select>
            </label>
            <label class="field text">
                "Number, order or chip"
                <input
                    type="search"
                    name="text"
                    maxlength=MAX_TEXT_LENGTH
                    autocomplete="off"
                    aria-invalid=move || is_wrong().then_some("true")
                    aria-describedby=move || is_wrong().then_some(WRONG)
                    on:input=move |_| complaint.set(None)
                    prop:value=move || search.with(|search| search.query.text.clone())
                    node_ref=text
                />
            </label>
            <button class="button main">"Search"</button>
        </form>
    }
}
