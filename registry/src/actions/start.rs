use super::reason::check_reason;
use super::view::{self, template_of};
use super::{ActionError, Person, invalid, not_found, random_name, refused, stale_version};
use crate::access::for_command;
use crate::graph;
use crate::registry::Registry;
use crate::store::{Event, EventKind, NewProcess, StoreError};
use cardwright_protocol::domain::{Command, ProcessState};
use cardwright_protocol::ids::ProcessId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{Process, StartProcess};

/// Starts a command on a card. Commands that only mark a card are completed at once.
pub(crate) async fn start(
    registry: &Registry,
    person: &Person,
    number: &str,
    request: StartProcess,
) -> Result<Process, ActionError> {
    let StartProcess { command, version, reason } = request;
    person.require(for_command(command))?;
    let transaction = person.begin(&registry.store).await?;
    let mut card = transaction.card(number).await?.ok_or_else(|| not_found("card"))?;
    if let Some(open) = transaction.open_processes([card.id]).await?.first() {
        return Err(in_use(&open.account));
    }
    if card.version != version {
        return Err(stale_version());
    }
    let target = graph::target(card.state, command).ok_or_else(|| {
        let (command, state) = (command.title(), card.state.title());
        refused(
            ProblemCode::WrongState,
            format!("{command} is not possible while the card is {state}."),
        )
    })?;
    let template = template_of(&transaction, &card).await?;
    if !template.enabled_in(card.state).any(|enabled| enabled == command) {
        let (command, state) = (command.title(), card.state.title());
        return Err(refused(
            ProblemCode::NotEnabled,
            format!("{command} is not enabled for cards in state {state}. Ask an admin."),
        ));
    }
    let reason = reason_for(command, reason)?;
    let at_once = wants_reason(command);
    let now = registry.now();
    let process = ProcessId(random_name()?);
    let new = NewProcess {
        id: process.clone(),
        card: card.id,
        command,
        state: if at_once { ProcessState::Completed } else { ProcessState::Started },
        account: person.name.clone(),
        reason: reason.clone(),
    };
    match transaction.insert_process(new, now).await {
        Err(StoreError::Taken) => return Err(in_use("somebody else")),
        other => other?,
    }
    let mut event = Event {
        at: now,
        by: person.name.clone(),
        kind: EventKind::ProcessStarted,
        card: Some(card.id),
        process: Some(process.clone()),
        what: format!("{} started", command.title()),
        state: None,
    };
    if at_once {
        card.state = target;
        transaction.change_card(&mut card, None).await?;
        event.kind = EventKind::CardChanged;
        event.state = Some(target);
        event.what = format!("{}: {}", command.title(), reason.unwrap_or_default());
    }
    transaction.record(event).await?;
    let record = transaction.process(&process.0).await?;
    let record = record.ok_or(ActionError::Inconsistent("a process that was made is not there"))?;
    let process = view::process(registry, &transaction, person, &record).await?;
    transaction.commit().await?;
    Ok(process)
}

fn wants_reason(command: Command) -> bool {
    match command {
        Command::InitializeTemporaryCard => false,
        Command::MarkAsDefective | Command::MarkAsLost => true,
    }
}

fn reason_for(command: Command, reason: Option<String>) -> Result<Option<String>, ActionError> {
    match (wants_reason(command), reason) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(invalid("reason", "This command takes no reason.")),
        (true, reason) => check_reason(&reason.unwrap_or_default()).map(Some),
    }
}

fn in_use(by: &str) -> ActionError {
    refused(
        ProblemCode::CardInUse,
        format!("A process of {by} has this card. Wait until it is ended, or choose another card."),
    )
}
