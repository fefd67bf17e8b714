use crate::convert;
use crate::desk::{Desk, State};
use crate::failures;
use crate::jobs::Cancel;
use crate::journal::{JobFile, Slot};
use crate::platform::Moment;
use crate::worker::{Execution, Work};
use cardwright_protocol::helper::{self, HelperError, Hindrance, Message, RunningJob};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{self, Phase};
use cardwright_seal::{open_job, sha256, sign};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Why a job of the registry does not begin.
enum Refusal {
    /// It cannot be carried out, whoever does what.
    Unfit(&'static str),
    /// A person can mend it.
    Hindered(Hindrance),
    /// It may have begun before: what becomes of it is told by its outcome alone.
    MayHaveBegun(HelperError),
}

/// `execute`: accepts a job, or refuses it with the chip untouched.
///
/// The registry's signature is verified before anything else is read; what is not from it, or not
/// for this helper, is refused with a statement for its audit log. A nonce is spent by the job
/// that is accepted, not by one that is refused. A refused job of the registry comes with a signed
/// failure, and never begins from then on.
pub(super) async fn answer(
    desk: &Arc<Desk>,
    id: u64,
    job: &SealedJob,
) -> Result<Message, HelperError> {
    let terms = &desk.terms;
    let (header, contents) = open_job(job, &terms.registry_key, &desk.keys.opening)
        .map_err(|error| not_for_us(desk, job, error.to_string()))?;
    if header.workstation != terms.workstation {
        return Err(not_for_us(desk, job, "the job is for another workstation".to_owned()));
    }
    let accepted = match convert::job(&header, &contents) {
        Ok(job) => accept(desk, &header, job).await,
        Err(why) => Err(refuse(&mut desk.state(), &header, Refusal::Unfit(why))),
    };
    match accepted {
        Ok(()) => {
            tracing::info!(job = %header.job, "accepted");
            Ok(Message::Accepted { id, job: header.job })
        }
        Err(Refused { error, is_for_ever }) => {
            tracing::warn!(job = %header.job, ?error, is_for_ever, "refused a job");
            Err(if is_for_ever { with_failure(desk, &header, error) } else { error })
        }
    }
}

/// A refusal as the page sees it.
struct Refused {
    error: HelperError,
    /// The job never begins: that can be signed.
    is_for_ever: bool,
}

/// Takes room for the outcome, makes the job durable without the desk's lock, and lets it begin.
async fn accept(
    desk: &Arc<Desk>,
    header: &JobHeader,
    job: cardwright_perso::Job,
) -> Result<(), Refused> {
    let running = RunningJob {
        job: header.job.clone(),
        process: header.process.clone(),
        card: header.card.clone(),
        reader: header.reader.clone(),
        step: 1,
        of: Phase::ALL.len() as u32,
        phase: Phase::Identify,
        written: false,
    };
    let cancel = Cancel::default();
    let slot = {
        let mut state = desk.state();
        let room = check(&mut state, header)
            .and_then(|()| take_room(&mut state, header))
            .map_err(|refusal| refuse(&mut state, header, refusal))?;
        // From here on the reader is this job's, and its nonce with it.
        desk.job_is_reserved(&mut state, running.clone(), cancel.clone());
        room
    };
    let file = make_durable(desk, slot, header, &job).await?;
    let execution = Execution { running, header: header.clone(), job, cancel, file };
    begin(desk, execution).await
}

/// Whether the job is for here and now.
fn check(state: &mut State, header: &JobHeader) -> Result<(), Refusal> {
    use helper::Slot;
    if state.journal.knows(&header.job) {
        let why = "the job was accepted before".to_owned();
        return Err(Refusal::MayHaveBegun(refused(why)));
    }
    if state.nonces.is_refused(&header.job) {
        return Err(Refusal::Unfit("the job was refused before"));
    }
    if !state.readers.is_running() {
        return Err(Refusal::Hindered(Hindrance::ServiceStopped));
    }
    let reader = state.readers.reader(&header.reader);
    let reader = reader.ok_or(Refusal::Hindered(Hindrance::NoSuchReader))?;
    match &reader.slot {
        Slot::Chip { insertion, .. } if *insertion == header.insertion => {}
        Slot::Chip { .. } | Slot::Empty | Slot::Mute => {
            return Err(Refusal::Hindered(Hindrance::NotInserted));
        }
    }
    if state.jobs.is_at_work(&header.reader) {
        return Err(Refusal::Hindered(Hindrance::JobRunning));
    }
    let reported = state
        .nonces
        .look_up(&header.helper_nonce, Moment::now())
        .ok_or(Refusal::Unfit("the report that the job answers is used up or too old"))?;
    if reported.reader != header.reader || reported.insertion != header.insertion {
        return Err(Refusal::Unfit("the job answers a report of another reader or insertion"));
    }
    if reported.chip != header.chip {
        return Err(Refusal::Unfit("the job is for another chip than the report's"));
    }
    // PUT DATA, GENERATE and RESET RETRY COUNTER are for contacts only (SP 800-73-5 part 2,
    // section 3): a registry that knows its trade issues no such job.
    if reported.contactless {
        return Err(Refusal::Unfit(
            "the chip is in a contactless reader, where it cannot be written",
        ));
    }
    Ok(())
}

fn take_room(state: &mut State, header: &JobHeader) -> Result<Slot, Refusal> {
    let room = state.journal.take_room(header.job.clone());
    room.map_err(|_| Refusal::Hindered(Hindrance::Full))
}

async fn make_durable(
    desk: &Arc<Desk>,
    slot: Slot,
    header: &JobHeader,
    job: &cardwright_perso::Job,
) -> Result<JobFile, Refused> {
    let (name, tries_allowed) = (header.clone(), convert::tries(job.tries_allowed));
    let accepted = spawn_blocking(move || slot.accept(&name, tries_allowed)).await;
    let mut state = desk.state();
    let not_accepted = match accepted {
        Ok(Ok(file)) => return Ok(file),
        Ok(Err(not_accepted)) => not_accepted,
        Err(error) => {
            // The room is lost until the next start.
            tracing::error!(%error, "a job was not accepted");
            desk.job_is_refused(&mut state, &header.job);
            return Err(refuse(&mut state, header, Refusal::MayHaveBegun(HelperError::Internal)));
        }
    };
    tracing::error!(error = %not_accepted.cause, "the journal did not take a job");
    desk.job_is_refused(&mut state, &header.job);
    state.journal.give_room_back(&header.job, not_accepted.slot);
    let hindrance = match not_accepted.cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Hindrance::NoSpace,
        _ => Hindrance::Internal,
    };
    let refusal = match not_accepted.may_be_known {
        true => Refusal::MayHaveBegun(hindrance.error()),
        false => Refusal::Hindered(hindrance),
    };
    Err(refuse(&mut state, header, refusal))
}

/// Hands an accepted job to the thread of its reader.
async fn begin(desk: &Arc<Desk>, execution: Execution) -> Result<(), Refused> {
    let header = execution.header.clone();
    let not_handed_over = {
        let mut state = desk.state();
        match desk.hand_over(&mut state, &header.reader, Work::Execute(Box::new(execution))) {
            Ok(()) => {
                // The thread cannot end the job before: that needs the state, which is locked here.
                state.nonces.spend(&header.insertion);
                state.jobs.accept(&header.job);
                return Ok(());
            }
            Err(not_handed_over) => not_handed_over,
        }
    };
    // The reader or the helper went away meanwhile.
    let cleared = match not_handed_over.work {
        Work::Execute(execution) => spawn_blocking(move || execution.file.clear()).await.ok(),
        Work::Inspect(_) => None,
    };
    let mut state = desk.state();
    desk.job_is_refused(&mut state, &header.job);
    let hindrance = not_handed_over.hindrance;
    Err(match cleared {
        Some((slot, cleared)) => {
            state.journal.give_room_back(&header.job, slot);
            let refusal = match cleared {
                Ok(()) => Refusal::Hindered(hindrance),
                Err(_) => Refusal::MayHaveBegun(hindrance.error()),
            };
            refuse(&mut state, &header, refusal)
        }
        None => refuse(&mut state, &header, Refusal::MayHaveBegun(hindrance.error())),
    })
}

/// Decides, while the state is locked, what a refusal means for the job.
fn refuse(state: &mut State, header: &JobHeader, refusal: Refusal) -> Refused {
    let error = match refusal {
        Refusal::MayHaveBegun(error) => return Refused { error, is_for_ever: false },
        Refusal::Unfit(why) => refused(why.to_owned()),
        Refusal::Hindered(hindrance) => HelperError::JobRefused {
            why: hindrance.error().advice().0.to_owned(),
            because: Some(hindrance),
            failure: None,
        },
    };
    let could_begin = state.nonces.refuse(&header.helper_nonce, &header.job, Moment::now());
    // A job that answers no nonce of now may be one that an earlier run of this helper accepted:
    // the journal would know it, unless a part of it was lost.
    Refused { error, is_for_ever: could_begin || !state.journal.is_damaged() }
}

/// Signs for the registry that somebody gave this helper what is not for it.
fn not_for_us(desk: &Desk, job: &SealedJob, why: String) -> HelperError {
    tracing::warn!(why, "refused a job");
    // Not the page's text of it, which could be spelled anew for every refusal. A plain struct with
    // text keys: writing it as JSON cannot fail.
    let text = serde_json::to_string(job).expect("a sealed job is plain data");
    let workstation = desk.terms.workstation.clone();
    let refusal = outcome::Refusal { workstation, why, refused_hash: sha256(text.as_bytes()) };
    HelperError::JobNotForUs { refusal: Box::new(sign(&desk.keys.signing, &refusal)) }
}

fn refused(why: String) -> HelperError {
    HelperError::JobRefused { why, because: None, failure: None }
}

/// Lets the registry know at once that the job ended with the chip untouched.
fn with_failure(desk: &Desk, header: &JobHeader, error: HelperError) -> HelperError {
    match error {
        HelperError::JobRefused { why, because, .. } => {
            let failure = sign(&desk.keys.signing, &failures::refused(header, why.clone()));
            HelperError::JobRefused { why, because, failure: Some(Box::new(failure)) }
        }
        error => error,
    }
}
