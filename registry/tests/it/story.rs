//! One card, one process, one operator, and what happens to them.

use crate::desk::{Desk, Opened};
use crate::world::{Browser, TestRegistry};
use cardwright_protocol::chip::ChipFacts;
use cardwright_protocol::ids::ProcessId;
use cardwright_protocol::outcome::{Condition, FailureCause, Outcome};
use cardwright_protocol::registry::processes::{Assessment, IssuedJob};

pub(crate) struct Story {
    pub(crate) registry: TestRegistry,
    pub(crate) operator: Browser,
    pub(crate) process: ProcessId,
}

impl Story {
    /// *Initialize temporary card* is started on TC-1.
    pub(crate) async fn begin() -> Self {
        let registry = TestRegistry::with_one_card().await;
        let operator = registry.log_in("operator").await;
        let process = operator.start("TC-1").await.id;
        Self { registry, operator, process }
    }

    /// *Initialize temporary card* is started again, after the process ended.
    pub(crate) async fn again(self) -> Self {
        let process = self.operator.start("TC-1").await.id;
        Self { process, ..self }
    }

    pub(crate) async fn assess(&self, facts: &ChipFacts) -> Assessment {
        let nonce = self.operator.nonce(&self.process).await;
        let report = self.registry.desk.report(&nonce, facts);
        self.operator.assess(&self.process, &report).await
    }

    /// A job for the chip at the first desk.
    pub(crate) async fn job(&self, facts: &ChipFacts) -> Opened {
        self.job_at(&self.registry.desk, &self.operator, facts).await
    }

    pub(crate) async fn job_at(&self, desk: &Desk, by: &Browser, facts: &ChipFacts) -> Opened {
        let report = desk.report(&by.nonce(&self.process).await, facts);
        let issued = by.job(&self.process, &report, "TC-1").await;
        desk.open(&issued.job, &self.registry.key)
    }

    /// A job that erases the chip, as the operator wants it.
    pub(crate) async fn erase(&self, facts: &ChipFacts) -> Opened {
        let report = self.registry.desk.report(&self.operator.nonce(&self.process).await, facts);
        let answer = self.operator.try_erase(&self.process, &report, "TC-1").await;
        self.registry.desk.open(&answer.ok::<IssuedJob>().job, &self.registry.key)
    }

    pub(crate) fn failure(
        &self,
        job: &Opened,
        cause: FailureCause,
        condition: Condition,
    ) -> Outcome {
        self.registry.desk.failure(job, cause, condition)
    }
}
