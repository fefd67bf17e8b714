//! *What do you want to do?*

use crate::complaint::Complaint;
use crate::components::{
    CommandButton, Dialog, Note, ReasonField, TakeOver, move_focus, typed_reason,
};
use crate::helper::Tone;
use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use crate::words;
use cardwright_protocol::domain::{Command, Permission, ProcessState};
use cardwright_protocol::outcome::Condition;
use cardwright_protocol::registry::cards::{Card, OpenProcess};
use cardwright_protocol::registry::processes::{Process, StartProcess};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen_futures::spawn_local;

/// The open process, and the commands that are enabled for the card's state and this person.
#[component]
pub(crate) fn Commands(
    card: Card,
    /// The open process, once it was read.
    process: Memo<Option<Process>>,
    /// The command that a link asked for.
    asked: Option<Command>,
    /// Where to say what was done.
    done: RwSignal<Option<String>>,
    /// Called when the card is not any more what is shown.
    changed: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let navigate = use_navigate();
    let commands = card.row.commands.clone();
    let wants_reason = |command: &Command| *command != Command::InitializeTemporaryCard;
    let asking = RwSignal::new(asked.filter(|command| {
        wants_reason(command) && commands.contains(command) && done.with_untracked(Option::is_none)
    }));
    let error = RwSignal::new(None::<RegistryError>);
    // What is wrong with the reason, while it is asked for.
    let complaint = RwSignal::new(None::<Complaint>);
    let busy = RwSignal::new(false);
    let (number, version) = (card.row.number.clone(), card.version);
    let start = Callback::new(move |(command, reason): (Command, Option<String>)| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let (navigate, number) = (navigate.clone(), number.clone());
        spawn_local(async move {
            let start = StartProcess { command, version, reason };
            let result = registry.start(&number, &start).await;
            busy.try_set(false);
            let complained = result.as_ref().err().map(|refused| Complaint::from(refused.clone()));
            if let Some(wrong) = complained.filter(|it| it.of_field("reason").is_some()) {
                complaint.try_set(Some(wrong));
                return;
            }
            asking.try_set(None);
            match result {
                Ok(process) if process.state.is_open() => {
                    let url = format!("/processes/{}", escape(&process.id.0));
                    navigate(&url, NavigateOptions::default());
                }
                Ok(process) => {
                    let state = process.card.state.title().to_lowercase();
                    done.try_set(Some(format!("{number} is now {state}.")));
                    changed();
                }
                Err(refused) => drop(error.try_set(Some(refused))),
            }
        });
    });
    let click = move |command: Command| match wants_reason(&command) {
        true => asking.set(Some(command)),
        false => start.run((command, None)),
    };
    let may_start = [Permission::InitializeCards, Permission::WithdrawStock]
        .into_iter()
        .any(|permission| registry.may(permission));
    let state = card.row.state.title();
    let empty = match (commands.is_empty(), card.process.is_some()) {
        (true, false) if may_start => Some(format!(
            "Nothing can be done with a card in state “{state}” now. What can be done, an admin \
             enables per state under Home › Cards › Temporary card.",
        )),
        (true, false) => Some(format!(
            "Commands are for operators. Which ones they have for a card in state “{state}” is set \
             under Home › Cards › Temporary card.",
        )),
        (true, true) => Some("Other commands come back when this process has ended.".to_owned()),
        (false, _) => None,
    };
    let interrupted = card.row.interrupted;
    let canceled = Callback::new(move |result: Result<(), RegistryError>| match result {
        Ok(()) => {
            done.try_set(Some("The process was canceled.".to_owned()));
            changed();
        }
        Err(refused) => drop(error.try_set(Some(refused))),
    });
    let buttons = commands.into_iter().map(|command| {
        let click = Callback::new(move |()| click(command));
        let (title, what) = (command.title(), command.description());
        view! { <CommandButton title what id=command.name() disabled=busy click /> }
    });
    view! {
        <aside class="panel">
            <header>
                <h2>"What do you want to do?"</h2>
            </header>
            <div class="commands">
                {card.process.map(|open| view! { <Open open process interrupted canceled /> })}
                {empty.map(|empty| view! { <p class="soft">{empty}</p> })}
                {buttons.collect_view()}
            </div>
            {move || {
                error
                    .get()
                    .map(|error| {
                        let advice = error.advice();
                        view! {
                            <div class="in">
                                <Note tone=Tone::Bad title=error.to_string() alert=true>
                                    <p>{advice}</p>
                                    <div class="row">
                                        <button type="button" class="button" on:click=move |_| changed()>
                                            "Reload"
                                        </button>
                                    </div>
                                </Note>
                            </div>
                        }
                    })
            }}
        </aside>
        <Reason command=asking complaint busy start />
    }
}

#[component]
fn Open(
    open: OpenProcess,
    process: Memo<Option<Process>>,
    /// Whether an encoding of the card's chip was begun and not finished.
    interrupted: bool,
    canceled: Callback<Result<(), RegistryError>>,
) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let navigate = use_navigate();
    let title = open.command.title();
    let url = format!("/processes/{}", escape(&open.id.0));
    if open.mine {
        return view! {
            <p>
                <strong>{title}</strong>
                {format!(" started by {}; ", open.operator)}
                <a href=url>"Go on"</a>
            </p>
        }
        .into_any();
    }
    let on_taken = Callback::new(move |_| navigate(&url, NavigateOptions::default()));
    let may_cancel = registry.may(Permission::CloseForeignProcesses);
    view! {
        <div class="open">
            <p>
                <strong>{title}</strong>
                {format!(" was started by {}, who can go on with it or cancel it.", open.operator)}
            </p>
            {move || process.get().map(|process| view! { <TakeOver process on_taken /> })}
            {may_cancel.then(|| view! { <CancelForeign process=open interrupted canceled /> })}
        </div>
    }
    .into_any()
}

/// *Cancel the process* of somebody else, which always asks: they may be at work on it.
#[component]
fn CancelForeign(
    process: OpenProcess,
    interrupted: bool,
    canceled: Callback<Result<(), RegistryError>>,
) -> impl IntoView {
    let registry = expect_context::<Registry>();
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let condition = match (process.state, interrupted) {
        (ProcessState::Encoding, _) => Condition::Unknown,
        (_, true) => Condition::PartlyWritten,
        (_, false) => Condition::Untouched,
    };
    let cancel = move |_| {
        busy.set(true);
        let id = process.id.clone();
        spawn_local(async move {
            let result = registry.cancel(&id).await.map(drop);
            busy.try_set(false);
            asking.try_set(false);
            canceled.try_run(result);
        });
    };
    view! {
        <div class="row">
            <button type="button" class="button" on:click=move |_| asking.set(true)>
                "Cancel the process"
            </button>
        </div>
        <Dialog
            title="Cancel this process?"
            open=asking
            on_close=Callback::new(move |()| asking.set(false))
        >
            <p>{format!("{} may be at work on it.", process.operator)}</p>
            <p>
                {words::left_behind(condition)}
                " Whoever starts the process again with the same chip goes on where it stopped."
            </p>
            <div class="between">
                <button type="button" class="button" on:click=move |_| asking.set(false)>
                    "Leave it open"
                </button>
                <button type="button" class="button main" disabled=busy on:click=cancel>
                    "Cancel the process"
                </button>
            </div>
        </Dialog>
    }
}

#[component]
fn Reason(
    command: RwSignal<Option<Command>>,
    complaint: RwSignal<Option<Complaint>>,
    busy: RwSignal<bool>,
    start: Callback<(Command, Option<String>)>,
) -> impl IntoView {
    let reason = NodeRef::<html::Textarea>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(command) = command.get_untracked() else { return };
        if let Some(reason) = typed_reason(reason, complaint) {
            start.run((command, Some(reason)));
        }
    };
    // What was typed for another command is not there any more when it is opened again.
    Effect::new(move |_| {
        let is_open = command.with(Option::is_some);
        complaint.set(None);
        if let Some(reason) = reason.get_untracked().filter(|_| is_open) {
            reason.set_value("");
            move_focus(&reason);
        }
    });
    let close = move || command.set(None);
    // The dialog keeps its words while it closes.
    let asked = Memo::new(move |before: Option<&Option<Command>>| {
        command.get().or(before.copied().flatten())
    });
    let text = move |text: fn(Command) -> &'static str| asked.get().map(text);
    view! {
        <Dialog
            title="Give a reason"
            open=Signal::derive(move || command.with(Option::is_some))
            on_close=Callback::new(move |()| close())
        >
            <p>
                <strong>{move || text(Command::title)}</strong>
                ": "
                {move || text(Command::description)}
                "."
            </p>
            <form class="stack" on:submit=submit>
                <ReasonField form="command" reason complaint />
                <div class="between">
                    <button type="button" class="button" on:click=move |_| close()>
                        "Cancel"
                    </button>
                    <button class="button main" disabled=busy>
                        {move || text(Command::title)}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
