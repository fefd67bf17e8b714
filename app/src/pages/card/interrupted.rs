//! What *interrupted* means, and how the open process failed.

use crate::components::{FailureNote, Note};
use crate::helper::Tone;
use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::registry::cards::Card;
use cardwright_protocol::registry::processes::Process;
use leptos::prelude::*;

/// Nothing for a card whose chip is whole or was never begun.
#[component]
pub(crate) fn Interrupted(
    card: Card,
    /// The open process, once it was read.
    process: Memo<Option<Process>>,
) -> impl IntoView {
    let failure = move || process.get().and_then(|process| process.failure);
    let note = card.row.interrupted.then(|| {
        let mend = mend(&card);
        view! {
            <Note tone=Tone::Warn title="Interrupted: an encoding was begun and not finished.">
                <p>
                    "The chip may be partly written and cannot be used as it is. Nothing is lost: \
                     the registry can set every value right."
                </p>
                <p>{mend}</p>
            </Note>
        }
    });
    let mend = match &card.process {
        Some(open) if open.mine => "Go on with the process: it says what to do.",
        _ => "Whoever goes on with the process is told what to do.",
    };
    view! {
        {note}
        {move || failure().map(|failure| view! { <FailureNote failure mend /> })}
    }
}

/// What is to be done, by whom.
fn mend(card: &Card) -> &'static str {
    let can_start = card.row.commands.contains(&Command::InitializeTemporaryCard);
    let can_be_finished = matches!(card.row.state, CardState::Produced | CardState::Returned);
    match &card.process {
        _ if can_start => {
            "To finish it, put the same chip into a reader and click Initialize temporary card, \
             here or at any other workstation: the work goes on where it stopped."
        }
        Some(open) if open.mine => {
            "To finish it, put the same chip into a reader and go on with the process, here or at \
             any other workstation: the work goes on where it stopped."
        }
        Some(_) => "The open process finishes it, with the same chip, at any workstation.",
        None if can_be_finished => {
            "An operator finishes it by Initialize temporary card with the same chip, at any \
             workstation: the work goes on where it stopped."
        }
        None => "It is not finished in this state. Do not hand the card out.",
    }
}
