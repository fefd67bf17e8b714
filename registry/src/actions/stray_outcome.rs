//! What a helper signed and no job is waiting for: recorded, so that the helper can forget it.

use super::ActionError;
use super::take_outcome::End;
use crate::graph;
use crate::registry::Registry;
use crate::store::{CardRecord, Event, EventKind, StrayOutcome, Transaction};
use cardwright_protocol::domain::Command;
use cardwright_protocol::outcome::Condition;

/// Records the outcome of a job that this registry does not know, such as one from after the
/// backup that it was restored from. A card that it names is held to be interrupted while it waits
/// for its initialization: its chip is not as the database says.
pub(super) async fn record_unknown(
    registry: &Registry,
    transaction: &Transaction,
    end: &End,
    stray: StrayOutcome<'_>,
) -> Result<(), ActionError> {
    let card = transaction.card(&end.names().card.0).await?;
    let stray = naming(card.as_ref(), stray);
    let now = registry.now();
    if !transaction.insert_stray_outcome(stray, now).await? {
        return Ok(());
    }
    let told = match end {
        End::Finished(_) => "it was encoded",
        End::Failed(failure) if failure.condition == Condition::Untouched => "nothing was written",
        End::Failed(_) => "its encoding was begun",
    };
    record(transaction, stray, now, &format!("job that this registry does not know: {told}"))
        .await?;
    let was_touched = match end {
        End::Finished(_) => true,
        End::Failed(failure) => failure.condition != Condition::Untouched,
    };
    if let Some(mut card) = card
        && was_touched
        && !stray.doubted
        && !card.interrupted
        && graph::target(card.state, Command::InitializeTemporaryCard).is_some()
    {
        card.interrupted = true;
        transaction.change_card(&mut card, None).await?;
    }
    Ok(())
}

/// Records another outcome of a job whose outcome was taken: the first one counts.
pub(super) async fn record_second(
    registry: &Registry,
    transaction: &Transaction,
    card: &CardRecord,
    stray: StrayOutcome<'_>,
) -> Result<(), ActionError> {
    let now = registry.now();
    let stray = naming(Some(card), stray);
    if transaction.insert_stray_outcome(stray, now).await? {
        record(transaction, stray, now, "job that had ended already: nothing is changed").await?;
    }
    Ok(())
}

/// It counts for the card that it names, unless its key is no longer current.
fn naming<'a>(card: Option<&CardRecord>, stray: StrayOutcome<'a>) -> StrayOutcome<'a> {
    let card = card.filter(|_| !stray.doubted).map(|card| card.id);
    StrayOutcome { card, ..stray }
}

async fn record(
    transaction: &Transaction,
    stray: StrayOutcome<'_>,
    now: i64,
    of: &str,
) -> Result<(), ActionError> {
    let workstation = transaction.workstation_name(stray.workstation).await?;
    let doubt = if stray.doubted { "; its key is no longer current" } else { "" };
    let event = Event {
        at: now,
        by: "registry".to_owned(),
        kind: EventKind::StrayOutcome,
        card: stray.card,
        process: None,
        what: format!("{workstation} told the end of a {of}{doubt}"),
        state: None,
    };
    Ok(transaction.record(event).await?)
}
