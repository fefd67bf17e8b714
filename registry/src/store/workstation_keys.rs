use super::entities::workstation_keys;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_seal::{SealingKey, VerifyingKey};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};

/// What the signature of a key is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// The workstation's helper has it.
    Current,
    /// The workstation was enrolled anew since.
    Replaced,
    /// The workstation was revoked since.
    Revoked,
}

impl KeyState {
    fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Current, Self::Replaced, Self::Revoked].into_iter().find(|of| of.name() == name)
    }
}

/// The public keys of one enrolment.
#[derive(Debug, Clone)]
pub(crate) struct HelperKeyRecord {
    pub(crate) id: i64,
    pub(crate) signing_key: VerifyingKey,
    pub(crate) sealing_key: SealingKey,
    pub(crate) state: KeyState,
}

impl HelperKeyRecord {
    fn from_row(row: workstation_keys::Model) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("workstation_keys");
        let text = |key: Vec<u8>| HexBytes(key).to_string();
        Ok(Self {
            id: row.id,
            signing_key: text(row.signing_key).parse().map_err(|_| unreadable())?,
            sealing_key: text(row.sealing_key).parse().map_err(|_| unreadable())?,
            state: KeyState::from_name(&row.state).ok_or_else(unreadable)?,
        })
    }
}

impl Snapshot {
    /// All keys that a workstation ever had, the newest first.
    pub(crate) async fn keys_of_workstation(
        &self,
        id: &WorkstationId,
    ) -> Result<Vec<HelperKeyRecord>, StoreError> {
        let rows = workstation_keys::Entity::find()
            .filter(workstation_keys::Column::WorkstationId.eq(&id.0))
            .order_by_desc(workstation_keys::Column::Id)
            .all(&self.database)
            .await?;
        rows.into_iter().map(HelperKeyRecord::from_row).collect()
    }
}

impl Transaction {
    /// Makes these the current keys of a workstation; those of before are replaced.
    /// [`StoreError::Taken`] when another workstation has, or had, the signing key.
    pub(crate) async fn enrol_keys(
        &self,
        id: &WorkstationId,
        signing_key: &VerifyingKey,
        sealing_key: &SealingKey,
        now: i64,
    ) -> Result<(), StoreError> {
        self.end_keys(id, KeyState::Replaced).await?;
        // A helper that is enrolled again with the keys that it has.
        workstation_keys::Entity::update_many()
            .col_expr(workstation_keys::Column::State, Expr::value(KeyState::Current.name()))
            .filter(workstation_keys::Column::WorkstationId.eq(&id.0))
            .filter(workstation_keys::Column::SigningKey.eq(signing_key.to_bytes()))
            .filter(workstation_keys::Column::SealingKey.eq(sealing_key.to_bytes()))
            .exec(&self.database)
            .await?;
        let keys = self.keys_of_workstation(id).await?;
        if keys.iter().any(|key| key.state == KeyState::Current) {
            return Ok(());
        }
        let row = workstation_keys::ActiveModel {
            id: NotSet,
            workstation_id: Set(id.0.clone()),
            signing_key: Set(signing_key.to_bytes()),
            sealing_key: Set(sealing_key.to_bytes()),
            state: Set(KeyState::Current.name().to_owned()),
            enrolled_at: Set(now),
        };
        workstation_keys::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// What was signed with the keys of a workstation is worth less from now on.
    pub(crate) async fn end_keys(
        &self,
        id: &WorkstationId,
        state: KeyState,
    ) -> Result<(), StoreError> {
        workstation_keys::Entity::update_many()
            .col_expr(workstation_keys::Column::State, Expr::value(state.name()))
            .filter(workstation_keys::Column::WorkstationId.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
