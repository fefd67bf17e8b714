//! *Encode*: the work as it goes.

use super::CancelButton;
use super::driver::Driver;
use crate::components::Note;
use crate::courier::{Courier, stuck_words};
use crate::helper::Tone;
use crate::wizard::Progress;
use crate::words;
use cardwright_protocol::outcome::Phase;
use leptos::prelude::*;

/// The second step.
#[component]
pub(crate) fn Encode(driver: Driver) -> impl IntoView {
    let progress = Memo::new(move |_| driver.wizard.with(|wizard| wizard.progress()));
    let (id, mine) =
        driver.wizard.with_untracked(|wizard| (wizard.process().id.clone(), wizard.process().mine));
    let phases = Memo::new(move |_| driver.wizard.with(|wizard| wizard.phases()));
    let courier = expect_context::<Courier>();
    let stuck = move || {
        courier.stuck.with(|stuck| stuck.get(&id).cloned()).map(|error| {
            let (title, advice) = stuck_words(&error);
            view! {
                <Note tone=Tone::Bad title alert=true>
                    <p>{error.to_string()} " " {advice}</p>
                </Note>
            }
        })
    };
    let count = move || match progress.get() {
        Progress::Running(job) => format!("step {} of {}", job.step, job.of),
        _ => String::new(),
    };
    let lines = move || {
        let phases = phases.get().into_iter().map(Some).chain([None]);
        phases.map(|phase| view! { <Line phase progress /> }).collect_view()
    };
    view! {
        <div class="in stack">
            <div class="stack close">
                <div class="between" role="status">
                    <strong>{move || going_on(&progress.get())}</strong>
                    <span class="soft">{count}</span>
                </div>
                {move || bar(&progress.get(), phases.with(Vec::len))}
            </div>
            <ol class="work">{lines}</ol>
            {stuck}
            {move || match progress.get() {
                Progress::Waiting => {
                    view! {
                        <Note tone=Tone::Warn title="The helper does not answer now.">
                            <p>
                                "What it has begun it goes on with. If it was stopped, start it \
                                 again: this page goes on by itself."
                            </p>
                        </Note>
                    }
                        .into_any()
                }
                Progress::Running(job) if job.phase == Phase::Erase => {
                    view! {
                        <Note tone=Tone::Warn>
                            <p>
                                "Leave the card in the reader. Erasing cannot be stopped in the \
                                 middle; what comes after it can."
                            </p>
                        </Note>
                    }
                        .into_any()
                }
                Progress::Storing => ().into_any(),
                Progress::Starting | Progress::Running(_) => {
                    view! {
                        <Note tone=Tone::Warn>
                            <p>
                                "Leave the card in the reader. If it comes out, put it back: the \
                                 work goes on where it stopped."
                            </p>
                        </Note>
                    }
                        .into_any()
                }
            }}
        </div>
        {mine
            .then(|| {
                view! {
                    <div class="actions">
                        <CancelButton driver />
                        <button type="button" class="button main" disabled>
                            "Next"
                        </button>
                    </div>
                }
            })}
    }
}

fn going_on(progress: &Progress) -> &'static str {
    match progress {
        Progress::Starting => "Getting the job from the registry",
        Progress::Running(job) => words::phase_going_on(job.phase),
        Progress::Storing => "Telling the registry",
        Progress::Waiting => "Waiting for the helper",
    }
}

/// The bar shows whole steps; what a step needs is not known before.
fn bar(progress: &Progress, all: usize) -> impl IntoView + use<> {
    let (value, max) = match progress {
        Progress::Starting | Progress::Waiting => (None, all),
        Progress::Running(job) => (Some(job.step as usize - 1), job.of as usize),
        Progress::Storing => (Some(all), all),
    };
    view! { <progress aria-label="Encoding" max=max value=value></progress> }
}

#[component]
fn Line(
    /// None is the last line, which the registry does.
    phase: Option<Phase>,
    progress: Memo<Progress>,
) -> impl IntoView {
    let mark = Memo::new(move |_| progress.with(|progress| progress.mark(phase)));
    let title = phase.map_or("Receipt stored", words::phase_title);
    view! {
        <li class=move || mark.get().class()>
            <span>
                {title}
                <span class="unseen">{move || format!(" ({})", mark.get().word())}</span>
            </span>
        </li>
    }
}
