use super::{ActionError, Person, not_found, refused, view};
use crate::registry::Registry;
use crate::store::{Event, EventKind, JobState};
use cardwright_protocol::domain::{Permission, ProcessState};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;

/// A job whose outcome is still not known after so many seconds no longer keeps its process open
/// against its operator's will: the helper may be gone for good.
const JOB_PATIENCE: i64 = 120;

/// Closes a process. Pending secrets stay: a chip that a job touched may have them.
pub(crate) async fn cancel(
    registry: &Registry,
    person: &Person,
    id: &str,
) -> Result<Process, ActionError> {
    let transaction = registry.store.begin().await?;
    let mut process = transaction.process(id).await?.ok_or_else(|| not_found("process"))?;
    let may_close_foreign = person.may(Permission::CloseForeignProcesses);
    if process.account != person.name && !may_close_foreign {
        return Err(refused(
            ProblemCode::NotPermitted,
            format!("Only {} or an admin can close this process.", process.account),
        ));
    }
    if !process.state.is_open() {
        return Err(refused(ProblemCode::ProcessEnded, "The process has ended already."));
    }
    let now = registry.now();
    let mut card = transaction.card_by_id(process.card).await?;
    if let Some(job) = transaction.last_job(&process.id, JobState::Open).await? {
        if now - job.issued_at <= JOB_PATIENCE && !may_close_foreign {
            return Err(refused(
                ProblemCode::WrongState,
                "The chip may still be being encoded. Stop the work at its helper first; where \
                 that helper is gone, cancel again two minutes after it began, or ask an admin.",
            ));
        }
        transaction.supersede_job(&job.job).await?;
        // Nobody knows what that job did.
        card.interrupted = true;
        transaction.change_card(&mut card, None).await?;
    }
    process.state = ProcessState::Canceled;
    transaction.change_process(&process, now).await?;
    let event = Event {
        at: now,
        by: person.name.clone(),
        kind: EventKind::ProcessCanceled,
        card: Some(card.id),
        process: Some(process.id.clone()),
        what: format!("{} canceled", process.command.title()),
        state: None,
    };
    transaction.record(event).await?;
    let process = view::process(registry, &transaction, person, &process).await?;
    transaction.commit().await?;
    Ok(process)
}
