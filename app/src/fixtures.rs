//! Things that tests of the screen logic begin with.

use crate::helper::Link;
use cardwright_protocol::domain::{CardState, Command, ProcessState};
use cardwright_protocol::helper::{Message, Reader, RunningJob, Service, Slot};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{
    Condition, FailureCause, JobFailure, Outcome, Phase, Proved, TriesSpent,
};
use cardwright_protocol::registry::cards::CardRow;
use cardwright_protocol::registry::processes::{Assessment, Process, Verdict};
use cardwright_protocol::signed::Signed;

pub(crate) fn chip(insertion: &str) -> Slot {
    Slot::Chip { insertion: insertion.into(), in_use: false }
}

pub(crate) fn reader(id: &str, slot: Slot) -> Reader {
    Reader { id: id.into(), name: format!("Reader {id}"), slot }
}

/// A link that was just opened, for the `connection`th time.
pub(crate) fn ready(connection: u32, running: Vec<RunningJob>, outcomes: Vec<Outcome>) -> Link {
    Link::ready(connection, "desk-1".into(), "0.1.0".into(), running, outcomes)
}

/// A link on its first connection, with these readers.
pub(crate) fn connected(readers: Vec<Reader>) -> Link {
    let mut link = ready(1, vec![], vec![]);
    link.apply(Message::Readers { revision: 1, service: Service::Running, readers });
    link
}

pub(crate) fn running(job: &str, step: u32) -> RunningJob {
    RunningJob {
        job: job.into(),
        process: "p1".into(),
        card: "TC-2026-004118".into(),
        reader: "r1".into(),
        step,
        of: 9,
        phase: phases()[step as usize - 1],
        written: step > 3,
    }
}

pub(crate) fn failed(job: &str) -> Outcome {
    let failure = JobFailure {
        job: job.into(),
        process: "p1".into(),
        workstation: "desk-1".into(),
        card: "TC-2026-004118".into(),
        phase: Phase::Pin,
        cause: FailureCause::CardRemoved,
        condition: Condition::PartlyWritten,
        tries_spent: TriesSpent::default(),
        proved: Proved::default(),
        keys: vec![],
    };
    let statement = serde_json::to_string(&failure).expect("a plain struct is JSON");
    Outcome::Failed(Signed::from_parts(statement, HexBytes(vec![0; 64])))
}

/// The phases of a job for a chip from the factory.
pub(crate) fn phases() -> Vec<Phase> {
    let usual = |phase: &Phase| !matches!(phase, Phase::Erase | Phase::Retries);
    Phase::ALL.into_iter().filter(usual).collect()
}

pub(crate) fn process() -> Process {
    Process {
        id: "p1".into(),
        command: Command::InitializeTemporaryCard,
        state: ProcessState::Started,
        operator: "operator".into(),
        mine: true,
        can_take_over: false,
        card: CardRow {
            number: "TC-2026-004118".into(),
            state: CardState::Produced,
            interrupted: false,
            order: "B-2291".into(),
            produced_on: Some("2026-11-20".into()),
            chip: None,
            commands: vec![],
        },
        profile: "PIV, temporary".into(),
        phases: phases(),
        confirm_number: false,
        job: None,
        failure: None,
        written: None,
        next_card: None,
    }
}

pub(crate) fn assessment(verdict: Verdict) -> Assessment {
    Assessment {
        verdict,
        chip: Some("3B1F 7A02 9C5E".into()),
        kind: "PIV 5.7.1, as from the factory".into(),
        matched_by: None,
        erasable: false,
    }
}
