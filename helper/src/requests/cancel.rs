use crate::desk::Desk;
use cardwright_protocol::helper::{HelperError, Message};
use cardwright_protocol::ids::JobId;

/// `cancel`: the job stops before its next step.
pub(super) fn answer(desk: &Desk, id: u64, job: JobId) -> Result<Message, HelperError> {
    let state = desk.state();
    state.jobs.cancel(&job).ok_or(HelperError::NoSuchJob)?.wish();
    tracing::info!(%job, "cancel");
    Ok(Message::Canceling { id, job })
}
