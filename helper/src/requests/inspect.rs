use crate::desk::Desk;
use crate::worker::{Inspection, Work};
use cardwright_protocol::helper::{HelperError, Message, Slot};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{InsertionId, ReaderId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Length of the registry's nonce in bytes.
const NONCE_LENGTH: usize = 16;

/// `inspect`: what the chip is, signed. Waits for the reader's thread.
pub(super) async fn answer(
    desk: &Arc<Desk>,
    id: u64,
    reader: ReaderId,
    insertion: InsertionId,
    registry_nonce: HexBytes,
) -> Result<Message, HelperError> {
    if registry_nonce.0.len() != NONCE_LENGTH {
        return Err(HelperError::Malformed);
    }
    let (report, answered) = oneshot::channel();
    {
        let mut state = desk.state();
        if !state.readers.is_running() {
            return Err(HelperError::ServiceStopped);
        }
        let found = state.readers.reader(&reader).ok_or(HelperError::NoSuchReader)?;
        match &found.slot {
            Slot::Chip { insertion: now, .. } if *now == insertion => {}
            Slot::Chip { .. } | Slot::Empty | Slot::Mute => return Err(HelperError::NotInserted),
        }
        if state.jobs.is_at_work(&reader) {
            return Err(HelperError::JobRunning);
        }
        let inspection =
            Inspection { reader: found.clone(), insertion, registry_nonce, answer: report };
        desk.hand_over(&mut state, &reader, Work::Inspect(inspection))
            .map_err(|not_handed_over| not_handed_over.hindrance.error())?;
    }
    // The thread drops the other end when it is ended before it comes to this inspection.
    let report = answered.await.unwrap_or(Err(HelperError::NoSuchReader))?;
    Ok(Message::Report { id, report })
}
