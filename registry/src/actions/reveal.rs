use super::keying::root_key_of;
use super::reason::check_reason;
use super::{ActionError, Person, not_found, refused};
use crate::access::for_secret;
use crate::clock::timestamp;
use crate::registry::Registry;
use crate::store::{CardRecord, Event, EventKind, GenerationState, Snapshot, Transaction};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::secrets::{Reveal, RevealedKind};
use cardwright_seal::Secret;

/// Secrets that one person is shown within [`SPAN`], at most: enough for a desk, and too few to
/// collect those of a bureau's order.
const MAX_REVEALS: usize = 10;

/// In seconds.
const SPAN: i64 = 60 * 60;

/// A secret on its way to one person.
pub(crate) struct RevealedSecret {
    /// ASCII digits.
    pub(crate) value: Secret,
    /// As on the wire.
    pub(crate) in_doubt: bool,
}

/// Shows PIN or PUK of a card's chip to a person who may see it and says why. That it was shown is
/// in the database, for good, before it leaves.
pub(crate) async fn reveal(
    registry: &Registry,
    person: &Person,
    number: &str,
    request: Reveal,
) -> Result<RevealedSecret, ActionError> {
    let Reveal { secret, reason } = request;
    person.require(for_secret(secret))?;
    let reason = check_reason(&reason)?;
    let now = registry.now();
    let transaction = registry.store.begin().await?;
    let card = transaction.card(number).await?.ok_or_else(|| not_found("card"))?;
    let event = |kind, what| Event {
        at: now,
        by: person.name.clone(),
        kind,
        card: Some(card.id),
        process: None,
        what,
        state: None,
    };
    let name = in_words(secret);
    let recent = transaction.reveals_since(&person.name, now - SPAN).await?;
    if let Some(first) = recent.len().checked_sub(MAX_REVEALS).and_then(|n| recent.get(n)) {
        let what = format!(
            "Revealing the {name} refused: {MAX_REVEALS} secrets were revealed to this account \
             within an hour. Reason given: {reason}"
        );
        transaction.record(event(EventKind::RevealRefused, what)).await?;
        transaction.commit().await?;
        return Err(refused(
            ProblemCode::TooManyTries,
            format!(
                "{MAX_REVEALS} secrets were revealed to you within an hour, which is the most. The \
                 next one can be at {}.",
                timestamp(first + SPAN)
            ),
        ));
    }
    let revealed = secret_of(registry, &transaction, &card, secret).await?;
    let doubt = if revealed.in_doubt { ", which the chip may not have," } else { "" };
    let what = format!("{name}{doubt} revealed: {reason}");
    record(&transaction, event(EventKind::SecretRevealed, what)).await?;
    transaction.commit().await?;
    Ok(revealed)
}

/// Records the reveal and counts it.
async fn record(transaction: &Transaction, event: Event) -> Result<(), ActionError> {
    transaction.count_reveal(&event.by, event.at, event.at - SPAN).await?;
    Ok(transaction.record(event).await?)
}

/// The secret of the keying that was proved last or, where none was, of the one that was begun.
async fn secret_of(
    registry: &Registry,
    snapshot: &Snapshot,
    card: &CardRecord,
    secret: RevealedKind,
) -> Result<RevealedSecret, ActionError> {
    let generations = match snapshot.chip_of_card(card.id).await? {
        Some(chip) => snapshot.generations(chip.id).await?,
        None => Vec::new(),
    };
    let whole = generations.iter().position(|of| of.state == GenerationState::Whole);
    let Some(generation) = generations.get(whole.unwrap_or(0)) else {
        let name = in_words(secret);
        let why = format!(
            "There is no {name} of this card: its chip was not encoded here. Initialize the card \
             first."
        );
        return Err(refused(ProblemCode::WrongState, why));
    };
    let value = match secret {
        RevealedKind::Pin => {
            registry.escrow.open(&generation.pin, &card.number, &generation.card_id)?
        }
        RevealedKind::Puk => root_key_of(registry, &generation.card_id)?.puk(&generation.card_id),
    };
    // A later keying was begun, or this one was never proved.
    let in_doubt = whole != Some(0) || card.interrupted;
    Ok(RevealedSecret { value, in_doubt })
}

fn in_words(secret: RevealedKind) -> &'static str {
    match secret {
        RevealedKind::Pin => "PIN",
        RevealedKind::Puk => "PUK",
    }
}
