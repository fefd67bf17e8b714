use super::EventKind;
use super::migration::{plain, refers};
use crate::audit::{Chained, before_the_first};
use crate::clock::{Clock as _, SystemClock, timestamp};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::audit::AuditEvent;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement, Value};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, string, string_null, text,
};

/// Makes the audit events a chain, those that exist first, as they are found.
pub(super) struct AuditChain;

/// How many events are read at a time.
const PAGE: usize = 1000;

impl MigrationName for AuditChain {
    fn name(&self) -> &str {
        "m0006_audit_chain"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AuditChain {
    /// All or nothing: a registry that is killed in between begins again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut rename = Table::rename().table("audit_events", "unchained_events").take();
        manager.rename_table(rename.take()).await?;
        manager.create_table(events()).await?;
        let chained = chain(manager).await?;
        manager.drop_table(Table::drop().table("unchained_events").take()).await?;
        // Each ends with the row's place, so that what is found is in order.
        for (index, column) in [
            ("audit_events_by_card", "card_id"),
            ("audit_events_by_time", "at"),
            ("audit_events_by_account", "by"),
            ("audit_events_by_kind", "kind"),
        ] {
            manager.create_index(plain(index, "audit_events", column)).await?;
        }
        if manager.get_database_backend() == DbBackend::Sqlite {
            for trigger in TRIGGERS {
                manager.get_connection().execute_unprepared(trigger).await?;
            }
        }
        tracing::debug!(chained, "the audit log is a chain");
        Ok(())
    }
}

/// Against mistakes; who means to change the log is found by its hashes.
const TRIGGERS: [&str; 2] = [
    "CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
     BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END",
    "CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
     BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END",
];

fn events() -> TableCreateStatement {
    Table::create()
        .table("audit_events")
        // Given by the registry: from 1, without gaps.
        .col(big_pk_auto("seq"))
        .col(big_integer("at"))
        .col(string("by"))
        .col(string("kind"))
        .col(big_integer_null("card_id"))
        .col(string_null("process_id"))
        .col(text("what"))
        .col(string_null("state"))
        // Hash of the event before, and of this one: 32 bytes each.
        .col(binary("previous"))
        .col(binary("hash"))
        .foreign_key(&mut refers("audit_events", "card_id", "cards"))
        .take()
}

/// Chains the events that there are, and says so in one more; how many there were.
async fn chain(manager: &SchemaManager<'_>) -> Result<u64, DbErr> {
    let (mut seq, mut hash) = (0, before_the_first());
    let mut last_id = i64::MIN;
    loop {
        let sql = format!(
            "SELECT e.id, e.at, e.\"by\", e.kind, e.card_id, e.process_id, e.what, e.state, c.number
             FROM unchained_events e LEFT JOIN cards c ON c.id = e.card_id
             WHERE e.id > {last_id} ORDER BY e.id LIMIT {PAGE}"
        );
        let rows = manager
            .get_connection()
            .query_all_raw(Statement::from_string(manager.get_database_backend(), sql));
        let rows = rows.await?;
        for row in &rows {
            last_id = row.try_get("", "id")?;
            seq += 1;
            hash = insert(manager, row, seq, hash).await?;
        }
        if rows.len() < PAGE {
            break;
        }
    }
    if seq > 0 {
        let what = format!("Chain of the audit log begun; {seq} events of before as they were");
        insert_chain_begun(manager, seq + 1, hash, what).await?;
    }
    Ok(seq)
}

/// Writes an event of before into its place, and gives its hash.
async fn insert(
    manager: &SchemaManager<'_>,
    row: &QueryResult,
    seq: u64,
    previous: HexBytes,
) -> Result<HexBytes, DbErr> {
    let at: i64 = row.try_get("", "at")?;
    let number: Option<String> = row.try_get("", "number")?;
    let process: Option<String> = row.try_get("", "process_id")?;
    let event = AuditEvent {
        seq,
        at: timestamp(at),
        by: row.try_get("", "by")?,
        kind: row.try_get("", "kind")?,
        card: number.as_deref().map(Into::into),
        process: process.as_deref().map(Into::into),
        what: row.try_get("", "what")?,
        state: row.try_get("", "state")?,
        hash: Vec::new().into(),
    };
    write(manager, at, row.try_get("", "card_id")?, Chained::after(previous, event)).await
}

async fn insert_chain_begun(
    manager: &SchemaManager<'_>,
    seq: u64,
    previous: HexBytes,
    what: String,
) -> Result<HexBytes, DbErr> {
    let at = SystemClock.now();
    let event = AuditEvent {
        seq,
        at: timestamp(at),
        by: "registry".to_owned(),
        kind: EventKind::ChainBegun.name().to_owned(),
        card: None,
        process: None,
        what,
        state: None,
        hash: Vec::new().into(),
    };
    write(manager, at, None, Chained::after(previous, event)).await
}

async fn write(
    manager: &SchemaManager<'_>,
    at: i64,
    card: Option<i64>,
    chained: Chained,
) -> Result<HexBytes, DbErr> {
    let AuditEvent { seq, by, kind, process, what, state, hash, at: _, card: _ } = chained.event;
    let seq: Value = <i64 as TryFrom<u64>>::try_from(seq)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .into();
    let process = process.map(|process| process.0);
    let mut insert = Query::insert();
    insert
        .into_table("audit_events")
        .columns([
            "seq",
            "at",
            "by",
            "kind",
            "card_id",
            "process_id",
            "what",
            "state",
            "previous",
            "hash",
        ])
        .values_panic([
            seq.into(),
            at.into(),
            by.into(),
            kind.into(),
            card.into(),
            process.into(),
            what.into(),
            state.into(),
            chained.previous.0.into(),
            hash.0.clone().into(),
        ]);
    manager.execute(insert.take()).await?;
    Ok(hash)
}
