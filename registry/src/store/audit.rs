use super::entities::audit_events;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::CardState;
use cardwright_protocol::ids::ProcessId;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

/// Kind of an audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    FirstStart,
    LoggedIn,
    LoginRefused,
    LoggedOut,
    AddressLocked,
    AccountAdded,
    AccountChanged,
    AccountLocked,
    AccountUnlocked,
    PermissionGranted,
    PermissionTaken,
    PasswordChanged,
    PasswordRefused,
    PasswordSet,
    TemplateChanged,
    CardImported,
    ProcessStarted,
    ProcessCanceled,
    ProcessCompleted,
    ProcessFailed,
    ProcessTakenOver,
    ChipBound,
    ChipAdopted,
    ErasePermitted,
    JobIssued,
    JobSuperseded,
    JobNeverBegan,
    JobFailed,
    ReceiptTaken,
    StrayOutcome,
    CardChanged,
    BackupBegun,
    Restored,
    KeysExported,
    KeysImported,
    WorkstationAdded,
    WorkstationInvited,
    WorkstationEnrolled,
    WorkstationRenamed,
    WorkstationRevoked,
    WorkstationUsed,
    EnrolmentRefused,
    RefusedByHelper,
    StatementRefused,
    RootKeyAdded,
    SecretRevealed,
    RevealRefused,
}

impl EventKind {
    fn name(self) -> &'static str {
        match self {
            Self::FirstStart => "registry.first-start",
            Self::LoggedIn => "session.logged-in",
            Self::LoginRefused => "session.refused",
            Self::LoggedOut => "session.logged-out",
            Self::AddressLocked => "session.address-locked",
            Self::AccountAdded => "account.added",
            Self::AccountChanged => "account.changed",
            Self::AccountLocked => "account.locked",
            Self::AccountUnlocked => "account.unlocked",
            Self::PermissionGranted => "account.permission-granted",
            Self::PermissionTaken => "account.permission-taken",
            Self::PasswordChanged => "account.password-changed",
            Self::PasswordRefused => "account.password-refused",
            Self::PasswordSet => "account.password-set",
            Self::TemplateChanged => "template.changed",
            Self::CardImported => "card.imported",
            Self::ProcessStarted => "process.started",
            Self::ProcessCanceled => "process.canceled",
            Self::ProcessCompleted => "process.completed",
            Self::ProcessFailed => "process.failed",
            Self::ProcessTakenOver => "process.taken-over",
            Self::ChipBound => "chip.bound",
            Self::ChipAdopted => "chip.adopted",
            Self::ErasePermitted => "chip.erase-permitted",
            Self::JobIssued => "job.issued",
            Self::JobSuperseded => "job.superseded",
            Self::JobNeverBegan => "job.never-began",
            Self::JobFailed => "job.failed",
            Self::ReceiptTaken => "receipt.taken",
            Self::StrayOutcome => "outcome.stray",
            Self::CardChanged => "card.changed",
            Self::BackupBegun => "registry.backup-begun",
            Self::Restored => "registry.restored",
            Self::KeysExported => "registry.keys-exported",
            Self::KeysImported => "registry.keys-imported",
            Self::WorkstationAdded => "workstation.added",
            Self::WorkstationInvited => "workstation.code-given",
            Self::WorkstationEnrolled => "workstation.enrolled",
            Self::WorkstationRenamed => "workstation.renamed",
            Self::WorkstationRevoked => "workstation.revoked",
            Self::WorkstationUsed => "workstation.used",
            Self::EnrolmentRefused => "enrolment.refused",
            Self::RefusedByHelper => "refusal.by-helper",
            Self::StatementRefused => "refusal.by-registry",
            Self::RootKeyAdded => "registry.root-key-added",
            Self::SecretRevealed => "secret.revealed",
            Self::RevealRefused => "secret.reveal-refused",
        }
    }
}

/// Something that happened: who, when, what; never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: i64,
    /// An account, or `registry`.
    pub(crate) by: String,
    pub(crate) kind: EventKind,
    /// The card that it happened to: the event is then part of that card's history.
    pub(crate) card: Option<i64>,
    pub(crate) process: Option<ProcessId>,
    /// In words.
    pub(crate) what: String,
    /// The state that the card came to by it.
    pub(crate) state: Option<CardState>,
}

impl Event {
    /// Something that happened to no card.
    pub(crate) fn apart(at: i64, by: impl Into<String>, kind: EventKind, what: String) -> Self {
        Self { at, by: by.into(), kind, card: None, process: None, what, state: None }
    }

    /// Something that was done to the registry at its command line.
    pub(crate) fn at_command_line(at: i64, kind: EventKind, what: String) -> Self {
        let by = "registry".to_owned();
        Self { at, by, kind, card: None, process: None, what, state: None }
    }
}

/// A line of a card's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryRecord {
    pub(crate) at: i64,
    pub(crate) by: String,
    pub(crate) what: String,
    pub(crate) state: Option<CardState>,
}

impl Snapshot {
    /// What happened to a card, newest first.
    pub(crate) async fn history(&self, card: i64) -> Result<Vec<HistoryRecord>, StoreError> {
        let rows = audit_events::Entity::find()
            .filter(audit_events::Column::CardId.eq(card))
            .order_by_desc(audit_events::Column::Id)
            .all(&self.database)
            .await?;
        let record = |row: audit_events::Model| HistoryRecord {
            at: row.at,
            by: row.by,
            what: row.what,
            state: row.state.as_deref().and_then(CardState::from_name),
        };
        Ok(rows.into_iter().map(record).collect())
    }

    /// Kind and originator of every event, in their order.
    #[cfg(test)]
    pub(crate) async fn events(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = audit_events::Entity::find().order_by_asc(audit_events::Column::Id);
        let rows = rows.all(&self.database).await?;
        Ok(rows.into_iter().map(|row| (row.kind, row.by)).collect())
    }

    /// When the database was last restored from a copy, in seconds since 1970.
    pub(crate) async fn last_restoration(&self) -> Result<Option<i64>, StoreError> {
        let row = audit_events::Entity::find()
            .filter(audit_events::Column::Kind.eq(EventKind::Restored.name()))
            .order_by_desc(audit_events::Column::Id)
            .one(&self.database)
            .await?;
        Ok(row.map(|row| row.at))
    }
}

impl Transaction {
    /// Records an event; it lasts exactly if the change that it tells of does.
    pub(crate) async fn record(&self, event: Event) -> Result<(), StoreError> {
        let row = audit_events::ActiveModel {
            id: NotSet,
            at: Set(event.at),
            by: Set(event.by),
            kind: Set(event.kind.name().to_owned()),
            card_id: Set(event.card),
            process_id: Set(event.process.map(|process| process.0)),
            what: Set(event.what),
            state: Set(event.state.map(|state| state.name().to_owned())),
        };
        audit_events::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }
}
