//! Before a job: a nonce for the helper's report, and what the report means.

use super::assess::{self, Judgement};
use super::verified::{Verified, verified};
use super::{ActionError, Person, not_found, refused, view};
use crate::escrow::random_bytes;
use crate::registry::Registry;
use crate::store::{ProcessRecord, Snapshot};
use cardwright_protocol::domain::Command;
use cardwright_protocol::outcome::ChipReport;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Assessment, Nonce, Process};
use cardwright_protocol::signed::Signed;

/// A process, whole.
pub(crate) async fn process(
    registry: &Registry,
    person: &Person,
    id: &str,
) -> Result<Process, ActionError> {
    let snapshot = registry.store.read().await?;
    let process = snapshot.process(id).await?.ok_or_else(|| not_found("process"))?;
    view::process(registry, &snapshot, person, &process).await
}

/// Makes a nonce for a report.
pub(crate) async fn make_nonce(
    registry: &Registry,
    person: &Person,
    id: &str,
) -> Result<Nonce, ActionError> {
    let nonce: [u8; 16] = random_bytes()?;
    let transaction = person.begin(&registry.store).await?;
    let process = own_open_process(&transaction, person, id).await?;
    transaction.insert_nonce(&process.id, &nonce).await?;
    transaction.commit().await?;
    Ok(Nonce { nonce: nonce.to_vec().into() })
}

/// Says what the chip of a report means for the card of a process. Nothing is changed.
pub(crate) async fn hand_report(
    registry: &Registry,
    person: &Person,
    id: &str,
    signed: &Signed<ChipReport>,
) -> Result<Assessment, ActionError> {
    let snapshot = registry.store.read().await?;
    let process = own_open_process(&snapshot, person, id).await?;
    let (_, judgement) = judge_report(registry, &snapshot, &process, signed).await?;
    Ok(judgement.assessment)
}

/// Verifies a report for a process and judges its chip. A key that is no longer current gets no
/// judgement, and so no job.
pub(crate) async fn judge_report(
    registry: &Registry,
    snapshot: &Snapshot,
    process: &ProcessRecord,
    signed: &Signed<ChipReport>,
) -> Result<(Verified<ChipReport>, Judgement), ActionError> {
    let report = verified(snapshot, signed, |report: &ChipReport| &report.workstation).await?;
    report.require_current()?;
    if !snapshot.has_nonce(&process.id, &report.statement.registry_nonce.0).await? {
        return Err(stale_report());
    }
    let card = snapshot.card_by_id(process.card).await?;
    let judgement = assess::assess(registry, snapshot, &card, &report).await?;
    Ok((report, judgement))
}

/// The open process of this id, if it encodes a chip and is this person's, who started it or took
/// it over.
pub(crate) async fn own_open_process(
    snapshot: &Snapshot,
    person: &Person,
    id: &str,
) -> Result<ProcessRecord, ActionError> {
    let process = snapshot.process(id).await?.ok_or_else(|| not_found("process"))?;
    if process.account != person.name {
        return Err(refused(
            ProblemCode::CardInUse,
            format!("A process of {} has this card. Choose another card.", process.account),
        ));
    }
    if !process.state.is_open() || process.command != Command::InitializeTemporaryCard {
        return Err(refused(
            ProblemCode::ProcessEnded,
            "The process has ended. Go back to the card to start another one.",
        ));
    }
    Ok(process)
}

/// The report answers no nonce of the process, or one that was used.
pub(crate) fn stale_report() -> ActionError {
    refused(
        ProblemCode::StaleReport,
        "The chip was inspected too long ago, or for something else. Try again.",
    )
}
