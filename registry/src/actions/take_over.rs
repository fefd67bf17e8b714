use super::give_up::give_up_open_job;
use super::{ActionError, Person, not_found, refused, view};
use crate::registry::Registry;
use crate::store::{Event, EventKind};
use cardwright_protocol::domain::{Permission, ProcessState};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::Process;

/// Makes somebody else's open process this person's own, who then goes on with it at any
/// workstation: whoever has the card in hand when operator or workstation are gone needs no second
/// person. Taking over one's own process changes nothing.
pub(crate) async fn take_over(
    registry: &Registry,
    person: &Person,
    id: &str,
) -> Result<Process, ActionError> {
    person.require(Permission::CloseForeignProcesses)?;
    let transaction = person.begin(&registry.store).await?;
    let mut process = transaction.process(id).await?.ok_or_else(|| not_found("process"))?;
    if !process.state.is_open() {
        return Err(refused(ProblemCode::ProcessEnded, "The process has ended already."));
    }
    if process.account == person.name {
        return view::process(registry, &transaction, person, &process).await;
    }
    let now = registry.now();
    let mut card = transaction.card_by_id(process.card).await?;
    let mut what = format!("{} taken over from {}", process.command.title(), process.account);
    what += &give_up_open_job(&transaction, &process, &mut card).await?;
    process.account = person.name.clone();
    process.state = ProcessState::Started;
    transaction.change_process(&process, now).await?;
    // What was inspected for somebody else is of no use any more.
    transaction.delete_nonces(&process.id).await?;
    let event = Event {
        at: now,
        by: person.name.clone(),
        kind: EventKind::ProcessTakenOver,
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
