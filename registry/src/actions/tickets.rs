use super::workstations::unknown_workstation;
use super::{ActionError, Person, invalid, refused};
use crate::registry::Registry;
use crate::store::{Bound, Event, EventKind, StoreError, WorkstationRecord};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::{AskForTicket, IssuedTicket, WorkstationState};
use cardwright_protocol::ticket::{CHALLENGE_LENGTH, Ticket};
use cardwright_seal::sign;

/// A workstation's use is written down when the last one is so long ago, in seconds.
const TOUCH_INTERVAL: i64 = 60;

/// A page asks twice a minute: who uses which workstation is recorded once a working day.
const RECORDED: Bound = Bound { most: 1, within: 12 * 60 * 60 };

/// Gives a page of this origin a ticket for a helper.
pub(crate) async fn issue(
    registry: &Registry,
    person: &Person,
    origin: String,
    id: &str,
    request: AskForTicket,
) -> Result<IssuedTicket, ActionError> {
    if request.challenge.0.len() != CHALLENGE_LENGTH {
        return Err(invalid("challenge", "A helper's challenge has 32 bytes. Update the helper."));
    }
    let now = registry.now();
    let snapshot = registry.store.read().await?;
    person.check(&snapshot).await?;
    let workstation = snapshot.workstation(id).await?.ok_or_else(unknown_workstation)?;
    // Nobody hides behind somebody else who uses it, too.
    let is_recorded = snapshot.is_exhausted(&scope(person, &workstation), RECORDED, now).await?;
    drop(snapshot);
    let why_not = match workstation.state {
        WorkstationState::Enrolled => None,
        WorkstationState::Invited => Some("its helper was not enrolled yet. Use its one-time code"),
        WorkstationState::Revoked => {
            Some("an admin revoked it. Use another one, or ask an admin to add it anew")
        }
    };
    if let Some(why_not) = why_not {
        let message = format!("{} cannot be used: {why_not}.", workstation.name);
        return Err(refused(ProblemCode::WrongState, message));
    }
    let is_recent = |used_at: i64| now.abs_diff(used_at) < TOUCH_INTERVAL.unsigned_abs();
    if !is_recorded || !workstation.used_at.is_some_and(is_recent) {
        match touch(registry, person, &workstation, now).await {
            // A ticket need not fail because of it.
            Err(StoreError::CannotWrite(cause)) => {
                tracing::warn!(%cause, "the use of a workstation was not written down");
            }
            touched => touched?,
        }
    }
    let ticket = Ticket {
        challenge: request.challenge,
        origin,
        operator: person.name.clone(),
        workstation: workstation.id,
    };
    Ok(IssuedTicket { ticket: sign(&registry.signing_key, &ticket), name: workstation.name })
}

async fn touch(
    registry: &Registry,
    person: &Person,
    workstation: &WorkstationRecord,
    now: i64,
) -> Result<(), StoreError> {
    let transaction = registry.store.begin().await?;
    transaction.touch_workstation(&workstation.id, now).await?;
    let scope = scope(person, workstation);
    if !transaction.is_exhausted(&scope, RECORDED, now).await? {
        transaction.count(&scope, RECORDED, now).await?;
        let what = format!("Began to use the readers of {}", workstation.name);
        let event = Event::apart(now, &person.name, EventKind::WorkstationUsed, what);
        transaction.record(event).await?;
    }
    transaction.commit().await
}

/// What the uses of a workstation by a person are counted by.
fn scope(person: &Person, workstation: &WorkstationRecord) -> String {
    format!("used {} {}", workstation.id, person.name)
}
