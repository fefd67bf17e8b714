//! Binding a chip to a card.

use super::assess::Named;
use super::{ActionError, refused};
use crate::escrow::random_bytes;
use crate::store::{CardRecord, ChipRecord, StoreError, Transaction};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::registry::problem::ProblemCode;

/// Binds a chip to a card, which is called after it from now on.
pub(super) async fn bind(
    transaction: &Transaction,
    card: &mut CardRecord,
    ids: &ChipIds,
    named: Named,
    now: i64,
) -> Result<ChipRecord, ActionError> {
    let guid = match (named, ids.guid.as_ref().and_then(|guid| version_4(&guid.0))) {
        // It may be the one that we gave it, and Windows caches by it.
        (Named::Unknown(_), Some(guid)) if !transaction.is_guid_taken(&guid).await? => guid,
        _ => new_guid()?,
    };
    let chip = match transaction.bind_chip(card.id, ids, &guid, now).await {
        Err(StoreError::Taken) => {
            let message = "Chip or card is bound to another one.";
            return Err(refused(ProblemCode::ChipRefused, message));
        }
        other => other?,
    };
    card.chip_name = ids.short_name().or_else(|| card.chip_name.take());
    Ok(chip)
}

/// The event in words.
pub(super) fn bound_in_words(ids: &ChipIds) -> String {
    match ids.short_name() {
        Some(name) => format!("Chip {name} bound to this card"),
        None => "A chip without a name of its own bound to this card".to_owned(),
    }
}

/// A GUID of version 4 and variant 10 (RFC 9562, 5.4).
fn new_guid() -> Result<[u8; 16], ActionError> {
    let mut guid: [u8; 16] = random_bytes()?;
    guid[6] = guid[6] & 0x0F | 0x40;
    guid[8] = guid[8] & 0x3F | 0x80;
    Ok(guid)
}

fn version_4(guid: &[u8]) -> Option<[u8; 16]> {
    let guid: [u8; 16] = guid.try_into().ok()?;
    (guid[6] >> 4 == 4 && guid[8] >> 6 == 2).then_some(guid)
}
