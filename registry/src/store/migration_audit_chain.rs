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

#[cfg(test)]
mod tests {
    use super::super::{Recorded, Store};
    use crate::audit::LogVerifier;
    use sea_orm::{ConnectionTrait as _, Database};
    use sea_orm_migration::{MigrationName as _, MigratorTrait as _};

    /// How many migrations came before this one.
    fn before() -> u32 {
        let migrations = super::super::migration::Migrator::migrations();
        let ours = super::AuditChain;
        let at = migrations.iter().position(|it| it.name() == ours.name()).unwrap();
        at.try_into().unwrap()
    }

    #[tokio::test]
    async fn events_of_before_are_chained_as_they_are() {
        use super::super::migration::Migrator;
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, Some(before())).await.unwrap();
        for sql in [
            "INSERT INTO templates (id, name, title, profile, validity_days, confirm_number, version)
             VALUES (1, 'temporary-card', 'Temporary card', 'piv', 14, 1, 3)",
            "INSERT INTO cards (id, template_id, number, number_key, state, interrupted, expires_on,
             version) VALUES (7, 1, 'TC-1', 'tc-1', 'produced', 0, '2032-11-01', 2)",
            "INSERT INTO audit_events (id, at, \"by\", kind, card_id, process_id, what, state) VALUES
             (3, 1795330800, 'operator', 'process.started', 7, 'p', 'Started', NULL),
             (9, 1795330801, 'operator', 'job.issued', NULL, NULL, 'Issued', 'produced')",
        ] {
            database.execute_unprepared(sql).await.unwrap();
        }
        Migrator::up(&database, None).await.unwrap();
        let store = Store { database, in_use: None, recorded: Recorded::default() };
        let snapshot = store.read().await.unwrap();
        let found = snapshot.events_as_found(None, 10).await.unwrap();
        let mut verifier = LogVerifier::new(Vec::new());
        let mut said = Vec::new();
        for found in found {
            let chained = found.event.unwrap();
            verifier.add(&chained);
            let event = chained.event;
            let card = event.card.map_or("-".to_owned(), |card| card.0);
            said.push(format!("{} {} {card} {}", event.seq, event.kind, event.what));
        }
        let begun = "Chain of the audit log begun; 2 events of before as they were";
        assert_eq!(
            said,
            [
                "1 process.started TC-1 Started".to_owned(),
                "2 job.issued - Issued".to_owned(),
                format!("3 audit.chain-begun - {begun}"),
            ]
        );
        assert_eq!(verifier.end().findings, []);
    }
}
