//! The wizard *Initialize temporary card*.

mod chip;
mod done;
mod driver;
mod encode;
mod notices;

use crate::components::{Crumb, Dialog, Note, PageHead, TakeOver, Waiting, fetch, move_focus};
use crate::helper::Tone;
use crate::registry::Registry;
use crate::search::escape;
use crate::wizard::{Event, Step};
use crate::words;
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::ProcessId;
use cardwright_protocol::registry::processes::Process;
use chip::CardAndChip;
use done::Done;
use driver::Driver;
use encode::Encode;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Reads the process, then shows its wizard; another process is another wizard.
#[component]
pub(crate) fn ProcessPage() -> impl IntoView {
    let registry = expect_context::<Registry>();
    let parameters = use_params_map();
    let id = Memo::new(move |_| ProcessId(parameters.read().get("id").unwrap_or_default()));
    let process = fetch(move || {
        let id = id.get();
        async move { registry.process(&id).await }
    });
    view! {
        <Waiting fetched=process title="Process" />
        {move || {
            let read = process.answer.get()?.ok()?;
            let on_taken = Callback::new(move |taken| process.answer.set(Some(Ok(taken))));
            Some(view! { <Wizard process=read on_taken /> })
        }}
    }
}

#[component]
fn Wizard(
    process: Process,
    /// Called when the process of somebody else has become this person's.
    on_taken: Callback<Process>,
) -> impl IntoView {
    let number = process.card.number.clone();
    let card_url = format!("/cards/{}", escape(&number.0));
    let title = process.command.title();
    let driver = Driver::start(process);
    // Somebody else may take the process over, or hand it back, while the page is open.
    let foreign = Memo::new(move |_| {
        let process = driver.wizard.with(|wizard| wizard.process().clone());
        (!process.mine && process.state.is_open()).then_some(process)
    });
    let step = Memo::new(move |_| driver.wizard.with(|wizard| wizard.step()));
    // Steps that were never taken are not shown as done.
    let ended_early = Memo::new(move |_| {
        let state = driver.wizard.with(|wizard| wizard.process().state);
        matches!(state, ProcessState::Canceled | ProcessState::Failed)
    });
    // A step is drawn anew for whom the process belongs to then.
    let shown = Memo::new(move |_| (step.get(), foreign.with(Option::is_none)));
    let trouble = Memo::new(move |_| driver.wizard.with(|wizard| wizard.trouble().cloned()));
    let panel = NodeRef::<html::Section>::new();
    Effect::new(move |before: Option<Step>| {
        let step = step.get();
        if before.is_some_and(|before| before != step)
            && let Some(panel) = panel.get_untracked()
        {
            move_focus(&panel);
        }
        step
    });
    let crumbs = vec![Crumb::link("Search", "/search"), Crumb::link(&number.0, &card_url)];
    view! {
        <PageHead title crumbs>
            {move || (!ended_early.get()).then(|| view! { <Steps step /> })}
        </PageHead>
        {move || {
            trouble
                .get()
                .map(|trouble| {
                    let advice = trouble.advice();
                    view! { <Note tone=Tone::Bad title=trouble.to_string() alert=true><p>{advice}</p></Note> }
                })
        }}
        {move || foreign.get().map(|process| view! { <Foreign process on_taken /> })}
        <section
            class="panel"
            tabindex="-1"
            node_ref=panel
            aria-label=move || name(step.get())
        >
            {move || match shown.get().0 {
                Step::CardAndChip => view! { <CardAndChip driver /> }.into_any(),
                Step::Encode => view! { <Encode driver /> }.into_any(),
                Step::Done => view! { <Done driver /> }.into_any(),
            }}
        </section>
    }
}

/// What is said to somebody who looks on at the process of another person.
#[component]
fn Foreign(process: Process, on_taken: Callback<Process>) -> impl IntoView {
    let advice = match process.can_take_over {
        true => "Take it over to go on with it yourself, for example where they have left.",
        false => "Only they can go on with it; an admin can cancel it on the page of the card.",
    };
    view! {
        <Note tone=Tone::Warn title=format!("{} has this process.", process.operator)>
            <p>{advice}</p>
            <TakeOver process on_taken />
        </Note>
    }
}

const STEPS: [Step; 3] = [Step::CardAndChip, Step::Encode, Step::Done];

fn name(step: Step) -> &'static str {
    match step {
        Step::CardAndChip => "Card and chip",
        Step::Encode => "Encode",
        Step::Done => "Done",
    }
}

#[component]
fn Steps(step: Memo<Step>) -> impl IntoView {
    let place = |step: Step| STEPS.iter().position(|other| *other == step);
    let items = (1..).zip(STEPS).map(|(count, this)| {
        let done = move || place(this) < place(step.get());
        let current = move || (step.get() == this).then_some("step");
        view! {
            <li class:done=done aria-current=current>
                <span class="mark" aria-hidden="true">
                    {move || if done() { "✓".to_owned() } else { count.to_string() }}
                </span>
                {name(this)}
            </li>
        }
    });
    view! { <ol class="steps" aria-label="Steps">{items.collect_view()}</ol> }
}

/// *Cancel*, which asks first where something was written already.
#[component]
fn CancelButton(driver: Driver) -> impl IntoView {
    let asking = RwSignal::new(false);
    let left_behind = Memo::new(move |_| driver.wizard.with(|wizard| wizard.left_behind()));
    let closing = Memo::new(move |_| driver.wizard.with(|wizard| wizard.is_closing()));
    let cancel = move |_| match left_behind.get_untracked() {
        Some(_) => asking.set(true),
        None => driver.apply(Event::Cancel),
    };
    let confirm = move |_| {
        asking.set(false);
        driver.apply(Event::Cancel);
    };
    let label = move || if closing.get() { "Canceling…" } else { "Cancel" };
    // A chip that is being erased cannot be stopped at: the next step can.
    let erasing = Memo::new(move |_| driver.wizard.with(|wizard| wizard.is_erasing()));
    let disabled = move || closing.get() || erasing.get();
    view! {
        <button type="button" class="button" disabled=disabled on:click=cancel>
            {label}
        </button>
        <Dialog
            title="Cancel this process?"
            open=asking
            on_close=Callback::new(move |()| asking.set(false))
        >
            <p>{move || left_behind.get().map(words::left_behind)}</p>
            <p>
                "Nothing is lost. Put the same chip in again and start the process again, at any \
                 workstation and at any time: the work goes on where it stopped."
            </p>
            <div class="between">
                <button type="button" class="button" on:click=move |_| asking.set(false)>
                    "Go on with it"
                </button>
                <button type="button" class="button main" on:click=confirm>
                    "Cancel the process"
                </button>
            </div>
        </Dialog>
    }
}
