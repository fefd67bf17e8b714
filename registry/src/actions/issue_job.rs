use super::assess::{Judgement, Named};
use super::bind::{bind, bound_in_words};
use super::inspect::{judge_report, own_open_process, stale_report};
use super::keying::{Keyer, Keying, root_key_of};
use super::may_issue::{allowed_by_erasing, allowed_without_erasing, check_number};
use super::never_began;
use super::tries::Allowance;
use super::verified::Verified;
use super::view::{must_confirm_number, profile_of, template_of};
use super::{ActionError, Person, random_name, refused};
use crate::graph;
use crate::profiles::LoadedProfile;
use crate::registry::Registry;
use crate::store::{
    CardRecord, Event, EventKind, JobState, NewJob, ProcessRecord, StoreError, TemplateRecord,
    Transaction,
};
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::{JobId, ProcessId};
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::ChipReport;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{AskForJob, IssuedJob, Verdict};
use cardwright_seal::{JobContents, seal_job};

/// Length of a helper's nonce in bytes.
const NONCE_LENGTH: usize = 16;

/// Issues a job for the chip of a report. Everything that the job will put on the chip is in the
/// database before the job leaves: the binding, the card id, the encrypted PIN, the tries that it
/// may spend.
pub(crate) async fn issue_job(
    registry: &Registry,
    person: &Person,
    id: &str,
    request: AskForJob,
) -> Result<IssuedJob, ActionError> {
    let transaction = person.begin(&registry.store).await?;
    let process = own_open_process(&transaction, person, id).await?;
    let (report, judgement) =
        judge_report(registry, &transaction, &process, &request.report).await?;
    let card = transaction.card_by_id(process.card).await?;
    let template = template_of(&transaction, &card).await?;
    let profile = profile_of(registry, &template)?;
    let must_confirm = must_confirm_number(&transaction, &template, &card).await?;
    check_number(&card, must_confirm, request.confirmed_number.as_deref())?;
    let allowance = match request.erase {
        false => allowed_without_erasing(&judgement)?,
        true => allowed_by_erasing(&judgement, &template)?,
    };
    if graph::target(card.state, process.command).is_none() {
        return Err(refused(ProblemCode::WrongState, "The card is in another state now."));
    }
    if report.statement.helper_nonce.0.len() != NONCE_LENGTH {
        return Err(stale_report());
    }
    let now = registry.now();
    let issuing = Issuing { registry, transaction, person, process, card, profile, now };
    issuing.issue(report, judgement, allowance, request.erase.then_some(&template)).await
}

/// What a job is issued with, all in one transaction.
struct Issuing<'a> {
    registry: &'a Registry,
    transaction: Transaction,
    person: &'a Person,
    process: ProcessRecord,
    card: CardRecord,
    profile: &'a LoadedProfile,
    now: i64,
}

impl Issuing<'_> {
    /// `erase` is the template that permits it, where the chip is to be erased.
    async fn issue(
        mut self,
        from: Verified<ChipReport>,
        judgement: Judgement,
        allowance: Allowance,
        erase: Option<&TemplateRecord>,
    ) -> Result<IssuedJob, ActionError> {
        let Verified { statement: report, workstation, key } = from;
        // What was inspected before tells nothing of this job.
        self.transaction.delete_nonces(&self.process.id).await?;
        let (named, now) = (judgement.named, self.now);
        never_began::record(
            &self.transaction,
            self.person,
            self.card.id,
            &judgement.never_began,
            now,
        )
        .await?;
        self.supersede().await?;
        let erased = match judgement.assessment.verdict {
            Verdict::Used => "which has values of somebody else",
            _ if judgement.allowance.is_none() => {
                "of which nobody knows whether a try of its PUK is left"
            }
            _ => "whose PIN or PUK is blocked",
        };
        let (chip, chip_key) = match judgement.chip {
            Some(chip) => (chip, None),
            None => {
                let ids = &judgement.ids;
                let chip = bind(&self.transaction, &mut self.card, ids, named, now).await?;
                self.record(EventKind::ChipBound, bound_in_words(ids)).await?;
                // The whole id of which people see a part.
                let named_by = ids.cplc.as_ref().or(ids.guid.as_ref());
                (chip, named_by.map(|id| hex::encode(&id.0)))
            }
        };
        if matches!(named, Named::Unknown(_)) {
            self.card.interrupted = true;
            let what = "The chip names itself as this registry's, which has no record of that: \
                        what was begun is finished";
            self.record(EventKind::ChipAdopted, what).await?;
        }
        let Self { registry, transaction, card, profile, .. } = &self;
        let keyer = Keyer { registry, transaction, profile, card, chip: &chip, now };
        let Keying { generation, pin, candidates, pin_by_puk } = keyer.keying(named).await?;
        let root_key = root_key_of(registry, &generation.card_id)?;
        if let Some(template) = erase {
            // What erases a chip erases its keys.
            transaction.forget_keys(generation.id).await?;
            let what = format!(
                "Erasing the chip, {erased}: permitted by the template {}, agreed to by {}",
                template.title, self.person.name
            );
            self.record(EventKind::ErasePermitted, what).await?;
        }
        let recorded_keys = transaction.recorded_keys(generation.id).await?;
        let new = NewJob {
            job: JobId(random_name()?),
            process: self.process.id.clone(),
            workstation: workstation.id.clone(),
            workstation_key: key.id,
            generation: generation.id,
            helper_nonce: report.helper_nonce.0.clone(),
            profile_hash: profile.hash.0.clone(),
            fasc_n: profile.fasc_n(&card.number),
            expires_on: card.expires_on.replace('-', ""),
            account: self.person.name.clone(),
            reserved: allowance.reserved,
            puk_first: allowance.puk_first,
            erase: erase.is_some(),
        };
        let header = header(new.job.clone(), &new.process, card, report, profile);
        let contents = JobContents {
            profile: profile.text.to_owned(),
            card_id: generation.card_id.to_vec().into(),
            guid: chip.guid.into(),
            fasc_n: new.fasc_n.clone().into(),
            expires_on: new.expires_on.clone(),
            pin,
            puk: root_key.puk(&generation.card_id),
            management_keys: profile
                .management_key_algorithms()
                .map(|of| root_key.management_key(&generation.card_id, of))
                .collect(),
            candidates,
            puk_first: allowance.puk_first,
            pin_by_puk: pin_by_puk || allowance.pin_by_puk,
            recorded_keys,
            erase: erase.is_some(),
            tries_allowed: allowance.allowed,
        };
        match transaction.insert_job(new, now).await {
            Err(StoreError::Taken) => return Err(stale_report()),
            other => other?,
        }
        let what = format!("Encoding begun at {}", workstation.name);
        self.record(EventKind::JobIssued, what).await?;
        self.process.state = ProcessState::Encoding;
        self.process.failure = None;
        self.transaction.change_process(&self.process, self.now).await?;
        self.transaction.change_card(&mut self.card, chip_key).await?;
        let job = seal_job(&header, &contents, &key.sealing_key, &self.registry.signing_key);
        self.transaction.commit().await?;
        Ok(IssuedJob { job })
    }

    /// The process no longer waits for the job that it waited for.
    async fn supersede(&mut self) -> Result<(), ActionError> {
        let open = self.transaction.last_job(&self.process.id, JobState::Open).await?;
        if let Some(job) = open {
            self.transaction.supersede_job(&job.job).await?;
            self.card.interrupted = true;
            let workstation = self.transaction.workstation_name(&job.workstation).await?;
            let what = format!(
                "How the encoding at {workstation} ended is not known; another one takes its place"
            );
            self.record(EventKind::JobSuperseded, what).await?;
        }
        Ok(())
    }

    async fn record(&self, kind: EventKind, what: impl Into<String>) -> Result<(), ActionError> {
        let event = Event {
            at: self.now,
            by: self.person.name.clone(),
            kind,
            card: Some(self.card.id),
            process: Some(self.process.id.clone()),
            what: what.into(),
            state: None,
        };
        Ok(self.transaction.record(event).await?)
    }
}

fn header(
    job: JobId,
    process: &ProcessId,
    card: &CardRecord,
    report: ChipReport,
    profile: &LoadedProfile,
) -> JobHeader {
    JobHeader {
        job,
        process: process.clone(),
        workstation: report.workstation,
        card: card.number.clone(),
        reader: report.reader,
        insertion: report.insertion,
        helper_nonce: report.helper_nonce,
        chip: report.chip.ids,
        profile: profile.profile.name.as_str().into(),
        profile_hash: profile.hash.clone(),
    }
}
