use crate::desk::Desk;
use cardwright_protocol::helper::{HelperError, Message};
use cardwright_protocol::outcome::Acknowledgement;
use cardwright_protocol::signed::Signed;
use cardwright_seal::verify;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// `acknowledge`: forgets an outcome when the registry says that it has exactly this one.
pub(super) async fn answer(
    desk: &Arc<Desk>,
    id: u64,
    signed: &Signed<Acknowledgement>,
) -> Result<Message, HelperError> {
    let acknowledgement = verify(&desk.terms.registry_key, signed)
        .map_err(|_| HelperError::AcknowledgementRefused)?;
    let Acknowledgement { job, outcome_hash } = acknowledgement;
    let file = desk
        .state()
        .journal
        .acknowledge(&job, &outcome_hash)
        .map_err(|_| HelperError::AcknowledgementRefused)?;
    if let Some(file) = file {
        let desk = Arc::clone(desk);
        spawn_blocking(move || desk.clear(file)).await.map_err(|error| {
            tracing::error!(%error, "a file of the journal was not cleared");
            HelperError::Internal
        })?;
    }
    tracing::info!(%job, "the registry has the outcome");
    Ok(Message::Acknowledged { id, job })
}
