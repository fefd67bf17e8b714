//! Processes: from the look at a chip to the outcome of its job.

use crate::registry::Registry;
use crate::search::escape;
use crate::trouble::RegistryError;
use cardwright_protocol::ids::ProcessId;
use cardwright_protocol::outcome::{ChipReport, Outcome, Refusal};
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, Nonce, OutcomeTaken, Process,
};
use cardwright_protocol::signed::Signed;

impl Registry {
    /// Reads a process.
    pub(crate) async fn process(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.get(&format!("/processes/{}", escape(&id.0))).await
    }

    /// Gets a nonce for an inspection.
    pub(crate) async fn nonce(self, id: &ProcessId) -> Result<Nonce, RegistryError> {
        self.post_nothing(&format!("/processes/{}/nonces", escape(&id.0))).await
    }

    /// Has a report judged.
    pub(crate) async fn assess(
        self,
        id: &ProcessId,
        report: Signed<ChipReport>,
    ) -> Result<Assessment, RegistryError> {
        self.post(&format!("/processes/{}/reports", escape(&id.0)), &HandReport { report }).await
    }

    /// Gets a job for the chip of a report.
    pub(crate) async fn job(
        self,
        id: &ProcessId,
        ask: &AskForJob,
    ) -> Result<IssuedJob, RegistryError> {
        self.post(&format!("/processes/{}/jobs", escape(&id.0)), ask).await
    }

    /// Cancels a process.
    pub(crate) async fn cancel(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.post_nothing(&format!("/processes/{}/cancel", escape(&id.0))).await
    }

    /// Makes the process of somebody else one's own.
    pub(crate) async fn take_over(self, id: &ProcessId) -> Result<Process, RegistryError> {
        self.post_nothing(&format!("/processes/{}/take-over", escape(&id.0))).await
    }

    /// Hands over an outcome.
    pub(crate) async fn take(self, outcome: &Outcome) -> Result<OutcomeTaken, RegistryError> {
        self.post("/outcomes", outcome).await
    }

    /// Tells of a job that a helper refused as not for it.
    pub(crate) async fn report_refusal(
        self,
        refusal: &Signed<Refusal>,
    ) -> Result<(), RegistryError> {
        self.tell("/refusals", refusal).await
    }
}
