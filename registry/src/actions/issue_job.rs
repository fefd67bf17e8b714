use super::inspect::{judge_report, own_open_process, stale_report};
use super::view::{must_confirm_number, profile_of, template_of};
use super::{ActionError, Person, invalid, random_name, refused};
use crate::escrow::{make_pin, random_bytes};
use crate::graph;
use crate::profiles::LoadedProfile;
use crate::registry::Registry;
use crate::store::{
    CardRecord, ChipRecord, Event, EventKind, GenerationRecord, GenerationState, JobState,
    NewGeneration, NewJob, StoreError, Transaction, search_key,
};
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::domain::ProcessState;
use cardwright_protocol::ids::JobId;
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::ChipReport;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::processes::{AskForJob, IssuedJob, Verdict};
use cardwright_seal::{
    CARD_ID_LENGTH, Candidates, JobContents, PukFirst, Secret, TriesAllowed, seal_job,
};

/// Length of a helper's nonce in bytes.
const NONCE_LENGTH: usize = 16;

/// What a job may spend. A chip that was torn has the wanted value, that of the generation before
/// or the factory's: finding out which costs two tries at most.
const TRIES_ALLOWED: TriesAllowed = TriesAllowed { pin: 2, puk: 2 };

/// Issues a job for the chip of a report. Everything that the job will put on the chip is in the
/// database before the job leaves: the binding, the card id, the encrypted PIN.
pub(crate) async fn issue_job(
    registry: &Registry,
    person: &Person,
    id: &str,
    request: AskForJob,
) -> Result<IssuedJob, ActionError> {
    let transaction = registry.store.begin().await?;
    let mut process = own_open_process(&transaction, person, id).await?;
    let (report, judgement) =
        judge_report(registry, &transaction, &process, &request.report).await?;
    let mut card = transaction.card_by_id(process.card).await?;
    let template = template_of(&transaction, &card).await?;
    let profile = profile_of(registry, &template)?;
    let must_confirm = must_confirm_number(&transaction, &template, &card).await?;
    check_number(&card, must_confirm, request.confirmed_number.as_deref())?;
    check_verdict(&judgement.assessment.verdict)?;
    if graph::target(card.state, process.command).is_none() {
        return Err(refused(ProblemCode::WrongState, "The card is in another state now."));
    }
    if report.helper_nonce.0.len() != NONCE_LENGTH {
        return Err(stale_report());
    }
    let workstation = registry.workstation(&report.workstation);
    let workstation = workstation.ok_or(ActionError::Inconsistent("a workstation went away"))?;
    let now = registry.now();
    transaction.delete_nonce(&report.registry_nonce.0).await?;
    if let Some(job) = transaction.last_job(&process.id, JobState::Open).await? {
        transaction.supersede_job(&job.job).await?;
        card.interrupted = true;
    }

    let event = |kind, what| Event {
        at: now,
        by: person.name.clone(),
        kind,
        card: Some(card.id),
        process: Some(process.id.clone()),
        what,
        state: None,
    };
    let bound = event(EventKind::ChipBound, bound_in_words(&judgement.ids));
    let issued = event(EventKind::JobIssued, format!("Encoding begun at {}", workstation.name));
    let (chip, chip_key) = match judgement.chip {
        Some(chip) => (chip, None),
        None => {
            let chip = bind(&transaction, &mut card, &judgement.ids, now).await?;
            transaction.record(bound).await?;
            // The whole id of which people see a part.
            let named_by = judgement.ids.cplc.as_ref().or(judgement.ids.guid.as_ref());
            (chip, named_by.map(|id| hex::encode(&id.0)))
        }
    };
    let keying = Keying::of(registry, &transaction, profile, &card, &chip, now).await?;
    let job = JobId(random_name()?);
    let fasc_n = profile.fasc_n(&card.number);
    let expires_on = card.expires_on.replace('-', "");
    let new = NewJob {
        job: job.clone(),
        process: process.id.clone(),
        workstation: workstation.name.clone(),
        generation: keying.generation.id,
        helper_nonce: report.helper_nonce.0.clone(),
        profile_hash: profile.hash.0.clone(),
        fasc_n: fasc_n.clone(),
        expires_on: expires_on.clone(),
    };
    match transaction.insert_job(new, now).await {
        Err(StoreError::Taken) => return Err(stale_report()),
        other => other?,
    }
    process.state = ProcessState::Encoding;
    process.failure = None;
    transaction.change_process(&process, now).await?;
    transaction.record(issued).await?;
    transaction.change_card(&mut card, chip_key).await?;

    let header = header(job, &process.id, &card, report, profile);
    let contents = JobContents {
        profile: profile.text.to_owned(),
        card_id: keying.generation.card_id.to_vec().into(),
        guid: chip.guid.into(),
        fasc_n: fasc_n.into(),
        expires_on,
        pin: keying.pin,
        puk: registry.root_key.puk(&keying.generation.card_id),
        management_keys: profile
            .management_key_algorithms()
            .map(|of| registry.root_key.management_key(&keying.generation.card_id, of))
            .collect(),
        candidates: keying.candidates,
        puk_first: PukFirst::Wanted,
        pin_by_puk: false,
        recorded_keys: Vec::new(),
        erase: false,
        tries_allowed: TRIES_ALLOWED,
    };
    let job = seal_job(&header, &contents, &workstation.sealing_key, &registry.signing_key);
    transaction.commit().await?;
    Ok(IssuedJob { job })
}

fn check_number(
    card: &CardRecord,
    must_confirm: bool,
    confirmed: Option<&str>,
) -> Result<(), ActionError> {
    match confirmed {
        Some(number) if search_key(number) == search_key(&card.number.0) => Ok(()),
        None if !must_confirm => Ok(()),
        _ => Err(invalid(
            "confirmed_number",
            "This is not the number of the card. Scan or type the number printed on it.",
        )),
    }
}

fn check_verdict(verdict: &Verdict) -> Result<(), ActionError> {
    let message = match verdict {
        Verdict::Ready | Verdict::Interrupted => return Ok(()),
        Verdict::UnknownKind => "This chip cannot be initialized.".to_owned(),
        Verdict::Contactless => "The chip cannot be written through this reader.".to_owned(),
        Verdict::BoundToOtherCard { card } => format!("This is the chip of card {card}."),
        Verdict::OtherChipExpected { .. } => "This card has another chip.".to_owned(),
        Verdict::Used => "This chip has values of somebody else.".to_owned(),
        Verdict::Blocked => "PIN or PUK of this chip is blocked.".to_owned(),
    };
    Err(refused(ProblemCode::ChipRefused, message))
}

async fn bind(
    transaction: &Transaction,
    card: &mut CardRecord,
    ids: &ChipIds,
    now: i64,
) -> Result<ChipRecord, ActionError> {
    let mut guid: [u8; 16] = random_bytes()?;
    // RFC 9562, 5.4: version 4, variant 10.
    guid[6] = guid[6] & 0x0F | 0x40;
    guid[8] = guid[8] & 0x3F | 0x80;
    let bound = match transaction.bind_chip(card.id, ids, &guid, now).await {
        Err(StoreError::Taken) => {
            let message = "Chip or card is bound to another one.";
            return Err(refused(ProblemCode::ChipRefused, message));
        }
        other => other?,
    };
    card.chip_name = ids.short_name().or_else(|| card.chip_name.take());
    Ok(bound)
}

/// What a job puts on a chip, and what the chip may have now.
struct Keying {
    generation: GenerationRecord,
    pin: Secret,
    candidates: Vec<Candidates>,
}

impl Keying {
    /// Continues the pending generation of a chip, or begins the next one.
    async fn of(
        registry: &Registry,
        transaction: &Transaction,
        profile: &LoadedProfile,
        card: &CardRecord,
        chip: &ChipRecord,
        now: i64,
    ) -> Result<Self, ActionError> {
        let mut known = transaction.generations(chip.id).await?;
        let pending = match known.first() {
            Some(newest) if newest.state == GenerationState::Pending => Some(known.remove(0)),
            _ => None,
        };
        let open = |generation: &GenerationRecord| {
            registry.escrow.open(&generation.pin, &card.number, &generation.card_id)
        };
        let (generation, pin) = match pending {
            Some(pending) => {
                let pin = open(&pending)?;
                (pending, pin)
            }
            None => {
                let version = registry.root_key.version();
                let card_id = next_card_id(version, known.first().map(|before| &before.card_id))?;
                let pin = make_pin(profile.profile.pin, &card.number)?;
                let sealed = registry.escrow.seal(&pin, &card.number, &card_id)?;
                let new = NewGeneration { chip: chip.id, card_id, pin: sealed };
                (transaction.insert_generation(new, now).await?, pin)
            }
        };
        let mut candidates = Vec::new();
        if let Some(before) = known.first() {
            candidates.push(Candidates {
                card_id: Some(before.card_id.to_vec().into()),
                pins: vec![open(before)?],
                puks: vec![registry.root_key.puk(&before.card_id)],
                management_keys: profile
                    .management_key_algorithms()
                    .map(|of| registry.root_key.management_key(&before.card_id, of))
                    .collect(),
            });
        }
        candidates.push(profile.factory_candidates());
        Ok(Self { generation, pin, candidates })
    }
}

/// The card id of a chip's next generation: 12 random bytes that stay, the root key's version, and
/// the generation, which counts from 1; after 255 the random bytes are made anew.
fn next_card_id(
    root_key_version: u8,
    before: Option<&[u8; CARD_ID_LENGTH]>,
) -> Result<[u8; CARD_ID_LENGTH], ActionError> {
    let mut card_id = [0; CARD_ID_LENGTH];
    match before {
        Some(before) if before[13] < u8::MAX => {
            card_id[..12].copy_from_slice(&before[..12]);
            card_id[13] = before[13] + 1;
        }
        _ => {
            card_id[..12].copy_from_slice(&random_bytes::<12>()?);
            card_id[13] = 1;
        }
    }
    card_id[12] = root_key_version;
    Ok(card_id)
}

fn header(
    job: JobId,
    process: &cardwright_protocol::ids::ProcessId,
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

fn bound_in_words(ids: &ChipIds) -> String {
    match ids.short_name() {
        Some(name) => format!("Chip {name} bound to this card"),
        None => "A chip without a name of its own bound to this card".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_count_and_begin_anew_after_the_last() {
        let first = next_card_id(1, None).unwrap();
        assert_eq!(first[12..], [1, 1]);
        let second = next_card_id(1, Some(&first)).unwrap();
        assert_eq!(second[..12], first[..12]);
        assert_eq!(second[12..], [1, 2]);
        let mut last = first;
        last[13] = 255;
        let anew = next_card_id(1, Some(&last)).unwrap();
        assert_ne!(anew[..12], last[..12]);
        assert_eq!(anew[13], 1);
    }
}
