//! Jobs that were issued and never reached their helper, such as when the page between was closed.

use super::verified::Verified;
use super::{ActionError, Person};
use crate::store::{Event, EventKind, JobRecord, Snapshot, Transaction};
use cardwright_protocol::outcome::ChipReport;

/// Divides the jobs of the chip of a report: those that never began, and never will, and the rest.
///
/// A helper that says which jobs it knows says it of all others that were issued to it before the
/// report, too: they answer nonces that the report voided. That they were issued before is sure,
/// since a job that is issued takes all nonces of its process with it, and a card has one open
/// process. What was issued before this database was restored may have ended, and been
/// acknowledged, after the copy was taken. A helper that was enrolled anew may have lost the journal
/// of before: it speaks of jobs that are sealed to its own key only.
pub(crate) async fn divide(
    snapshot: &Snapshot,
    from: &Verified<ChipReport>,
    jobs: Vec<JobRecord>,
) -> Result<(Vec<JobRecord>, Vec<JobRecord>), ActionError> {
    let Some(known) = &from.statement.known_jobs else { return Ok((Vec::new(), jobs)) };
    let (candidates, rest): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| {
        let is_for_it = job.workstation_key == Some(from.key.id);
        job.is_unsettled() && is_for_it && !known.contains(&job.job)
    });
    if candidates.is_empty() {
        return Ok((candidates, rest));
    }
    let restored = snapshot.last_restoration().await?;
    let (never_began, unsure): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|job| restored.is_none_or(|at| job.issued_at > at));
    let mut rest = [rest, unsure].concat();
    rest.sort_by_key(|job| job.id);
    Ok((never_began, rest))
}

/// Takes down that these jobs ended without having begun.
pub(crate) async fn record(
    transaction: &Transaction,
    person: &Person,
    card: i64,
    jobs: &[JobRecord],
    now: i64,
) -> Result<(), ActionError> {
    for job in jobs {
        transaction.end_unbegun_job(&job.job).await?;
        let workstation = transaction.workstation_name(&job.workstation).await?;
        let event = Event {
            at: now,
            by: person.name.clone(),
            kind: EventKind::JobNeverBegan,
            card: Some(card),
            process: Some(job.process.clone()),
            what: format!("The encoding at {workstation} never reached the helper"),
            state: None,
        };
        transaction.record(event).await?;
    }
    Ok(())
}
