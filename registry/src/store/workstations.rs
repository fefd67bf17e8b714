use super::entities::workstations;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::ids::{WorkstationId, WorkstationName};
use cardwright_protocol::registry::workstations::WorkstationState;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{Expr, ExprTrait as _},
};

/// A workstation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkstationRecord {
    pub(crate) id: WorkstationId,
    pub(crate) name: WorkstationName,
    /// Counts its changes.
    pub(crate) version: u64,
    pub(crate) state: WorkstationState,
    pub(crate) helper_version: Option<String>,
    /// In seconds since 1970, as the next.
    pub(crate) enrolled_at: Option<i64>,
    pub(crate) used_at: Option<i64>,
}

/// What a helper says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HelperSays<'a> {
    pub(crate) version: &'a str,
    pub(crate) protocol: u32,
}

impl WorkstationRecord {
    fn from_row(row: workstations::Model) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("workstations");
        Ok(Self {
            id: WorkstationId(row.id),
            name: WorkstationName(row.name),
            version: row.version.try_into().map_err(|_| unreadable())?,
            state: state(&row.state).ok_or_else(unreadable)?,
            helper_version: row.helper_version,
            enrolled_at: row.enrolled_at,
            used_at: row.used_at,
        })
    }
}

fn state_name(state: WorkstationState) -> &'static str {
    match state {
        WorkstationState::Invited => "invited",
        WorkstationState::Enrolled => "enrolled",
        WorkstationState::Revoked => "revoked",
    }
}

fn state(name: &str) -> Option<WorkstationState> {
    [WorkstationState::Invited, WorkstationState::Enrolled, WorkstationState::Revoked]
        .into_iter()
        .find(|state| state_name(*state) == name)
}

/// Two names are one if they differ by case alone.
fn name_key(name: &WorkstationName) -> String {
    name.0.to_lowercase()
}

impl Snapshot {
    /// All workstations by name, revoked ones included.
    pub(crate) async fn workstations(&self) -> Result<Vec<WorkstationRecord>, StoreError> {
        let rows = workstations::Entity::find()
            .order_by_asc(workstations::Column::NameKey)
            .order_by_asc(workstations::Column::AddedAt)
            .order_by_asc(workstations::Column::Id)
            .all(&self.database)
            .await?;
        rows.into_iter().map(WorkstationRecord::from_row).collect()
    }

    /// The workstation of this id.
    pub(crate) async fn workstation(
        &self,
        id: &str,
    ) -> Result<Option<WorkstationRecord>, StoreError> {
        let row = workstations::Entity::find_by_id(id).one(&self.database).await?;
        row.map(WorkstationRecord::from_row).transpose()
    }

    /// The workstation that has this name and is not revoked.
    pub(crate) async fn workstation_named(
        &self,
        name: &WorkstationName,
    ) -> Result<Option<WorkstationRecord>, StoreError> {
        let revoked = state_name(WorkstationState::Revoked);
        let row = workstations::Entity::find()
            .filter(workstations::Column::NameKey.eq(name_key(name)))
            .filter(workstations::Column::State.ne(revoked))
            .one(&self.database)
            .await?;
        row.map(WorkstationRecord::from_row).transpose()
    }

    /// What people call a workstation now. What was issued before workstations had ids names them
    /// by their names.
    pub(crate) async fn workstation_name(
        &self,
        id: &WorkstationId,
    ) -> Result<WorkstationName, StoreError> {
        let record = self.workstation(&id.0).await?;
        Ok(record.map_or_else(|| WorkstationName(id.0.clone()), |record| record.name))
    }
}

impl Transaction {
    /// Makes a workstation. [`StoreError::Taken`] when another one has the name.
    pub(crate) async fn insert_workstation(
        &self,
        id: &WorkstationId,
        name: &WorkstationName,
        now: i64,
    ) -> Result<(), StoreError> {
        let row = workstations::ActiveModel {
            id: Set(id.0.clone()),
            name: Set(name.0.clone()),
            name_key: Set(name_key(name)),
            version: Set(1),
            state: Set(state_name(WorkstationState::Invited).to_owned()),
            helper_version: Set(None),
            protocol: Set(None),
            added_at: Set(now),
            enrolled_at: Set(None),
            used_at: Set(None),
        };
        workstations::Entity::insert(row).exec_without_returning(&self.database).await?;
        Ok(())
    }

    /// Gives a workstation another name. [`StoreError::Taken`] when another one has it.
    pub(crate) async fn rename_workstation(
        &self,
        id: &WorkstationId,
        name: &WorkstationName,
    ) -> Result<(), StoreError> {
        workstations::Entity::update_many()
            .col_expr(workstations::Column::Name, Expr::value(name.0.as_str()))
            .col_expr(workstations::Column::NameKey, Expr::value(name_key(name)))
            .col_expr(workstations::Column::Version, Expr::col("version").add(1))
            .filter(workstations::Column::Id.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Takes down that a helper was enrolled.
    pub(crate) async fn mark_enrolled(
        &self,
        id: &WorkstationId,
        says: HelperSays<'_>,
        now: i64,
    ) -> Result<(), StoreError> {
        let enrolled = state_name(WorkstationState::Enrolled);
        // Wire versions are small numbers.
        let protocol = i32::try_from(says.protocol).unwrap_or(i32::MAX);
        workstations::Entity::update_many()
            .col_expr(workstations::Column::State, Expr::value(enrolled))
            .col_expr(workstations::Column::HelperVersion, Expr::value(says.version))
            .col_expr(workstations::Column::Protocol, Expr::value(protocol))
            .col_expr(workstations::Column::EnrolledAt, Expr::value(now))
            .col_expr(workstations::Column::Version, Expr::col("version").add(1))
            .filter(workstations::Column::Id.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Takes down that a workstation is revoked: it alone; its keys and its code are the caller's.
    pub(crate) async fn mark_revoked(&self, id: &WorkstationId) -> Result<(), StoreError> {
        let revoked = state_name(WorkstationState::Revoked);
        workstations::Entity::update_many()
            .col_expr(workstations::Column::State, Expr::value(revoked))
            .col_expr(workstations::Column::Version, Expr::col("version").add(1))
            .filter(workstations::Column::Id.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Remembers that a workstation was used.
    pub(crate) async fn touch_workstation(
        &self,
        id: &WorkstationId,
        now: i64,
    ) -> Result<(), StoreError> {
        workstations::Entity::update_many()
            .col_expr(workstations::Column::UsedAt, Expr::value(now))
            .filter(workstations::Column::Id.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
