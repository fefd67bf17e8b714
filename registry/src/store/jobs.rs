use super::entities::jobs;
use super::{Snapshot, StoreError, Transaction};
use cardwright_protocol::ids::{JobId, ProcessId, WorkstationId};
use cardwright_seal::{PukFirst, TriesAllowed};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{Expr, ExprTrait as _, Query},
};

/// What is known of a job's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    /// Issued; its outcome is not known, and it is what its process waits for.
    Open,
    /// Issued; its outcome is not known, and its process no longer waits for it.
    Superseded,
    /// Issued; its helper said that it never began, and never will.
    NeverBegan,
    /// A receipt was taken.
    Finished,
    /// A failure was taken.
    Failed,
}

impl JobState {
    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Superseded => "superseded",
            Self::NeverBegan => "never-began",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Superseded, Self::NeverBegan, Self::Finished, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobRecord {
    /// Newer jobs have greater numbers.
    pub(crate) id: i64,
    pub(crate) job: JobId,
    pub(crate) process: ProcessId,
    pub(crate) workstation: WorkstationId,
    /// Key of the keying that it is for.
    pub(crate) generation: i64,
    pub(crate) profile_hash: Vec<u8>,
    pub(crate) fasc_n: Vec<u8>,
    /// `YYYYMMDD`, as it goes into the CHUID.
    pub(crate) expires_on: String,
    pub(crate) state: JobState,
    /// In seconds since 1970.
    pub(crate) issued_at: i64,
    /// The statement as the helper signed it.
    pub(crate) outcome: Option<String>,
    pub(crate) outcome_hash: Option<Vec<u8>>,
    pub(crate) outcome_at: Option<i64>,
    /// Who asked for it; empty where that was not recorded.
    pub(crate) account: String,
    /// What it may spend.
    pub(crate) reserved: TriesAllowed,
    pub(crate) puk_first: PukFirst,
    /// It may erase the chip.
    pub(crate) erase: bool,
    /// Row of the keys that it is sealed to; none for jobs of before workstations had ids.
    pub(crate) workstation_key: Option<i64>,
    /// Its end was told by a key that was no longer current.
    pub(crate) doubted: bool,
}

/// A job to be made, open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewJob {
    pub(crate) job: JobId,
    pub(crate) process: ProcessId,
    pub(crate) workstation: WorkstationId,
    pub(crate) workstation_key: i64,
    pub(crate) generation: i64,
    pub(crate) helper_nonce: Vec<u8>,
    pub(crate) profile_hash: Vec<u8>,
    pub(crate) fasc_n: Vec<u8>,
    pub(crate) expires_on: String,
    pub(crate) account: String,
    pub(crate) reserved: TriesAllowed,
    pub(crate) puk_first: PukFirst,
    pub(crate) erase: bool,
}

/// The end of a job, as a helper signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SettledJob<'a> {
    pub(crate) state: JobState,
    pub(crate) statement: &'a str,
    /// SHA-256 of the statement.
    pub(crate) hash: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) at: i64,
    /// The key that signed it is no longer current.
    pub(crate) doubted: bool,
}

impl JobRecord {
    /// Whether nobody knows how it ended.
    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self.state, JobState::Open | JobState::Superseded)
    }

    fn from_row(row: jobs::Model) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable("jobs");
        let tries = |reserved: i16| u8::try_from(reserved).map_err(|_| unreadable());
        Ok(Self {
            id: row.id,
            job: JobId(row.name),
            process: ProcessId(row.process_id),
            workstation: WorkstationId(row.workstation),
            generation: row.generation_id,
            profile_hash: row.profile_hash,
            fasc_n: row.fasc_n,
            expires_on: row.expires_on,
            state: JobState::from_name(&row.state).ok_or_else(unreadable)?,
            issued_at: row.issued_at,
            outcome: row.outcome,
            outcome_hash: row.outcome_hash,
            outcome_at: row.outcome_at,
            account: row.account,
            reserved: TriesAllowed { pin: tries(row.pin_reserved)?, puk: tries(row.puk_reserved)? },
            puk_first: puk_first(&row.puk_first).ok_or_else(unreadable)?,
            erase: row.erase,
            workstation_key: row.workstation_key,
            doubted: row.doubted,
        })
    }
}

fn puk_first_name(order: PukFirst) -> &'static str {
    match order {
        PukFirst::Wanted => "wanted",
        PukFirst::Before => "before",
    }
}

fn puk_first(name: &str) -> Option<PukFirst> {
    [PukFirst::Wanted, PukFirst::Before].into_iter().find(|order| puk_first_name(*order) == name)
}

impl Snapshot {
    /// The job of this name.
    pub(crate) async fn job(&self, job: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let row =
            jobs::Entity::find().filter(jobs::Column::Name.eq(&job.0)).one(&self.database).await?;
        row.map(JobRecord::from_row).transpose()
    }

    /// The newest job of a process in a state.
    pub(crate) async fn last_job(
        &self,
        process: &ProcessId,
        state: JobState,
    ) -> Result<Option<JobRecord>, StoreError> {
        let row = jobs::Entity::find()
            .filter(jobs::Column::ProcessId.eq(&process.0))
            .filter(jobs::Column::State.eq(state.name()))
            .order_by_desc(jobs::Column::Id)
            .one(&self.database)
            .await?;
        row.map(JobRecord::from_row).transpose()
    }

    /// All jobs of all keyings of a chip, oldest first.
    pub(crate) async fn jobs_of_chip(&self, chip: i64) -> Result<Vec<JobRecord>, StoreError> {
        let keyings = Query::select()
            .column("id")
            .from("generations")
            .and_where(Expr::col("chip_id").eq(chip))
            .take();
        let rows = jobs::Entity::find()
            .filter(jobs::Column::GenerationId.in_subquery(keyings))
            .order_by_asc(jobs::Column::Id)
            .all(&self.database)
            .await?;
        rows.into_iter().map(JobRecord::from_row).collect()
    }
}

impl Transaction {
    /// Makes a job. [`StoreError::Taken`] when the helper's nonce had a job already.
    pub(crate) async fn insert_job(&self, new: NewJob, now: i64) -> Result<(), StoreError> {
        let row = jobs::ActiveModel {
            id: NotSet,
            name: Set(new.job.0),
            process_id: Set(new.process.0),
            workstation: Set(new.workstation.0),
            generation_id: Set(new.generation),
            helper_nonce: Set(new.helper_nonce),
            profile_hash: Set(new.profile_hash),
            fasc_n: Set(new.fasc_n),
            expires_on: Set(new.expires_on),
            state: Set(JobState::Open.name().to_owned()),
            outcome: Set(None),
            outcome_hash: Set(None),
            outcome_signature: Set(None),
            outcome_at: Set(None),
            issued_at: Set(now),
            account: Set(new.account),
            pin_reserved: Set(new.reserved.pin.into()),
            puk_reserved: Set(new.reserved.puk.into()),
            puk_first: Set(puk_first_name(new.puk_first).to_owned()),
            erase: Set(new.erase),
            workstation_key: Set(Some(new.workstation_key)),
            doubted: Set(false),
        };
        jobs::Entity::insert(row).exec(&self.database).await?;
        Ok(())
    }

    /// The process no longer waits for this job.
    pub(crate) async fn supersede_job(&self, job: &JobId) -> Result<(), StoreError> {
        self.change_job_state(job, JobState::Superseded).await
    }

    /// The job never began, and never will.
    pub(crate) async fn end_unbegun_job(&self, job: &JobId) -> Result<(), StoreError> {
        self.change_job_state(job, JobState::NeverBegan).await
    }

    async fn change_job_state(&self, job: &JobId, state: JobState) -> Result<(), StoreError> {
        jobs::Entity::update_many()
            .col_expr(jobs::Column::State, Expr::value(state.name()))
            .filter(jobs::Column::Name.eq(&job.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// Writes the outcome of a job.
    pub(crate) async fn settle_job(
        &self,
        job: &JobId,
        settled: SettledJob<'_>,
    ) -> Result<(), StoreError> {
        jobs::Entity::update_many()
            .col_expr(jobs::Column::State, Expr::value(settled.state.name()))
            .col_expr(jobs::Column::Outcome, Expr::value(settled.statement))
            .col_expr(jobs::Column::OutcomeHash, Expr::value(settled.hash.to_vec()))
            .col_expr(jobs::Column::OutcomeSignature, Expr::value(settled.signature.to_vec()))
            .col_expr(jobs::Column::OutcomeAt, Expr::value(settled.at))
            .col_expr(jobs::Column::Doubted, Expr::value(settled.doubted))
            .filter(jobs::Column::Name.eq(&job.0))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}
