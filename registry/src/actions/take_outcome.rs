use super::verified::{Verified, verified};
use super::{ActionError, Person, invalid, stray_outcome, view};
use crate::registry::Registry;
use crate::store::{
    CardRecord, Event, EventKind, JobRecord, JobState, ProcessRecord, SettledJob, StrayOutcome,
    Transaction,
};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{CardNumber, JobId, ProcessId, WorkstationId};
use cardwright_protocol::outcome::{Acknowledgement, JobFailure, Outcome, Receipt};
use cardwright_protocol::registry::processes::OutcomeTaken;
use cardwright_seal::{sha256, sign};

/// Takes what a helper signed about the end of a job. The same outcome again is acknowledged
/// again and changes nothing; one that belongs to no job that waits for it is recorded, and
/// acknowledged, too. So is one that was signed with a key which is no longer current, but no card
/// moves by it: see `doubt.rs`.
pub(crate) async fn take_outcome(
    registry: &Registry,
    person: &Person,
    outcome: Outcome,
) -> Result<OutcomeTaken, ActionError> {
    let transaction = registry.store.begin().await?;
    let VerifiedEnd { statement, signature, end, doubted } = read(&transaction, &outcome).await?;
    let hash = sha256(statement.as_bytes());
    let names = end.names();
    let job_name = names.job.clone();
    let workstation = names.workstation.clone();
    let stray = StrayOutcome {
        statement,
        hash: &hash.0,
        signature: &signature.0,
        workstation: &workstation,
        card: None,
        doubted,
    };
    let process = match transaction.job(&job_name).await? {
        None => {
            stray_outcome::record_unknown(registry, &transaction, &end, stray).await?;
            None
        }
        Some(job) => {
            let process = transaction.process(&job.process.0).await?;
            let process =
                process.ok_or(ActionError::Inconsistent("a job's process does not exist"))?;
            let card = transaction.card_by_id(process.card).await?;
            check_names(&names, &job, &card)?;
            let process = match &job.outcome_hash {
                Some(taken) if *taken == hash.0 => process,
                Some(_) => {
                    stray_outcome::record_second(registry, &transaction, &card, stray).await?;
                    process
                }
                None => {
                    let now = registry.now();
                    let taking =
                        Taking { registry, transaction: &transaction, job, process, card, now };
                    taking.settle(end, stray).await?
                }
            };
            Some(view::process(registry, &transaction, person, &process).await?)
        }
    };
    transaction.commit().await?;
    let acknowledgement = Acknowledgement { job: job_name, outcome_hash: hash };
    Ok(OutcomeTaken { acknowledgement: sign(&registry.signing_key, &acknowledgement), process })
}

/// An outcome, verified and read.
struct VerifiedEnd<'a> {
    statement: &'a str,
    signature: &'a HexBytes,
    end: End,
    /// The key is no longer current.
    doubted: bool,
}

async fn read<'a>(
    transaction: &Transaction,
    outcome: &'a Outcome,
) -> Result<VerifiedEnd<'a>, ActionError> {
    Ok(match outcome {
        Outcome::Finished(signed) => {
            let receipt: Verified<Receipt> =
                verified(transaction, signed, |receipt: &Receipt| &receipt.workstation).await?;
            let doubted = receipt.is_doubted();
            let end = End::Finished(Box::new(receipt.statement));
            VerifiedEnd { statement: &signed.statement, signature: &signed.signature, end, doubted }
        }
        Outcome::Failed(signed) => {
            let failure: Verified<JobFailure> =
                verified(transaction, signed, |failure: &JobFailure| &failure.workstation).await?;
            let doubted = failure.is_doubted();
            let end = End::Failed(failure.statement);
            VerifiedEnd { statement: &signed.statement, signature: &signed.signature, end, doubted }
        }
    })
}

/// A verified outcome.
pub(super) enum End {
    Finished(Box<Receipt>),
    Failed(JobFailure),
}

/// What an outcome says that it belongs to.
pub(super) struct Names<'a> {
    job: &'a JobId,
    process: &'a ProcessId,
    workstation: &'a WorkstationId,
    pub(super) card: &'a CardNumber,
}

impl End {
    pub(super) fn names(&self) -> Names<'_> {
        match self {
            Self::Finished(receipt) => Names {
                job: &receipt.job,
                process: &receipt.process,
                workstation: &receipt.workstation,
                card: &receipt.card,
            },
            Self::Failed(failure) => Names {
                job: &failure.job,
                process: &failure.process,
                workstation: &failure.workstation,
                card: &failure.card,
            },
        }
    }

    fn job_state(&self) -> JobState {
        match self {
            Self::Finished(_) => JobState::Finished,
            Self::Failed(_) => JobState::Failed,
        }
    }
}

fn check_names(names: &Names<'_>, job: &JobRecord, card: &CardRecord) -> Result<(), ActionError> {
    let checks = [
        ("process", *names.process == job.process),
        ("workstation", *names.workstation == job.workstation),
        ("card", *names.card == card.number),
    ];
    check_fields(&checks)
}

/// Refuses an outcome of which a field is not as it should be.
pub(super) fn check_fields(checks: &[(&str, bool)]) -> Result<(), ActionError> {
    match checks.iter().find(|(_, fits)| !fits) {
        Some((field, _)) => Err(invalid(field, format!("The outcome's {field} is not the job's."))),
        None => Ok(()),
    }
}

/// The rows that an outcome changes.
pub(super) struct Taking<'a> {
    pub(super) registry: &'a Registry,
    pub(super) transaction: &'a Transaction,
    pub(super) job: JobRecord,
    pub(super) process: ProcessRecord,
    pub(super) card: CardRecord,
    pub(super) now: i64,
}

impl Taking<'_> {
    async fn settle(
        mut self,
        end: End,
        signed: StrayOutcome<'_>,
    ) -> Result<ProcessRecord, ActionError> {
        let StrayOutcome { statement, hash, signature, doubted, .. } = signed;
        let state = end.job_state();
        let settled = SettledJob { state, statement, hash, signature, at: self.now, doubted };
        self.job.doubted = doubted;
        self.transaction.settle_job(&self.job.job, settled).await?;
        match end {
            End::Finished(receipt) => self.receipt(*receipt).await?,
            End::Failed(failure) => self.failure(failure).await?,
        }
        Ok(self.process)
    }

    pub(super) async fn record(&self, kind: EventKind, what: String) -> Result<(), ActionError> {
        self.record_with_state(kind, what, None).await
    }

    pub(super) async fn record_with_state(
        &self,
        kind: EventKind,
        what: String,
        state: Option<CardState>,
    ) -> Result<(), ActionError> {
        let event = Event {
            at: self.now,
            by: match self.job.account.as_str() {
                "" => self.process.account.clone(),
                account => account.to_owned(),
            },
            kind,
            card: Some(self.card.id),
            process: Some(self.process.id.clone()),
            what,
            state,
        };
        Ok(self.transaction.record(event).await?)
    }
}
