use super::ActionError;
use crate::store::{CardRecord, JobState, ProcessRecord, Transaction};

/// The process no longer waits for its open job, if it has one: nobody knows what that job did, so
/// that the card is *interrupted*. Its outcome still counts when it comes. The answer is for the
/// audit event: what is not known, in words.
pub(super) async fn give_up_open_job(
    transaction: &Transaction,
    process: &ProcessRecord,
    card: &mut CardRecord,
) -> Result<String, ActionError> {
    let Some(job) = transaction.last_job(&process.id, JobState::Open).await? else {
        return Ok(String::new());
    };
    transaction.supersede_job(&job.job).await?;
    card.interrupted = true;
    transaction.change_card(card, None).await?;
    let workstation = transaction.workstation_name(&job.workstation).await?;
    Ok(format!("; how the encoding at {workstation} ended is not known"))
}
