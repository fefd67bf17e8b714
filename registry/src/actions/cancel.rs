use super::give_up::give_up_open_job;
use super::{ActionError, Person, not_found, refused, view};
use crate::registry::Registry;
use crate::store::{Event, EventKind};
use cardwright_protocol::domain::{Permission, ProcessState};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;

/// Closes a process, at any time: a helper that is gone holds no card. Pending secrets stay, since
/// a chip that a job touched may have them. Where a job has no end yet, the card is interrupted
/// until its receipt comes, which is taken at any time, or another process finishes the chip.
pub(crate) async fn cancel(
    registry: &Registry,
    person: &Person,
    id: &str,
) -> Result<Process, ActionError> {
    let transaction = person.begin(&registry.store).await?;
    let mut process = transaction.process(id).await?.ok_or_else(|| not_found("process"))?;
    if process.account != person.name && !person.may(Permission::CloseForeignProcesses) {
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
    let mut what = format!("{} canceled", process.command.title());
    what += &give_up_open_job(&transaction, &process, &mut card).await?;
    process.state = ProcessState::Canceled;
    transaction.change_process(&process, now).await?;
    let event = Event {
        at: now,
        by: person.name.clone(),
        kind: EventKind::ProcessCanceled,
        card: Some(card.id),
        process: Some(process.id.clone()),
        what,
        state: None,
    };
    transaction.record(event).await?;
    let process = view::process(registry, &transaction, person, &process).await?;
    transaction.commit().await?;
    Ok(process)
}
