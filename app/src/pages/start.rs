//! Starts *Initialize temporary card*, wherever the person clicked it.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::domain::Command;
use cardwright_protocol::ids::CardNumber;
use cardwright_protocol::registry::processes::StartProcess;

/// Starts the process on the card as it is now; answers the path of its wizard.
pub(crate) async fn start_process(
    registry: Registry,
    number: &CardNumber,
) -> Result<String, RegistryError> {
    let version = registry.card(number).await?.version;
    let command = Command::InitializeTemporaryCard;
    let process = registry.start(number, &StartProcess { command, version, reason: None }).await?;
    Ok(format!("/processes/{}", escape(&process.id.0)))
}
