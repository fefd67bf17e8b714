//! What a tab of a template holds: *Additional Commands* of a state, or the general settings.

use crate::components::{Check, move_focus};
use crate::template_editor::{Direction, Draft};
use cardwright_protocol::domain::{CardState, Command};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlElement;
use web_sys::wasm_bindgen::JsCast;

/// *Additional Commands* of a state and their order.
#[component]
pub(crate) fn Entries(draft: RwSignal<Option<Draft>>, state: CardState) -> impl IntoView {
    let enabled = Memo::new(move |_| {
        draft.with(|draft| draft.as_ref().map(|draft| draft.enabled(state)).unwrap_or_default())
    });
    let addable = Memo::new(move |_| {
        draft.with(|draft| draft.as_ref().map(|draft| draft.addable(state)).unwrap_or_default())
    });
    let change = move |change: &dyn Fn(&mut Draft)| {
        draft.update(|draft| draft.iter_mut().for_each(change));
    };
    let choice = NodeRef::<html::Select>::new();
    // What the last change did, for those who do not see the list.
    let said = RwSignal::new(String::new());
    let add = move |_| {
        let Some(choice) = choice.get_untracked() else { return };
        if let Some(command) = Command::from_name(&choice.value()) {
            change(&|draft| draft.add(state, command));
            said.set(format!("{} added", command.title()));
        }
        choice.set_value("");
    };
    let remove = Callback::new(move |command: Command| {
        change(&|draft| draft.remove(state, command));
        said.set(format!("{} removed", command.title()));
        if let Some(choice) = choice.get_untracked() {
            move_focus(&choice);
        }
    });
    let shift = Callback::new(move |(command, direction): (Command, Direction)| {
        change(&|draft| draft.shift(state, command, direction));
        let list = enabled.get_untracked();
        let place = list.iter().position(|other| *other == command).map_or(0, |place| place + 1);
        said.set(format!("{} is number {place} of {}", command.title(), list.len()));
    });
    let options = move || {
        let options = addable.get().into_iter();
        options
            .map(|command| view! { <option value=command.name()>{command.title()}</option> })
            .collect_view()
    };
    let title = state.title().to_lowercase();
    view! {
        <div class="editor">
            <div>
                <h2>"Additional Commands"</h2>
                <p class="soft small">
                    {format!(
                        "What an operator can do with a card in state “{title}”, in this order, \
                         under “What do you want to do?”.",
                    )}
                </p>
            </div>
            <label class="field">
                "Choose a command to add"
                <select
                    node_ref=choice
                    on:change=add
                    disabled=move || addable.with(Vec::is_empty)
                >
                    <option value="">
                        {move || match addable.with(Vec::is_empty) {
                            true => "No other command is possible here",
                            false => "Choose a process…",
                        }}
                    </option>
                    {options}
                </select>
            </label>
            <div class="stack close">
                <h3 id="process-list" class="small soft">"Process"</h3>
                <Show
                    when=move || !enabled.with(Vec::is_empty)
                    fallback=|| view! { <p class="soft">"No command is enabled in this state."</p> }
                >
                    <ol class="entries" aria-labelledby="process-list">
                        <For each=move || enabled.get() key=|command| *command let:command>
                            <Entry command enabled remove shift />
                        </For>
                    </ol>
                </Show>
            </div>
            <p class="unseen" role="status">{said}</p>
        </div>
    }
}

#[component]
fn Entry(
    command: Command,
    enabled: Memo<Vec<Command>>,
    remove: Callback<Command>,
    shift: Callback<(Command, Direction)>,
) -> impl IntoView {
    let title = command.title();
    let first = move || enabled.with(|list| list.first() == Some(&command));
    let last = move || enabled.with(|list| list.last() == Some(&command));
    let keys = move |event: KeyboardEvent| {
        let direction = match (event.alt_key(), event.key().as_str()) {
            (true, "ArrowUp") => Direction::Up,
            (true, "ArrowDown") => Direction::Down,
            _ => return,
        };
        event.prevent_default();
        shift.run((command, direction));
        let focused = document().active_element().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        request_animation_frame(move || {
            if let Some(focused) = focused {
                move_focus(&focused);
            }
        });
    };
    // Not `disabled` at the ends: a button that was just used keeps the focus.
    let button = move |word: &'static str, direction, at_end: Signal<bool>| {
        let this = NodeRef::<html::Button>::new();
        let click = move |_| {
            shift.run((command, direction));
            // A row that was moved in the document has lost the focus.
            request_animation_frame(move || {
                if let Some(button) = this.get_untracked() {
                    move_focus(&button);
                }
            });
        };
        view! {
            <button
                type="button"
                class="button quiet small"
                aria-label=format!("{word}: {title}")
                aria-disabled=move || at_end.get().then_some("true")
                node_ref=this
                on:click=click
            >
                {word}
            </button>
        }
    };
    view! {
        <li on:keydown=keys>
            <span class="name">
                <strong>{title}</strong>
                <span class="small soft number">{command.name()}</span>
            </span>
            <span>
                {button("Move up", Direction::Up, Signal::derive(first))}
                {button("Move down", Direction::Down, Signal::derive(last))}
                <button
                    type="button"
                    class="button quiet small"
                    aria-label=format!("Remove: {title}")
                    on:click=move |_| remove.run(command)
                >
                    "Remove"
                </button>
            </span>
        </li>
    }
}

/// The settings that hold in every state.
#[component]
pub(crate) fn General(draft: RwSignal<Option<Draft>>, profile: String) -> impl IntoView {
    type Setting = (fn(&Draft) -> bool, fn(&mut Draft, bool));
    let check = move |name: &'static str, (read, write): Setting, title, hint| {
        let checked = Signal::derive(move || draft.with(|it| it.as_ref().is_some_and(read)));
        let change = Callback::new(move |checked| {
            draft.update(|draft| draft.iter_mut().for_each(|draft| write(draft, checked)));
        });
        view! { <Check name title hint checked change /> }
    };
    view! {
        <div class="editor">
            <h2>"General"</h2>
            <dl class="facts">
                <dt>"Profile"</dt>
                <dd>{profile}</dd>
            </dl>
            {check(
                "confirm-number",
                (|draft| draft.confirm_number, |draft, yes| draft.confirm_number = yes),
                "Confirm the printed number where the bureau gave no chip id",
                "The operator scans or types it before the chip is encoded: nothing else ties this \
                 plastic to its record.",
            )}
            {check(
                "allow-erase",
                (|draft| draft.allow_erase, |draft, yes| draft.allow_erase = yes),
                "Operators may erase chips that somebody else has used",
                "Each time the operator is told what is lost and says yes. Erasing destroys \
                 everything on a chip for good, including keys that might decrypt somebody's data.",
            )}
        </div>
    }
}
