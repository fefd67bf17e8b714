use crate::convert;
use crate::desk::Desk;
use crate::jobs::Cancel;
use crate::worker::{Execution, Work};
use cardwright_protocol::helper::{HelperError, Message, RunningJob, Slot};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::Phase;
use cardwright_seal::open_job;
use std::{sync::Arc, time::Instant};

/// `execute`: accepts a job, or refuses it with the chip untouched.
///
/// The registry's signature is verified before anything else is read. A nonce is spent by the job
/// that is accepted, not by one that is refused.
pub(super) fn answer(desk: &Arc<Desk>, id: u64, job: &SealedJob) -> Result<Message, HelperError> {
    let (header, contents) = open_job(job, &desk.registry_key, &desk.keys.opening)
        .map_err(|error| refused(&error.to_string()))?;
    if header.workstation != desk.workstation {
        return Err(refused("the job is for another workstation"));
    }
    let job = convert::job(&header, &contents).map_err(refused)?;

    let mut state = desk.state();
    if state.outcomes.knows(&header.job) {
        return Err(refused("the job was accepted before"));
    }
    if !state.readers.is_running() {
        return Err(HelperError::ServiceStopped);
    }
    let reader = state.readers.reader(&header.reader).ok_or(HelperError::NoSuchReader)?;
    match &reader.slot {
        Slot::Chip { insertion, .. } if *insertion == header.insertion => {}
        Slot::Chip { .. } | Slot::Empty | Slot::Mute => return Err(HelperError::NotInserted),
    }
    if state.jobs.is_at_work(&header.reader) {
        return Err(HelperError::JobRunning);
    }
    let reported = state
        .nonces
        .look_up(&header.helper_nonce, Instant::now())
        .ok_or_else(|| refused("the report that the job answers is used up or too old"))?;
    if reported.reader != header.reader || reported.insertion != header.insertion {
        return Err(refused("the job answers a report of another reader or insertion"));
    }
    if reported.chip != header.chip {
        return Err(refused("the job is for another chip than the report's"));
    }
    // PUT DATA, GENERATE and RESET RETRY COUNTER are for contacts only (SP 800-73-5 part 2,
    // section 3): a registry that knows its trade issues no such job.
    if reported.contactless {
        return Err(refused("the chip is in a contactless reader, where it cannot be written"));
    }

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
    let name = header.job.clone();
    state.outcomes.make_room(name.clone()).map_err(|_| HelperError::Full)?;
    let execution = Execution { running: running.clone(), header, job, cancel: cancel.clone() };
    let reader = running.reader.clone();
    let insertion = execution.header.insertion.clone();
    if let Err(error) = desk.hand_over(&mut state, &reader, Work::Execute(Box::new(execution))) {
        state.outcomes.give_room_back(&name);
        return Err(error);
    }
    // The thread cannot end the job before: that needs the state, which is locked here.
    state.nonces.spend(&insertion);
    desk.job_begins(&mut state, running, cancel);
    tracing::info!(job = %name, "accepted");
    Ok(Message::Accepted { id, job: name })
}

fn refused(why: &str) -> HelperError {
    tracing::warn!(why, "refused a job");
    HelperError::JobRefused { why: why.to_owned(), because: None, failure: None }
}
