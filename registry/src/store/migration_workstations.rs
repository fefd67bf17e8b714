use super::migration::{plain, refers};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, boolean, integer, integer_null, string,
    string_null, string_uniq, text_null,
};

/// Helpers enroll themselves: workstations, their keys, the one-time codes, and the counters that
/// bound what strangers can cause.
pub(super) struct Workstations;

impl MigrationName for Workstations {
    fn name(&self) -> &str {
        "m0004_workstations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Workstations {
    /// All or nothing: a registry that is killed in between begins again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in tables() {
            manager.create_table(table.take()).await?;
        }
        for mut index in indexes() {
            manager.create_index(index.take()).await?;
        }
        for column in columns_of_jobs() {
            let mut alter = Table::alter().table("jobs").add_column(column).take();
            manager.alter_table(alter.take()).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("workstations")
            // Random, for ever: what helpers sign names it.
            .col(string("id").primary_key())
            // What people call it, and the same in lower case.
            .col(string("name"))
            .col(string("name_key"))
            .col(big_integer("version"))
            .col(string("state"))
            // As its helper said when it was enrolled.
            .col(string_null("helper_version"))
            .col(integer_null("protocol"))
            .col(big_integer("added_at"))
            .col(big_integer_null("enrolled_at"))
            .col(big_integer_null("used_at"))
            .take(),
        // All keys that a workstation ever had: late outcomes are signed with older ones.
        Table::create()
            .table("workstation_keys")
            .col(big_pk_auto("id"))
            .col(string("workstation_id"))
            .col(binary("signing_key").unique_key())
            .col(binary("sealing_key"))
            .col(string("state"))
            .col(big_integer("enrolled_at"))
            .foreign_key(&mut refers("workstation_keys", "workstation_id", "workstations"))
            .take(),
        // One-time codes that can be used, or were used within the time that they were good for.
        Table::create()
            .table("invitations")
            .col(string("name").primary_key())
            .col(string_uniq("workstation_id"))
            // What both sides prove with, in clear. Encrypted it would be no safer: whoever reads
            // the database can use it only within these 15 minutes and before the helper does, and
            // whoever writes there can enroll what they like. The code does not follow from it.
            .col(binary("enrolment_key"))
            .col(big_integer("made_at"))
            .col(integer("wrong_proofs"))
            // Once it was used: by which statement, and what was answered to it.
            .col(text_null("statement"))
            .col(text_null("answer"))
            .foreign_key(&mut refers("invitations", "workstation_id", "workstations"))
            .take(),
        // How often something happened since a moment.
        Table::create()
            .table("counters")
            .col(string("scope").primary_key())
            .col(big_integer("since"))
            .col(big_integer("count"))
            .take(),
        // What helpers refused and said so: each once, by its SHA-256.
        Table::create()
            .table("helper_refusals")
            .col(binary("refused_hash").primary_key())
            .col(string("workstation_id"))
            .col(big_integer("at"))
            .foreign_key(&mut refers("helper_refusals", "workstation_id", "workstations"))
            .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // A revoked workstation leaves its name to the one that takes its place.
        Index::create()
            .name("one_workstation_of_a_name")
            .table("workstations")
            .col("name_key")
            .unique()
            .and_where(Expr::col("state").is_in(["invited", "enrolled"]))
            .take(),
        // Jobs are sealed to one key.
        Index::create()
            .name("one_current_key_per_workstation")
            .table("workstation_keys")
            .col("workstation_id")
            .unique()
            .and_where(Expr::col("state").eq("current"))
            .take(),
        plain("keys_by_workstation", "workstation_keys", "workstation_id"),
    ]
}

fn columns_of_jobs() -> Vec<ColumnDef> {
    vec![
        // The keys that the job is sealed to; none for jobs of before.
        big_integer_null("workstation_key").take(),
        // Its end was told by a key that was no longer current: no card moves by it.
        boolean("doubted").default(false).take(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::migration::Migrator;
    use sea_orm::{ConnectionTrait as _, Database};
    use sea_orm_migration::MigratorTrait as _;

    #[tokio::test]
    async fn jobs_of_before_keep_the_name_of_their_workstation() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, Some(3)).await.unwrap();
        for row in [
            "INSERT INTO templates (id, name, title, profile, validity_days, confirm_number,
             version) VALUES (1, 'temporary-card', 'Temporary card', 'piv', 14, 1, 3)",
            "INSERT INTO cards VALUES (1, 1, 'TC-1', 'tc-1', 'produced', 1, NULL, NULL, NULL,
             '2032-11-01', NULL, NULL, NULL, NULL, 2)",
            "INSERT INTO chips VALUES (1, 1, x'01', NULL, NULL, NULL, NULL, NULL, NULL, x'02', 7)",
            "INSERT INTO generations (id, chip_id, card_id, pin_nonce, pin_ciphertext, state,
             issued_at) VALUES (1, 1, x'03', x'04', x'05', 'pending', 7)",
            "INSERT INTO processes VALUES ('p', 1, 'TempCardsAddonExtProdInitialize', 'encoding',
             'operator', NULL, NULL, 7, NULL)",
            "INSERT INTO jobs (id, name, process_id, workstation, generation_id, helper_nonce,
             profile_hash, fasc_n, expires_on, state, issued_at) VALUES (1, 'j', 'p', 'desk-1', 1,
             x'06', x'07', x'08', '20321101', 'open', 7)",
        ] {
            database.execute_unprepared(row).await.unwrap();
        }
        Migrator::up(&database, None).await.unwrap();
        let snapshot = Store { database, in_use: None }.read().await.unwrap();
        let jobs = snapshot.jobs_of_chip(1).await.unwrap();
        assert_eq!((jobs[0].workstation_key, jobs[0].doubted), (None, false));
        let name = snapshot.workstation_name(&jobs[0].workstation).await.unwrap();
        assert_eq!(name, "desk-1".into());
    }
}
