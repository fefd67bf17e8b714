//! A helper with a one-time code becomes the helper of a workstation.

use super::{ActionError, invalid, refused};
use crate::registry::Registry;
use crate::store::{Bound, Event, EventKind, HelperSays, StoreError, Transaction};
use crate::text::is_unseen;
use cardwright_protocol::enrolment::{Enrol, Enrolled, HelperKeys, RegistryTerms};
use cardwright_protocol::helper::PROTOCOL_VERSION;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_seal::{EnrolmentKey, SealingKey, Side, VerifyingKey, sha256};
use std::cmp::Ordering;

/// Wrong proofs after which a code cannot be used any more.
const MAX_WRONG_PROOFS: i32 = 5;

/// Wrong codes from one address.
const PER_ADDRESS: Bound = Bound { most: 10, within: 15 * 60 };

/// Wrong codes from everywhere: a code has 60 random bits, but nobody need look at a million.
const IN_ALL: Bound = Bound { most: 100, within: 15 * 60 };

/// What [`IN_ALL`] counts.
const EVERYWHERE: &str = "enrolment";

/// Events that say so.
const RECORDED: Bound = Bound { most: 5, within: 15 * 60 };

/// Longest statement, in bytes.
const MAX_STATEMENT: usize = 2048;

/// Longest version of a helper, in characters.
const MAX_VERSION: usize = 64;

/// Takes a helper that knows a one-time code. The same statement under the same code, while it is
/// good, gets the same answer again: the first one may have been lost. `origins` are those of the
/// registry's pages; wrong codes of who asks are counted by `address`.
pub(crate) async fn enrol(
    registry: &Registry,
    origins: &[String],
    address: &str,
    request: &Enrol,
) -> Result<Enrolled, ActionError> {
    let now = registry.now();
    let transaction = registry.store.begin().await?;
    let from = format!("from {address}");
    if transaction.is_exhausted(&from, PER_ADDRESS, now).await?
        || transaction.is_exhausted(EVERYWHERE, IN_ALL, now).await?
    {
        let message = "Too many wrong codes. Wait 15 minutes, then try again with a new code.";
        return Err(refused(ProblemCode::TooManyTries, message));
    }
    let invitation = transaction.invitation(&request.invitation).await?;
    let Some(invitation) = invitation.filter(|invitation| invitation.is_fresh(now)) else {
        return wrong_code(transaction, &from, now).await;
    };
    if request.statement.len() > MAX_STATEMENT
        || !invitation.key.is_proved(Side::Helper, &request.statement, &request.proof)
    {
        match invitation.wrong_proofs + 1 {
            MAX_WRONG_PROOFS.. => end_guessed(&transaction, &invitation.workstation, now).await?,
            count => transaction.set_wrong_proofs(&invitation.name, count).await?,
        }
        return wrong_code(transaction, &from, now).await;
    }
    match &invitation.used {
        Some((statement, answer)) if *statement == request.statement => {
            return Ok(answer_with(&invitation.key, answer.clone()));
        }
        Some(_) => return wrong_code(transaction, &from, now).await,
        None => {}
    }
    let keys = read_keys(&request.statement)?;
    let workstation = transaction.workstation(&invitation.workstation.0).await?;
    let workstation =
        workstation.ok_or(ActionError::Inconsistent("an invitation is for no workstation"))?;
    match transaction.enrol_keys(&workstation.id, &keys.signing, &keys.sealing, now).await {
        Err(StoreError::Taken) => {
            // Keys of a revoked workstation may be in somebody else's hands.
            let message = "The helper has the keys of another workstation, which may be revoked. \
                           Enroll it with a new data folder.";
            return Err(invalid("statement", message));
        }
        other => other?,
    }
    let HelperKeys { protocol, version, .. } = keys.statement;
    let says = HelperSays { version: &version, protocol };
    transaction.mark_enrolled(&workstation.id, says, now).await?;
    let terms = RegistryTerms {
        workstation: workstation.id.clone(),
        name: workstation.name.clone(),
        registry_key: registry.public_key().to_bytes().into(),
        origins: origins.to_vec(),
        answers: sha256(request.statement.as_bytes()),
    };
    let answer = serde_json::to_string(&terms);
    let answer = answer.map_err(|_| ActionError::Inconsistent("terms cannot be written"))?;
    transaction.use_invitation(&invitation.name, &request.statement, &answer).await?;
    let anew = if workstation.enrolled_at.is_some() { " anew" } else { "" };
    let what = format!(
        "Helper {version} of workstation {} enrolled{anew}; its signing key is {}",
        workstation.name, keys.signing
    );
    let by = format!("workstation {}", workstation.name);
    transaction.record(Event::apart(now, by, EventKind::WorkstationEnrolled, what)).await?;
    transaction.commit().await?;
    Ok(answer_with(&invitation.key, answer))
}

/// Nobody can use a code any more that somebody tries to guess.
async fn end_guessed(
    transaction: &Transaction,
    workstation: &WorkstationId,
    now: i64,
) -> Result<(), ActionError> {
    transaction.end_invitation(workstation).await?;
    let name = transaction.workstation_name(workstation).await?;
    let what = format!("The one-time code of {name} ended: {MAX_WRONG_PROOFS} wrong proofs");
    let event = Event::apart(now, "nobody", EventKind::EnrolmentRefused, what);
    Ok(transaction.record(event).await?)
}

/// One answer, whatever is wrong with a code, so that it says nothing about other codes.
async fn wrong_code<T>(transaction: Transaction, from: &str, now: i64) -> Result<T, ActionError> {
    transaction.count(from, PER_ADDRESS, now).await?;
    transaction.count(EVERYWHERE, IN_ALL, now).await?;
    let what = format!("A one-time code was refused: {from}");
    let event = Event::apart(now, "nobody", EventKind::EnrolmentRefused, what);
    transaction.record_bounded("enrolments-refused", RECORDED, event).await?;
    transaction.commit().await?;
    let message = "The code is wrong, was used, or is older than 15 minutes. Check it, or ask an \
                   admin for a new one.";
    Err(refused(ProblemCode::WrongCode, message))
}

fn answer_with(key: &EnrolmentKey, statement: String) -> Enrolled {
    Enrolled { proof: key.prove(Side::Registry, &statement), statement }
}

/// Keys that can be used.
struct Keys {
    statement: HelperKeys,
    signing: VerifyingKey,
    sealing: SealingKey,
}

fn read_keys(statement: &str) -> Result<Keys, ActionError> {
    let wrong = |what: &str| {
        invalid("statement", format!("The helper sent {what}. Update helper and registry."))
    };
    let statement: HelperKeys =
        serde_json::from_str(statement).map_err(|_| wrong("what this registry cannot read"))?;
    let newer = match statement.protocol.cmp(&PROTOCOL_VERSION) {
        Ordering::Equal => None,
        Ordering::Less => Some("The helper is older than this registry. Update the helper."),
        Ordering::Greater => Some("The helper is newer than this registry. Update the registry."),
    };
    if let Some(message) = newer {
        return Err(invalid("protocol", message));
    }
    let length = statement.version.chars().count();
    if !(1..=MAX_VERSION).contains(&length) || statement.version.contains(is_unseen) {
        return Err(wrong("no version"));
    }
    let weak = |_| wrong("keys that nobody can use");
    // Their texts refuse weak keys and points of low order.
    let signing = statement.signing_key.to_string().parse().map_err(weak)?;
    let sealing = statement.sealing_key.to_string().parse().map_err(weak)?;
    Ok(Keys { statement, signing, sealing })
}
