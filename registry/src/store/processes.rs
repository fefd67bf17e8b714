use super::entities::{nonces, processes};
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::domain::{Command, ProcessState};
use cardwright_protocol::ids::ProcessId;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::Expr,
};

/// Nonces that a process has at a time; older ones are forgotten as new ones come.
const MAX_NONCES: u64 = 4;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessRecord {
    pub(crate) id: ProcessId,
    /// Key of its card.
    pub(crate) card: i64,
    pub(crate) command: Command,
    pub(crate) state: ProcessState,
    /// Name of the account that started it, or took it over.
    pub(crate) account: String,
    /// How the last job failed, as JSON of the wire's type.
    pub(crate) failure: Option<String>,
}

/// A process to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewProcess {
    pub(crate) id: ProcessId,
    pub(crate) card: i64,
    pub(crate) command: Command,
    pub(crate) state: ProcessState,
    pub(crate) account: String,
    pub(crate) reason: Option<String>,
}

impl ProcessRecord {
    fn from_row(row: processes::Model) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("processes");
        Ok(Self {
            id: ProcessId(row.id),
            card: row.card_id,
            command: Command::from_name(&row.command).ok_or_else(unreadable)?,
            state: ProcessState::from_name(&row.state).ok_or_else(unreadable)?,
            account: row.account,
            failure: row.failure,
        })
    }
}

impl Snapshot {
    /// The process of this id.
    pub(crate) async fn process(&self, id: &str) -> Result<Option<ProcessRecord>, StoreError> {
        let row = processes::Entity::find_by_id(id).one(&self.database).await?;
        row.map(ProcessRecord::from_row).transpose()
    }

    /// The open processes of these cards: at most one each.
    pub(crate) async fn open_processes(
        &self,
        cards: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<ProcessRecord>, StoreError> {
        let open = ProcessState::ALL.iter().filter(|state| state.is_open()).map(|s| s.name());
        let rows = processes::Entity::find()
            .filter(processes::Column::CardId.is_in(cards))
            .filter(processes::Column::State.is_in(open))
            .all(&self.database)
            .await?;
        rows.into_iter().map(ProcessRecord::from_row).collect()
    }

    /// Whether the nonce is one of this process that no job has used.
    pub(crate) async fn has_nonce(
        &self,
        process: &ProcessId,
        nonce: &[u8],
    ) -> Result<bool, StoreError> {
        let row = nonces::Entity::find()
            .filter(nonces::Column::ProcessId.eq(&process.0))
            .filter(nonces::Column::Nonce.eq(nonce))
            .one(&self.database)
            .await?;
        Ok(row.is_some())
    }
}

impl Transaction {
    /// Makes a process. [`StoreError::Taken`] when another one holds the card.
    pub(crate) async fn insert_process(
        &self,
        process: NewProcess,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = processes::ActiveModel {
            id: Set(process.id.0),
            card_id: Set(process.card),
            command: Set(process.command.name().to_owned()),
            state: Set(process.state.name().to_owned()),
            account: Set(process.account),
            reason: Set(process.reason),
            failure: Set(None),
            started_at: Set(now),
            ended_at: Set((!process.state.is_open()).then_some(now)),
        };
        processes::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// Writes the state, failure and owner of a process. One that ends loses its nonces.
    pub(crate) async fn change_process(
        &self,
        process: &ProcessRecord,
        now: i64,
    ) -> Result<(), StoreError> {
        let ended_at = (!process.state.is_open()).then_some(now);
        processes::Entity::update_many()
            .col_expr(processes::Column::State, Expr::value(process.state.name()))
            .col_expr(processes::Column::Account, Expr::value(process.account.as_str()))
            .col_expr(processes::Column::Failure, Expr::value(process.failure.clone()))
            .col_expr(processes::Column::EndedAt, Expr::value(ended_at))
            .filter(processes::Column::Id.eq(&process.id.0))
            .exec(&self.database)
            .await?;
        if !process.state.is_open() {
            self.delete_nonces(&process.id).await?;
        }
        Ok(())
    }

    /// Forgets all nonces of a process.
    pub(crate) async fn delete_nonces(&self, process: &ProcessId) -> Result<(), StoreError> {
        nonces::Entity::delete_many()
            .filter(nonces::Column::ProcessId.eq(&process.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Adds a nonce to a process, and forgets its oldest ones.
    pub(crate) async fn insert_nonce(
        &self,
        process: &ProcessId,
        nonce: &[u8],
    ) -> Result<(), StoreError> {
        let row = nonces::ActiveModel {
            id: NotSet,
            process_id: Set(process.0.clone()),
            nonce: Set(nonce.to_vec()),
        };
        nonces::Entity::insert(row).exec(&self.database).await?;
        let last_kept = nonces::Entity::find()
            .filter(nonces::Column::ProcessId.eq(&process.0))
            .order_by_desc(nonces::Column::Id)
            .offset(MAX_NONCES - 1)
            .limit(1)
            .one(&self.database)
            .await?;
        if let Some(last_kept) = last_kept {
            nonces::Entity::delete_many()
                .filter(nonces::Column::ProcessId.eq(&process.0))
                .filter(nonces::Column::Id.lt(last_kept.id))
                .exec(&self.database)
                .await?;
        }
        Ok(())
    }
}
