use super::inspect::verified;
use super::{ActionError, Person, invalid, not_found, view};
use crate::graph;
use crate::objects;
use crate::registry::Registry;
use crate::store::{
    CardRecord, Event, EventKind, GenerationRecord, GenerationState, JobRecord, JobState,
    ProcessRecord, SettledJob, Transaction,
};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::{CardNumber, JobId, ProcessId, WorkstationName};
use cardwright_protocol::outcome::{
    Acknowledgement, Condition, FailureCause, JobFailure, Outcome, Receipt,
};
use cardwright_protocol::registry::processes::{LastFailure, OutcomeTaken};
use cardwright_seal::{sha256, sign};

/// Takes what a helper signed about the end of a job. The same outcome again is acknowledged
/// again and changes nothing.
pub(crate) async fn take_outcome(
    registry: &Registry,
    person: &Person,
    outcome: Outcome,
) -> Result<OutcomeTaken, ActionError> {
    let (statement, signature, end) = match &outcome {
        Outcome::Finished(signed) => {
            let receipt = verified(registry, signed, |receipt: &Receipt| &receipt.workstation.0)?;
            (&signed.statement, &signed.signature, End::Finished(Box::new(receipt)))
        }
        Outcome::Failed(signed) => {
            let failure = verified(registry, signed, |failed: &JobFailure| &failed.workstation.0)?;
            (&signed.statement, &signed.signature, End::Failed(failure))
        }
    };
    let hash = sha256(statement.as_bytes());
    let transaction = registry.store.begin().await?;
    let named = end.names();
    let job = transaction.job(named.job).await?.ok_or_else(|| not_found("job"))?;
    let process = transaction.process(&job.process.0).await?;
    let process = process.ok_or(ActionError::Inconsistent("a job's process does not exist"))?;
    let card = transaction.card_by_id(process.card).await?;
    check_names(&named, &job, &card)?;
    let job_name = job.job.clone();
    let process = match &job.outcome_hash {
        Some(taken) if *taken == hash.0 => process,
        Some(_) => {
            return Err(invalid("outcome", "Another outcome of this job was taken already."));
        }
        None => {
            let now = registry.now();
            let state = end.job_state();
            let mut taking =
                Taking { registry, transaction: &transaction, job, process, card, now };
            match end {
                End::Finished(receipt) => taking.receipt(*receipt).await?,
                End::Failed(failure) => taking.failure(failure).await?,
            }
            let process = taking.process;
            let settled =
                SettledJob { state, statement, hash: &hash.0, signature: &signature.0, at: now };
            transaction.settle_job(&job_name, settled).await?;
            process
        }
    };
    let process = view::process(registry, &transaction, person, &process).await?;
    transaction.commit().await?;
    let acknowledgement = Acknowledgement { job: job_name, outcome_hash: hash };
    Ok(OutcomeTaken {
        acknowledgement: sign(&registry.signing_key, &acknowledgement),
        process: Some(process),
    })
}

/// A verified outcome.
enum End {
    Finished(Box<Receipt>),
    Failed(JobFailure),
}

/// What an outcome says that it belongs to.
struct Names<'a> {
    job: &'a JobId,
    process: &'a ProcessId,
    workstation: &'a WorkstationName,
    card: &'a CardNumber,
}

impl End {
    fn names(&self) -> Names<'_> {
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

fn check_fields(checks: &[(&str, bool)]) -> Result<(), ActionError> {
    match checks.iter().find(|(_, fits)| !fits) {
        Some((field, _)) => Err(invalid(field, format!("The outcome's {field} is not the job's."))),
        None => Ok(()),
    }
}

/// The rows that an outcome changes.
struct Taking<'a> {
    registry: &'a Registry,
    transaction: &'a Transaction,
    job: JobRecord,
    process: ProcessRecord,
    card: CardRecord,
    now: i64,
}

impl Taking<'_> {
    /// A receipt is a fact: it always updates what is known of the chip. Whether the card goes on
    /// is the state graph's decision.
    async fn receipt(&mut self, receipt: Receipt) -> Result<(), ActionError> {
        let generation = self.transaction.generation(self.job.generation).await?;
        let chip = self.transaction.chip(generation.chip).await?;
        check_receipt(&receipt, &self.job, &generation, &chip.guid)?;
        // A profile that a newer version of this program no longer has is not held against it.
        if let Some(profile) = self.registry.profiles.with_hash(&self.job.profile_hash) {
            check_fields(&[
                ("keys", profile.has_exactly(&receipt.keys)),
                ("management_key", profile.may_have(receipt.management_key)),
            ])?;
        }
        check_fields(&[("chip.cplc", chip.first.agrees_immutably(&receipt.chip).is_ok())])?;
        if generation.state == GenerationState::Pending {
            self.transaction.prove_generation(&generation).await?;
        }
        let what = format!(
            "Encoded at {} with {} commands; everything was read back and proved",
            receipt.workstation, receipt.commands
        );
        self.record(EventKind::ReceiptTaken, what).await?;
        let newest = self.transaction.generations(chip.id).await?.into_iter().next();
        if newest.is_none_or(|newest| newest.id != generation.id) {
            // The chip was keyed anew since: what was true of it then says nothing of it now.
            return Ok(());
        }
        self.card.interrupted = false;
        self.card.guid = Some(chip.guid);
        let target = graph::target(self.card.state, self.process.command);
        let goes_on = self.is_waited_for().await?;
        if let (true, Some(target)) = (goes_on, target) {
            self.card.state = target;
            self.process.state = ProcessState::Completed;
            self.process.failure = None;
            self.transaction.change_process(&self.process, self.now).await?;
            let what = format!("{} completed", self.process.command.title());
            self.record_with_state(EventKind::ProcessCompleted, what, Some(target)).await?;
        }
        Ok(self.transaction.change_card(&mut self.card, None).await?)
    }

    async fn failure(&mut self, failure: JobFailure) -> Result<(), ActionError> {
        let generation = self.transaction.generation(self.job.generation).await?;
        let touched = failure.condition != Condition::Untouched;
        // A late failure says nothing of a chip that a later receipt proved.
        if touched && generation.state == GenerationState::Pending && !self.card.interrupted {
            self.card.interrupted = true;
            self.transaction.change_card(&mut self.card, None).await?;
        }
        let what = format!(
            "Encoding at {} ended early: {}; {}",
            failure.workstation,
            cause_in_words(&failure.cause),
            condition_in_words(failure.condition)
        );
        self.record(EventKind::JobFailed, what).await?;
        if !self.process.state.is_open() || self.job.state != JobState::Open {
            return Ok(());
        }
        let mendable = failure.cause.is_mendable();
        let last = LastFailure {
            phase: failure.phase,
            cause: failure.cause,
            condition: failure.condition,
        };
        let text = serde_json::to_string(&last);
        let text = text.map_err(|_| ActionError::Inconsistent("a failure cannot be written"))?;
        self.process.failure = Some(text);
        self.process.state = if mendable { ProcessState::Started } else { ProcessState::Failed };
        self.transaction.change_process(&self.process, self.now).await?;
        if !mendable {
            let what = format!("{} failed", self.process.command.title());
            self.record(EventKind::ProcessFailed, what).await?;
        }
        Ok(())
    }

    /// Whether the process is open and waits for this job, or for none any more.
    async fn is_waited_for(&self) -> Result<bool, ActionError> {
        if !self.process.state.is_open() {
            return Ok(false);
        }
        let open = self.transaction.last_job(&self.process.id, JobState::Open).await?;
        Ok(open.is_none_or(|open| open.job == self.job.job))
    }

    async fn record(&self, kind: EventKind, what: String) -> Result<(), ActionError> {
        self.record_with_state(kind, what, None).await
    }

    async fn record_with_state(
        &self,
        kind: EventKind,
        what: String,
        state: Option<cardwright_protocol::domain::CardState>,
    ) -> Result<(), ActionError> {
        let event = Event {
            at: self.now,
            by: self.process.account.clone(),
            kind,
            card: Some(self.card.id),
            process: Some(self.process.id.clone()),
            what,
            state,
        };
        Ok(self.transaction.record(event).await?)
    }
}

/// The chip has what this job issued: nothing else makes a generation whole.
fn check_receipt(
    receipt: &Receipt,
    job: &JobRecord,
    generation: &GenerationRecord,
    guid: &[u8],
) -> Result<(), ActionError> {
    let chuid = |tag| objects::value(&receipt.card_holder_unique_identifier.0, tag);
    let ccc = &receipt.card_capability_container.0;
    let named = |id: &Option<cardwright_protocol::hex::HexBytes>, issued: &[u8]| {
        id.as_ref().is_some_and(|id| id.0 == issued)
    };
    check_fields(&[
        ("profile_hash", receipt.profile_hash.0 == job.profile_hash),
        ("chip.card_id", named(&receipt.chip.card_id, &generation.card_id)),
        ("chip.guid", named(&receipt.chip.guid, guid)),
        ("card_capability_container", objects::card_id(ccc) == Some(&generation.card_id[..])),
        (
            "card_holder_unique_identifier",
            chuid(0x30) == Some(&job.fasc_n[..])
                && chuid(0x34) == Some(guid)
                && chuid(0x35) == Some(job.expires_on.as_bytes()),
        ),
    ])
}

fn condition_in_words(condition: Condition) -> &'static str {
    match condition {
        Condition::Untouched => "nothing was written",
        Condition::PartlyWritten => "the chip is partly written",
        Condition::Unknown => "the last write may or may not have been carried out",
    }
}

fn cause_in_words(cause: &FailureCause) -> String {
    match cause {
        FailureCause::Canceled => "canceled".to_owned(),
        FailureCause::CardRemoved => "the card was taken out of the reader".to_owned(),
        FailureCause::CardHung => "the chip did not answer in time".to_owned(),
        FailureCause::ServiceStopped => "the smart card service stopped".to_owned(),
        FailureCause::ReaderBusy => "another program has the chip for itself".to_owned(),
        FailureCause::OtherChip => "the reader has another chip".to_owned(),
        FailureCause::NotSupported { what } => format!("the chip cannot do this: {what}"),
        FailureCause::Foreign { what } => format!("the chip has values of somebody else: {what}"),
        FailureCause::Blocked { what } => format!("too few tries are left: {what}"),
        FailureCause::RefusedByChip { status } => format!("the chip refused with {status}"),
        FailureCause::Malformed { what } => format!("the chip answered against the rules: {what}"),
        FailureCause::ReadBackDiffers { what } => format!("it reads back otherwise: {what}"),
        FailureCause::JobRefused { why } => format!("the helper refused the job: {why}"),
        FailureCause::HelperStopped => "the helper was stopped in the middle".to_owned(),
        FailureCause::Internal => "the helper failed".to_owned(),
    }
}
