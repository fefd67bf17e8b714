//! What registry and helper have at the beginning of a story.

use crate::fakes::{helper_answers, registry_answers};
use crate::person::curtain;
use cardwright_protocol::domain::{CardState, Command, Permission, ProcessState, Role};
use cardwright_protocol::helper::{
    HELPER_PORTS, Message, PROTOCOL_VERSION, Reader, RunningJob, Service, Slot,
};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::{Outcome, Phase};
use cardwright_protocol::registry::accounts::Account;
use cardwright_protocol::registry::cards::{Card, CardPage, CardRow};
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::processes::{Assessment, Nonce, Process, Verdict};
use cardwright_protocol::registry::session::Me;
use cardwright_protocol::registry::templates::{StateCommands, Template};
use cardwright_protocol::registry::workstations::IssuedTicket;
use cardwright_protocol::signed::Signed;
use serde_json::json;

pub(crate) const NUMBER: &str = "TC-2026-004118";

/// The helper of this computer.
pub(crate) const WORKSTATION: &str = "7f0c2a4491de3b58";

/// An operator or admin is logged in, one card is produced, and no helper is there.
pub(crate) fn logged_in(role: Role) {
    curtain();
    registry_answers("GET /api/v1/session", 200, &me(role));
    registry_knows(WORKSTATION, "desk-1");
    registry_answers(&format!("GET /api/v1/cards/{NUMBER}"), 200, &card(CardState::Produced));
}

/// Nobody is logged in.
pub(crate) fn nobody() {
    curtain();
    problem("GET /api/v1/session", ProblemCode::NotLoggedIn, "Nobody is logged in.");
}

/// The registry refuses a request.
pub(crate) fn problem(request: &str, code: ProblemCode, message: &str) {
    let problem = Problem { code, message: message.into(), field: None };
    registry_answers(request, code.status(), &problem);
}

pub(crate) fn me(role: Role) -> Me {
    let permissions = match role {
        Role::Admin => vec![
            Permission::ReadCards,
            Permission::CloseForeignProcesses,
            Permission::ConfigureTemplates,
            Permission::UseWorkstations,
            Permission::ManageWorkstations,
            Permission::ManageAccounts,
            Permission::ReadAudit,
        ],
        Role::Operator => vec![
            Permission::ReadCards,
            Permission::InitializeCards,
            Permission::WithdrawStock,
            Permission::UseWorkstations,
        ],
        Role::Auditor => vec![Permission::ReadCards, Permission::ReadAudit],
    };
    Me {
        name: role.name().into(),
        role,
        permissions,
        helper_ports: HELPER_PORTS.to_vec(),
        must_change_password: false,
        notices: vec![],
    }
}

pub(crate) fn card(state: CardState) -> Card {
    let commands = match state {
        CardState::Produced => vec![Command::InitializeTemporaryCard, Command::MarkAsDefective],
        _ => vec![],
    };
    Card {
        row: row(NUMBER, state, commands),
        version: 3,
        profile: "PIV, temporary".into(),
        expires_on: "2031-11-19".into(),
        validity_days: 14,
        guid: None,
        history: vec![],
        process: None,
    }
}

pub(crate) fn row(number: &str, state: CardState, commands: Vec<Command>) -> CardRow {
    CardRow {
        number: number.into(),
        state,
        interrupted: false,
        order: "B-2291".into(),
        produced_on: Some("2026-11-20".into()),
        chip: None,
        commands,
    }
}

pub(crate) fn page(total: u64, numbers: &[&str]) -> CardPage {
    let commands = vec![Command::InitializeTemporaryCard];
    let row = |number: &&str| row(number, CardState::Produced, commands.clone());
    CardPage { total, cards: numbers.iter().map(row).collect() }
}

pub(crate) fn process(state: ProcessState) -> Process {
    Process {
        id: "p1".into(),
        command: Command::InitializeTemporaryCard,
        state,
        operator: "operator".into(),
        mine: true,
        can_take_over: false,
        card: row(NUMBER, CardState::Produced, vec![]),
        profile: "PIV, temporary".into(),
        phases: phases(),
        confirm_number: true,
        job: None,
        failure: None,
        written: None,
        next_card: None,
    }
}

/// The registry goes along with the process `p1`: the chip is judged so, and a job is issued.
pub(crate) fn registry_initializes(verdict: Verdict) {
    let nonce = Nonce { nonce: HexBytes(vec![0; 16]) };
    registry_answers("POST /api/v1/processes/p1/nonces", 201, &nonce);
    registry_answers("POST /api/v1/processes/p1/reports", 200, &assessment(verdict));
    let none = serde_json::Value::Null;
    let header = json!({
        "job": "j1", "process": "p1", "workstation": "desk-1", "card": NUMBER, "reader": "r1",
        "insertion": "i1", "helper_nonce": "00", "profile": "piv-temporary", "profile_hash": "00",
        "chip": {
            "cplc": none, "iin": none, "cin": none, "card_id": none, "guid": none,
            "serial": none, "atr": none,
        },
    });
    let job = json!({
        "header": header.to_string(), "encapsulated_key": "00", "ciphertext": "00",
        "signature": "00",
    });
    registry_answers("POST /api/v1/processes/p1/jobs", 201, &json!({ "job": job }));
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

/// The helper is there, with one reader.
pub(crate) fn helper_has(slot: Slot) {
    helper_offers(slot, vec![]);
}

/// The helper is there, with one reader and with outcomes in its journal.
pub(crate) fn helper_offers(slot: Slot, outcomes: Vec<Outcome>) {
    let ready = Message::Ready { id: 0, running: vec![], outcomes };
    let readers =
        Message::Readers { revision: 1, service: Service::Running, readers: vec![reader(slot)] };
    let report = Message::Report { id: 0, report: signed("{}") };
    let accepted = Message::Accepted { id: 0, job: "j1".into() };
    let acknowledged = Message::Acknowledged { id: 0, job: "j1".into() };
    let canceling = Message::Canceling { id: 0, job: "j1".into() };
    helper_answers(&json!({
        "hello": [hello(WORKSTATION)], "authenticate": [ready, readers], "inspect": [report], "execute": [accepted],
        "acknowledge": [acknowledged], "cancel": [canceling],
    }));
}

/// What a helper says first.
pub(crate) fn hello(workstation: &str) -> Message {
    Message::Hello {
        id: 0,
        protocol: PROTOCOL_VERSION,
        version: "0.2.0".into(),
        workstation: workstation.into(),
        challenge: HexBytes(vec![1; 32]),
    }
}

/// The registry gives tickets for a helper that people call so.
pub(crate) fn registry_knows(workstation: &str, name: &str) {
    let ticket = IssuedTicket { ticket: signed("{}"), name: name.into() };
    registry_answers(&tickets(workstation), 201, &ticket);
}

/// The request for a ticket.
pub(crate) fn tickets(workstation: &str) -> String {
    format!("POST /api/v1/workstations/{workstation}/tickets")
}

pub(crate) fn reader(slot: Slot) -> Reader {
    Reader { id: "r1".into(), name: "Omnikey".into(), slot }
}

pub(crate) fn chip(insertion: &str) -> Slot {
    Slot::Chip { insertion: insertion.into(), in_use: false }
}

pub(crate) fn signed<T>(statement: &str) -> Signed<T> {
    Signed::from_parts(statement.into(), HexBytes(vec![0; 64]))
}

/// The phases of a job for a chip from the factory.
fn phases() -> Vec<Phase> {
    let usual = |phase: &Phase| !matches!(phase, Phase::Erase | Phase::Retries);
    Phase::ALL.into_iter().filter(usual).collect()
}

pub(crate) fn progress(phase: Phase) -> Message {
    let step = phases().iter().position(|it| *it == phase).map_or(1, |at| at as u32 + 1);
    Message::Progress {
        job: RunningJob {
            job: "j1".into(),
            process: "p1".into(),
            card: NUMBER.into(),
            reader: "r1".into(),
            step,
            of: 9,
            phase,
            written: step > 3,
        },
    }
}

pub(crate) fn template(version: u64) -> Template {
    let state = |state, possible: &[Command]| StateCommands {
        state,
        enabled: vec![],
        possible: possible.to_vec(),
    };
    Template {
        name: "temporary-card".into(),
        title: "Temporary card".into(),
        version,
        profile: "PIV, temporary".into(),
        confirm_number: true,
        allow_erase: false,
        states: vec![state(CardState::Ordered, &[]), state(CardState::Produced, Command::ALL)],
    }
}

/// An account, as the registry tells of it.
pub(crate) fn account(name: &str) -> Account {
    Account {
        name: name.into(),
        version: 4,
        role: Role::Operator,
        granted: vec![],
        disabled: false,
        must_change_password: false,
        locked_until: None,
        logged_in_at: None,
    }
}
