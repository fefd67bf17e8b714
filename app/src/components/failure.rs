//! How a job failed, where a page tells it.

use crate::components::Note;
use crate::helper::Tone;
use crate::words;
use cardwright_protocol::outcome::FailureCause;
use cardwright_protocol::registry::processes::LastFailure;
use leptos::prelude::*;

/// Why the last job failed, at which step, in what condition it left the chip, and what to do.
#[component]
pub(crate) fn FailureNote(
    failure: LastFailure,
    /// What to do, which the place where it is told decides.
    mend: &'static str,
) -> impl IntoView {
    let (condition, meaning) = words::condition(failure.condition);
    let step = match failure.cause {
        // The phase of a job that never began says nothing.
        FailureCause::JobRefused { .. } => "Before the first step",
        _ => words::phase_going_on(failure.phase),
    };
    let tone = match failure.cause {
        // It is what somebody wanted.
        FailureCause::Canceled => Tone::Warn,
        _ => Tone::Bad,
    };
    view! {
        <Note tone title=words::cause(&failure.cause) alert=true>
            <dl class="facts">
                <dt>"Step"</dt>
                <dd>{step}</dd>
                <dt>"Chip"</dt>
                <dd>
                    <strong>{condition} "."</strong>
                    " "
                    {meaning}
                </dd>
                <dt>"What to do"</dt>
                <dd>{mend}</dd>
            </dl>
        </Note>
    }
}
