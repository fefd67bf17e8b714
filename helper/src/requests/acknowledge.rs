use crate::desk::Desk;
use cardwright_protocol::helper::{HelperError, Message};
use cardwright_protocol::outcome::Acknowledgement;
use cardwright_protocol::signed::Signed;
use cardwright_seal::verify;

/// `acknowledge`: forgets an outcome when the registry says that it has exactly this one.
pub(super) fn answer(
    desk: &Desk,
    id: u64,
    signed: &Signed<Acknowledgement>,
) -> Result<Message, HelperError> {
    let acknowledgement =
        verify(&desk.registry_key, signed).map_err(|_| HelperError::AcknowledgementRefused)?;
    let Acknowledgement { job, outcome_hash } = acknowledgement;
    desk.state()
        .outcomes
        .acknowledge(&job, &outcome_hash)
        .map_err(|_| HelperError::AcknowledgementRefused)?;
    tracing::info!(%job, "the registry has the outcome");
    Ok(Message::Acknowledged { id, job })
}
