//! What people are shown of cards and processes, made from what the database holds.

use super::{ActionError, Person};
use crate::access::for_command;
use crate::clock::timestamp;
use crate::graph;
use crate::profiles::LoadedProfile;
use crate::registry::Registry;
use crate::store::{
    CardRecord, GenerationRecord, GenerationState, JobRecord, JobState, ProcessRecord, Snapshot,
    TemplateRecord,
};
use cardwright_protocol::domain::{CardState, Command, Permission, ProcessState};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationName;
use cardwright_protocol::outcome::{Phase, Receipt};
use cardwright_protocol::registry::cards::CardRow;
use cardwright_protocol::registry::processes::{LastFailure, OpenJob, Process, Written};

/// The template of a card.
pub(crate) async fn template_of(
    snapshot: &Snapshot,
    card: &CardRecord,
) -> Result<TemplateRecord, ActionError> {
    let templates = snapshot.templates().await?;
    let template = templates.into_iter().find(|template| template.id == card.template);
    template.ok_or(ActionError::Inconsistent("a card's template does not exist"))
}

/// The profile that chips of a template's cards follow.
pub(crate) fn profile_of<'a>(
    registry: &'a Registry,
    template: &TemplateRecord,
) -> Result<&'a LoadedProfile, ActionError> {
    let profile = registry.profiles.find(&template.profile);
    profile.ok_or(ActionError::Inconsistent("a template's profile does not exist"))
}

/// Whether the printed number must be confirmed: nothing else ties chip and record.
pub(crate) async fn must_confirm_number(
    snapshot: &Snapshot,
    template: &TemplateRecord,
    card: &CardRecord,
) -> Result<bool, ActionError> {
    let tied = card.expected_cplc.is_some() || snapshot.chip_of_card(card.id).await?.is_some();
    Ok(template.confirm_number && !tied)
}

/// A card as a list shows it to this person; `held` says whether a process has it.
pub(crate) fn card_row(
    person: &Person,
    template: &TemplateRecord,
    card: &CardRecord,
    held: Option<&ProcessRecord>,
) -> CardRow {
    let can_start = |command: &Command| {
        held.is_none()
            && graph::target(card.state, *command).is_some()
            && person.may(for_command(*command))
    };
    CardRow {
        number: card.number.clone(),
        state: card.state,
        interrupted: card.interrupted,
        order: card.bureau_order.clone(),
        produced_on: card.produced_on.clone(),
        chip: card.chip_name.clone(),
        commands: template.enabled_in(card.state).filter(can_start).collect(),
    }
}

/// A process, whole.
pub(crate) async fn process(
    registry: &Registry,
    snapshot: &Snapshot,
    person: &Person,
    process: &ProcessRecord,
) -> Result<Process, ActionError> {
    let card = snapshot.card_by_id(process.card).await?;
    let template = template_of(snapshot, &card).await?;
    let profile = profile_of(registry, &template)?;
    let held = snapshot.open_processes([card.id]).await?.into_iter().next();
    let open_job = match process.state {
        ProcessState::Encoding => snapshot.last_job(&process.id, JobState::Open).await?,
        _ => None,
    };
    let written = match (process.state, process.command) {
        (ProcessState::Completed, Command::InitializeTemporaryCard) => {
            let job = snapshot.last_job(&process.id, JobState::Finished).await?;
            match job {
                Some(job) => {
                    let workstation = snapshot.workstation_name(&job.workstation).await?;
                    Some(written(&job, workstation)?)
                }
                None => None,
            }
        }
        _ => None,
    };
    let next_card = match process.state.is_open() {
        true => None,
        false => snapshot.next_card(CardState::Produced, &card.number).await?,
    };
    Ok(Process {
        id: process.id.clone(),
        command: process.command,
        state: process.state,
        operator: process.account.clone(),
        mine: process.account == person.name,
        can_take_over: can_take_over(person, process),
        profile: profile.profile.title.clone(),
        phases: match open_job.as_ref().is_some_and(|job| job.erase) {
            true => with_erase(profile.phases()),
            false => profile.phases(),
        },
        confirm_number: process.state.is_open()
            && must_confirm_number(snapshot, &template, &card).await?,
        job: match open_job {
            Some(job) => {
                let workstation = snapshot.workstation_name(&job.workstation).await?;
                Some(OpenJob { job: job.job, workstation })
            }
            None => None,
        },
        failure: process.failure.as_deref().map(failure).transpose()?,
        written,
        next_card,
        card: card_row(person, &template, &card, held.as_ref()),
    })
}

/// Whether this person can make somebody else's process their own.
pub(crate) fn can_take_over(person: &Person, process: &ProcessRecord) -> bool {
    process.state.is_open()
        && process.command == Command::InitializeTemporaryCard
        && process.account != person.name
        && person.may(Permission::CloseForeignProcesses)
}

fn with_erase(mut phases: Vec<Phase>) -> Vec<Phase> {
    phases.push(Phase::Erase);
    phases.sort_unstable();
    phases
}

/// The keying of a chip that has an unknown end.
pub(crate) async fn pending_generation(
    snapshot: &Snapshot,
    chip: i64,
) -> Result<Option<GenerationRecord>, ActionError> {
    let generations = snapshot.generations(chip).await?;
    Ok(generations.into_iter().find(|generation| generation.state == GenerationState::Pending))
}

/// A GUID in the text form of RFC 9562, section 4.
pub(crate) fn guid_text(guid: &[u8]) -> String {
    let digits = hex::encode(guid);
    match digits.len() {
        32 => {
            let (a, b, c) = (&digits[..8], &digits[8..12], &digits[12..16]);
            format!("{a}-{b}-{c}-{}-{}", &digits[16..20], &digits[20..])
        }
        _ => digits,
    }
}

fn failure(text: &str) -> Result<LastFailure, ActionError> {
    serde_json::from_str(text).map_err(|_| ActionError::Inconsistent("a failure is not readable"))
}

fn written(job: &JobRecord, workstation: WorkstationName) -> Result<Written, ActionError> {
    let unreadable = || ActionError::Inconsistent("a receipt is not readable");
    let text = job.outcome.as_deref().ok_or_else(unreadable)?;
    let receipt: Receipt = serde_json::from_str(text).map_err(|_| unreadable())?;
    let (Some(card_id), Some(guid)) = (receipt.chip.card_id, receipt.chip.guid) else {
        return Err(unreadable());
    };
    let day = &job.expires_on;
    Ok(Written {
        guid: guid_text(&guid.0),
        card_id,
        fasc_n: HexBytes(job.fasc_n.clone()),
        expires_on: match day.len() {
            8 => format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
            _ => day.clone(),
        },
        management_key: receipt.management_key,
        keys: receipt.keys,
        commands: receipt.commands,
        workstation,
        at: timestamp(job.outcome_at.ok_or_else(unreadable)?),
    })
}
