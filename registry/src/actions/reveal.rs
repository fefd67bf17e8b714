use super::keying::root_key_of;
use super::reason::check_reason;
use super::{ActionError, Person, not_found, refused};
use crate::access::for_secret;
use crate::clock::timestamp;
use crate::registry::Registry;
use crate::store::{Bound, CardRecord, Event, EventKind, GenerationState, Snapshot, Transaction};
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::secrets::{Reveal, RevealedKind};
use cardwright_seal::Secret;

/// Secrets that one person is shown within [`SPAN`], at most: enough for a desk, and too few to
/// collect those of a bureau's order.
const MAX_REVEALS: usize = 10;

/// In seconds.
const SPAN: i64 = 60 * 60;

/// Refusals of one person that are written down: whoever is logged in could fill the disk with them.
const REFUSED: Bound = Bound { most: 50, within: SPAN };

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
    let asking = Asking { person, name: in_words(secret), now: registry.now() };
    let transaction = person.begin(&registry.store).await?;
    let card = transaction.card(number).await?;
    if let Err(error) = person.require(for_secret(secret)) {
        let why = "the account may not see it";
        return asking.refuse(transaction, card.as_ref(), why, error).await;
    }
    let reason = check_reason(&reason)?;
    let card = card.ok_or_else(|| not_found("card"))?;
    let recent = transaction.reveals_since(&person.name, asking.now - SPAN).await?;
    if let Some(first) = recent.len().checked_sub(MAX_REVEALS).and_then(|n| recent.get(n)) {
        let why = format!(
            "{MAX_REVEALS} secrets were revealed to the account within an hour. The reason given: \
             {reason}"
        );
        let error = refused(
            ProblemCode::TooManyTries,
            format!(
                "{MAX_REVEALS} secrets were revealed to you within an hour, which is the most. The \
                 next one can be at {}.",
                timestamp(first + SPAN)
            ),
        );
        return asking.refuse(transaction, Some(&card), &why, error).await;
    }
    let revealed = secret_of(registry, &transaction, &card, secret).await?;
    let doubt = if revealed.in_doubt { ", which the chip may not have," } else { "" };
    let what = format!("{}{doubt} revealed: {reason}", asking.name);
    transaction.count_reveal(&person.name, asking.now, asking.now - SPAN).await?;
    transaction.record(asking.event(EventKind::SecretRevealed, Some(&card), what)).await?;
    transaction.commit().await?;
    Ok(revealed)
}

/// Who asks for which secret, and when.
struct Asking<'a> {
    person: &'a Person,
    /// Of the secret.
    name: &'static str,
    now: i64,
}

impl Asking<'_> {
    /// Refuses it, which is written down, if not too often.
    async fn refuse(
        &self,
        transaction: Transaction,
        card: Option<&CardRecord>,
        why: &str,
        error: ActionError,
    ) -> Result<RevealedSecret, ActionError> {
        let what = format!("Revealing the {} refused: {why}", self.name);
        let event = self.event(EventKind::RevealRefused, card, what);
        let scope = format!("reveals refused {}", self.person.name);
        transaction.record_bounded(&scope, REFUSED, event).await?;
        transaction.commit().await?;
        Err(error)
    }

    fn event(&self, kind: EventKind, card: Option<&CardRecord>, what: String) -> Event {
        Event {
            at: self.now,
            by: self.person.name.clone(),
            kind,
            card: card.map(|card| card.id),
            process: None,
            what,
            state: None,
        }
    }
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
