//! Every type of the wires, made of bytes. A field or variant that is missing here does not compile.

use crate::draw::{Draw, Drawn};
use cardwright_protocol::chip::{ChipFacts, ChipIds, ManagementKeyAlgorithm, PivFacts};
use cardwright_protocol::domain::{CardState, Command, Permission, ProcessState, Role};
use cardwright_protocol::enrolment::{Enrol, Enrolled, HelperKeys, RegistryTerms};
use cardwright_protocol::helper::{
    HelperError, Hindrance, Message, Reader, Request, RequestFrame, RunningJob, Service, Slot,
};
use cardwright_protocol::ids::{
    CardNumber, InsertionId, JobId, ProcessId, ProfileName, ReaderId, WorkstationId,
    WorkstationName,
};
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{
    Acknowledgement, ChipReport, Condition, FailureCause, JobFailure, KeyReceipt, Outcome, Phase,
    Proved, Receipt, Refusal, TriesSpent,
};
use cardwright_protocol::registry::accounts::{Account, AddAccount, ChangeAccount, NewPassword};
use cardwright_protocol::registry::audit::{
    AuditEvent, AuditExport, AuditHead, AuditPage, AuditQuery, AuditRestoration, Checkpoint,
};
use cardwright_protocol::registry::cards::{
    Card, CardColumn, CardPage, CardQuery, CardRow, HistoryEntry, OpenProcess, SortOrder,
};
use cardwright_protocol::registry::problem::{Problem, ProblemCode};
use cardwright_protocol::registry::processes::{
    AskForJob, Assessment, HandReport, IssuedJob, LastFailure, Nonce, OpenJob, OutcomeTaken,
    Process, StartProcess, Verdict, Written,
};
use cardwright_protocol::registry::secrets::{Reveal, Revealed, RevealedKind};
use cardwright_protocol::registry::session::{ChangePassword, Login, Me, Notice};
use cardwright_protocol::registry::templates::{
    ChangeState, ChangeTemplate, StateCommands, Template, TemplateSummary,
};
use cardwright_protocol::registry::workstations::{
    AddWorkstation, AskForTicket, ChangeWorkstation, Invitation, IssuedTicket, Workstation,
    WorkstationState,
};
use cardwright_protocol::ticket::Ticket;

macro_rules! drawn_ids {
    ($($name:ident),* $(,)?) => {$(
        impl Drawn for $name {
            fn drawn(draw: &mut Draw<'_>) -> Self {
                Self(Drawn::drawn(draw))
            }
        }
    )*};
}

macro_rules! drawn_words {
    ($($name:ident),* $(,)?) => {$(
        impl Drawn for $name {
            fn drawn(draw: &mut Draw<'_>) -> Self {
                Self::ALL[draw.index(Self::ALL.len())]
            }
        }
    )*};
}

macro_rules! drawn_structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Drawn for $name {
            fn drawn(draw: &mut Draw<'_>) -> Self {
                Self { $($field: Drawn::drawn(draw)),* }
            }
        }
    )*};
}

macro_rules! drawn_enums {
    ($($name:ident { $($variant:ident $({ $($field:ident),* $(,)? })?),* $(,)? })*) => {$(
        impl Drawn for $name {
            fn drawn(draw: &mut Draw<'_>) -> Self {
                let variants: &[fn(&mut Draw<'_>) -> Self] = &[
                    $(|_draw| Self::$variant $({ $($field: Drawn::drawn(_draw)),* })?),*
                ];
                variants[draw.index(variants.len())](draw)
            }
        }

        const _: fn(&$name) = |value| match value {
            $($name::$variant { .. } => {})*
        };
    )*};
}

drawn_ids! { CardNumber, InsertionId, JobId, ProcessId, ProfileName, ReaderId, WorkstationId, WorkstationName }

drawn_words! { CardState, Command, Permission, ProcessState, Role }

impl Drawn for Outcome {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        match bool::drawn(draw) {
            true => Self::Finished(Drawn::drawn(draw)),
            false => Self::Failed(Drawn::drawn(draw)),
        }
    }
}

impl Drawn for Checkpoint {
    fn drawn(draw: &mut Draw<'_>) -> Self {
        match bool::drawn(draw) {
            true => Self::Head(Drawn::drawn(draw)),
            false => Self::Restored(Drawn::drawn(draw)),
        }
    }
}

drawn_structs! {
    ChipIds { cplc, iin, cin, card_id, guid, serial, atr }
    ChipFacts { ids, contactless, piv }
    PivFacts { version, pin_tries, puk_tries, management_key_algorithm, factory_secrets }
    SealedJob { header, encapsulated_key, ciphertext, signature }
    JobHeader {
        job, process, workstation, card, reader, insertion, helper_nonce, chip, profile,
        profile_hash,
    }
    ChipReport {
        workstation, reader, reader_name, insertion, registry_nonce, helper_nonce, known_jobs, chip,
    }
    Receipt {
        job, process, workstation, card, chip, profile_hash, card_capability_container,
        card_holder_unique_identifier, management_key, keys, written, commands,
        tries_spent,
    }
    KeyReceipt { reference, algorithm, public_key }
    TriesSpent { pin, puk }
    JobFailure {
        job, process, workstation, card, phase, cause, condition, tries_spent, proved,
        keys,
    }
    Proved { pin, puk }
    Acknowledgement { job, outcome_hash }
    RequestFrame { id, request }
    RunningJob { job, process, card, reader, step, of, phase, written }
    Reader { id, name, slot }
    Login { name, password }
    Me { name, role, permissions, helper_ports, must_change_password, notices }
    ChangePassword { old, new }
    Refusal { workstation, why, refused_hash }
    Ticket { challenge, origin, operator, workstation }
    Enrol { invitation, statement, proof }
    HelperKeys { signing_key, sealing_key, protocol, version }
    Enrolled { statement, proof }
    RegistryTerms { workstation, name, registry_key, origins, answers }
    Workstation {
        id, name, version, state, helper_version, enrolled_at, code_until, used_at,
    }
    AddWorkstation { name }
    ChangeWorkstation { version, name }
    Invitation { workstation, code, minutes }
    AskForTicket { challenge }
    IssuedTicket { ticket, name }
    Account {
        name, version, role, granted, disabled, must_change_password, locked_until, logged_in_at,
    }
    AddAccount { name, role }
    ChangeAccount { version, role, granted, disabled }
    NewPassword { account, password }
    Reveal { secret, reason }
    Revealed { value, in_doubt }
    AuditQuery { from, to, by, kind, card, text, page, size }
    AuditPage { total, events, kinds }
    AuditEvent { seq, at, by, kind, card, process, what, state, hash }
    AuditHead { seq, hash, at }
    AuditRestoration { seq, hash, event, known, at }
    AuditExport { head, events, query, hash }
    CardQuery { status, interrupted, text, sort, order, page, size }
    CardPage { total, cards }
    CardRow { number, state, interrupted, order, produced_on, chip, commands }
    Card { row, version, profile, expires_on, validity_days, guid, history, process }
    OpenProcess { id, command, state, operator, mine }
    HistoryEntry { at, by, what, state }
    StartProcess { command, version, reason }
    Process {
        id, command, state, operator, mine, can_take_over, card, profile, phases,
        confirm_number, job, failure, written, next_card,
    }
    OpenJob { job, workstation }
    LastFailure { phase, cause, condition }
    Written { guid, card_id, fasc_n, expires_on, management_key, keys, commands, workstation, at }
    Nonce { nonce }
    HandReport { report }
    Assessment { verdict, chip, kind, matched_by, erasable }
    AskForJob { report, confirmed_number, erase }
    IssuedJob { job }
    OutcomeTaken { acknowledgement, process }
    TemplateSummary { name, title, cards }
    Template { name, title, version, profile, confirm_number, allow_erase, states }
    StateCommands { state, enabled, possible }
    ChangeTemplate { version, confirm_number, allow_erase, states }
    ChangeState { state, enabled }
    Problem { code, message, field }
}

drawn_enums! {
    ManagementKeyAlgorithm { TripleDes, Aes128, Aes192, Aes256 }
    Phase {
        Identify, Erase, Authenticate, Retries, CardCapability, Puk, Pin, CardHolder, Keys,
        ManagementKey, Verify,
    }
    Condition { Untouched, PartlyWritten, Unknown }
    FailureCause {
        Canceled, CardRemoved, CardHung, ServiceStopped, ReaderBusy, OtherChip,
        NotSupported { what }, Foreign { what }, Blocked { what }, RefusedByChip { status },
        Malformed { what }, ReadBackDiffers { what }, JobRefused { why }, HelperStopped, Internal,
    }
    Request {
        Hello { protocol }, Authenticate { ticket }, Inspect { reader, insertion, registry_nonce }, Execute { job },
        Cancel { job }, Outcomes {}, Acknowledge { acknowledgement },
    }
    Message {
        Hello { id, protocol, version, workstation, challenge }, Challenge { challenge },
        Renewed { id }, Ready { id, running, outcomes },
        Readers { revision, service, readers }, ReaderChanged { revision, reader },
        ReaderGone { revision, reader }, Report { id, report }, Accepted { id, job },
        Progress { job }, Ended { job, outcome }, Canceling { id, job }, Outcomes { id, outcomes },
        Acknowledged { id, job }, Refused { id, error },
    }
    Service { Running, Stopped, Denied }
    Slot { Empty, Mute, Chip { insertion, in_use } }
    HelperError {
        Malformed, OutOfOrder, Version { helper }, NoSuchReader, NotInserted, JobRunning,
        NoSuchJob, ReaderBusy, ServiceStopped, CardHung, CardMalformed,
        TicketRefused, JobNotForUs { refusal }, JobRefused { why, because, failure }, NoSpace, AcknowledgementRefused, Full, Internal,
    }
    Hindrance {
        NoSuchReader, NotInserted, JobRunning, ReaderBusy, ServiceStopped, NoSpace, Full, Internal,
    }
    Notice { RootKeyNotExported, CheckpointsNotWritten, AuditLogContradicted }
    WorkstationState { Invited, Enrolled, Revoked }
    RevealedKind { Pin, Puk }
    CardColumn { Number, Status, Order, ProducedOn, Chip }
    SortOrder { Ascending, Descending }
    Verdict {
        Ready, Interrupted, UnknownKind, Contactless, BoundToOtherCard { card },
        OtherChipExpected { expected }, Used, Blocked,
    }
    ProblemCode {
        Malformed, NotLoggedIn, WrongPassword, NotPermitted, ForeignOrigin, NotFound,
        MethodNotAllowed, WrongState, NotEnabled, StaleVersion, CardInUse, ProcessEnded,
        StaleReport, ChipRefused, PasswordChangeNeeded, WrongCode, TooManyTries, TooLarge, Invalid, BadSignature, Internal, NoSpace,
    }
}
