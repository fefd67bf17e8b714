use super::migration::{plain, refers};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, boolean, small_integer, string, text,
};

/// What makes chip and registry agree again after anything was lost: adopted generations, the
/// ledger of tries, keys that jobs told of, permission to erase, outcomes of unknown jobs.
pub(super) struct TheAgreement;

impl MigrationName for TheAgreement {
    fn name(&self) -> &str {
        "m0003_the_agreement"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TheAgreement {
    /// All or nothing: a registry that is killed in between begins again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let mut alter = Table::alter().table(table).add_column(column).take();
            manager.alter_table(alter.take()).await?;
        }
        for mut table in tables() {
            manager.create_table(table.take()).await?;
        }
        manager.create_index(plain("jobs_by_generation", "jobs", "generation_id")).await?;
        manager.create_index(plain("generations_by_chip", "generations", "chip_id")).await
    }
}

/// New columns, with what is true of the rows of before.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        // Whether operators may erase a chip that has values of somebody else.
        ("templates", boolean("allow_erase").default(false).take()),
        // The chip named a card id that no row knew: its PIN may be one that nobody knows.
        ("generations", boolean("adopted").default(false).take()),
        // Who asked for the job; empty for jobs of before.
        ("jobs", string("account").default("").take()),
        // Tries that the job may spend. Those of before could spend two of each.
        ("jobs", small_integer("pin_reserved").default(2).take()),
        ("jobs", small_integer("puk_reserved").default(2).take()),
        // Which of two PUKs the job presents first.
        ("jobs", string("puk_first").default("wanted").take()),
        // The job may erase the chip.
        ("jobs", boolean("erase").default(false).take()),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        // Public keys that are on a chip by what the jobs of a generation told.
        Table::create()
            .table("recorded_keys")
            .col(big_integer("generation_id"))
            .col(binary("reference"))
            .col(string("algorithm"))
            .col(binary("public_key"))
            // The number of the job that told it: an older one does not replace it.
            .col(big_integer("job_id"))
            .primary_key(Index::create().col("generation_id").col("reference"))
            .foreign_key(&mut refers("recorded_keys", "generation_id", "generations"))
            .foreign_key(&mut refers("recorded_keys", "job_id", "jobs"))
            .take(),
        // What helpers signed and no job was waiting for: each statement once, by its SHA-256.
        Table::create()
            .table("stray_outcomes")
            .col(big_pk_auto("id"))
            .col(binary("hash").unique_key())
            .col(string("workstation"))
            .col(text("statement"))
            .col(binary("signature"))
            .col(big_integer_null("card_id"))
            .col(big_integer("at"))
            .foreign_key(&mut refers("stray_outcomes", "card_id", "cards"))
            .take(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::migration::Migrator;
    use crate::actions::past_jobs::{End, past_jobs};
    use cardwright_protocol::outcome::{Proved, TriesSpent};
    use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
    use sea_orm_migration::MigratorTrait as _;

    /// Rows that the first version wrote.
    const ROWS: [&str; 7] = [
        "INSERT INTO templates VALUES (1, 'temporary-card', 'Temporary card', 'piv', 14, 1, 3)",
        "INSERT INTO cards VALUES (1, 1, 'TC-1', 'tc-1', 'produced', 1, NULL, NULL, NULL,
         '2032-11-01', NULL, NULL, NULL, NULL, 2)",
        "INSERT INTO chips VALUES (1, 1, x'01', NULL, NULL, NULL, NULL, NULL, NULL, x'02', 7)",
        "INSERT INTO generations VALUES (1, 1, x'03', x'04', x'05', 'pending', 7)",
        "INSERT INTO processes VALUES ('p', 1, 'TempCardsAddonExtProdInitialize', 'encoding',
         'operator', NULL, NULL, 7, NULL)",
        "INSERT INTO jobs VALUES (1, 'j', 'p', 'desk-1', 1, x'06', x'07', x'08', '20321101',
         'open', NULL, NULL, NULL, NULL, 7)",
        // As its helper signed it.
        r#"INSERT INTO jobs VALUES (2, 'k', 'p', 'desk-1', 1, x'07', x'07', x'08', '20321101',
         'failed', '{"job":"k","process":"p","workstation":"desk-1","card":"TC-1","phase":"puk",
         "cause":{"cause":"card-removed"},"condition":"unknown","tries_spent":{"pin":0,"puk":1}}',
         x'09', x'0A', 8, 7)"#,
    ];

    #[tokio::test]
    async fn a_database_of_before_is_brought_up_to_date() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, Some(1)).await.unwrap();
        for row in ROWS {
            database.execute_unprepared(row).await.unwrap();
        }
        Migrator::up(&database, None).await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        let sql = "SELECT allow_erase || adopted || account || pin_reserved || puk_reserved ||
                   puk_first || erase AS now FROM templates, generations, jobs";
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let row = database.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "now").unwrap(), "0022wanted0");

        let snapshot =
            Store { database, in_use: None, recorded: Default::default() }.read().await.unwrap();
        let jobs = past_jobs(snapshot.jobs_of_chip(1).await.unwrap()).unwrap();
        let [open, failed] = &jobs[..] else { panic!("two jobs") };
        assert!(matches!(open.end, End::Unknown));
        let End::Failure(failure) = &failed.end else { panic!("a failure") };
        assert_eq!(failure.tries_spent, TriesSpent { pin: 0, puk: 1 });
        assert_eq!((failure.proved, failure.keys.len()), (Proved::default(), 0));
    }
}
