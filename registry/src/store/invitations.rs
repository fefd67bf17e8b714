use super::entities::invitations;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::ids::WorkstationId;
use cardwright_seal::{EnrolmentCode, EnrolmentKey, Secret};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr,
};

/// For how long a one-time code is good, in seconds.
pub(crate) const CODE_LIFETIME: i64 = 15 * 60;

/// What is kept of a one-time code.
#[derive(Debug, Clone)]
pub(crate) struct InvitationRecord {
    /// The part of the code that is no secret.
    pub(crate) name: String,
    pub(crate) workstation: WorkstationId,
    pub(crate) key: EnrolmentKey,
    /// In seconds since 1970.
    pub(crate) made_at: i64,
    /// How often somebody failed to prove the code.
    pub(crate) wrong_proofs: i32,
    /// The statement that used it, and what was answered.
    pub(crate) used: Option<(String, String)>,
}

impl InvitationRecord {
    /// Whether it is not too old. A clock that was set back a little ends nothing.
    pub(crate) fn is_fresh(&self, now: i64) -> bool {
        now.abs_diff(self.made_at) < CODE_LIFETIME.unsigned_abs()
    }

    fn from_row(row: invitations::Model) -> Self {
        Self {
            name: row.name,
            workstation: WorkstationId(row.workstation_id),
            key: EnrolmentKey::from_secret(Secret::new(row.enrolment_key)),
            made_at: row.made_at,
            wrong_proofs: row.wrong_proofs,
            used: row.statement.zip(row.answer),
        }
    }
}

impl Snapshot {
    /// The invitation of this name, however old it is.
    pub(crate) async fn invitation(
        &self,
        name: &str,
    ) -> Result<Option<InvitationRecord>, StoreError> {
        let row = invitations::Entity::find_by_id(name).one(&self.database).await?;
        Ok(row.map(InvitationRecord::from_row))
    }

    /// The invitations that were not used, however old they are.
    pub(crate) async fn unused_invitations(&self) -> Result<Vec<InvitationRecord>, StoreError> {
        let unused = invitations::Entity::find().filter(invitations::Column::Statement.is_null());
        let rows = unused.all(&self.database).await?;
        Ok(rows.into_iter().map(InvitationRecord::from_row).collect())
    }
}

impl Transaction {
    /// Makes a code that can be used for a workstation, in the place of the one that it had. Codes
    /// that are too old are forgotten.
    pub(crate) async fn make_invitation(
        &self,
        id: &WorkstationId,
        now: i64,
    ) -> Result<EnrolmentCode, StoreError> {
        self.end_invitation(id).await?;
        invitations::Entity::delete_many()
            .filter(invitations::Column::MadeAt.lte(now.saturating_sub(CODE_LIFETIME)))
            .exec(&self.database)
            .await?;
        let mut code = EnrolmentCode::generate();
        // Of a million names few are in use at a time.
        while self.invitation(&code.invitation()).await?.is_some() {
            code = EnrolmentCode::generate();
        }
        let row = invitations::ActiveModel {
            name: Set(code.invitation()),
            workstation_id: Set(id.0.clone()),
            enrolment_key: Set(code.key().to_secret().expose().to_vec()),
            made_at: Set(now),
            wrong_proofs: Set(0),
            statement: Set(None),
            answer: Set(None),
        };
        invitations::Entity::insert(row).exec_without_returning(&self.database).await?;
        Ok(code)
    }

    /// The workstation has no code any more.
    pub(crate) async fn end_invitation(&self, id: &WorkstationId) -> Result<(), StoreError> {
        invitations::Entity::delete_many()
            .filter(invitations::Column::WorkstationId.eq(&id.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Nobody has a code any more.
    pub(crate) async fn end_all_invitations(&self) -> Result<(), StoreError> {
        invitations::Entity::delete_many().exec(&self.database).await?;
        Ok(())
    }

    /// Remembers how often somebody failed to prove a code.
    pub(crate) async fn set_wrong_proofs(&self, name: &str, count: i32) -> Result<(), StoreError> {
        invitations::Entity::update_many()
            .col_expr(invitations::Column::WrongProofs, Expr::value(count))
            .filter(invitations::Column::Name.eq(name))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// The code was used: only the same statement gets the same answer again.
    pub(crate) async fn use_invitation(
        &self,
        name: &str,
        statement: &str,
        answer: &str,
    ) -> Result<(), StoreError> {
        invitations::Entity::update_many()
            .col_expr(invitations::Column::Statement, Expr::value(statement))
            .col_expr(invitations::Column::Answer, Expr::value(answer))
            .filter(invitations::Column::Name.eq(name))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
