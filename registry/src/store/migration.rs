//! The tables, made alike on SQLite and PostgreSQL.

use super::migration_accounts::Accounts;
use super::migration_audit_chain::AuditChain;
use super::migration_key_exports::KeyExports;
use super::migration_root_keys::RootKeyVersions;
use super::migration_the_agreement::TheAgreement;
use super::migration_workstations::Workstations;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, binary_null, boolean, integer, string,
    string_null, string_uniq, text, text_null,
};

/// All migrations, in their order.
pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(FirstTables),
            Box::new(KeyExports),
            Box::new(TheAgreement),
            Box::new(Workstations),
            Box::new(Accounts),
            Box::new(AuditChain),
            Box::new(RootKeyVersions),
        ]
    }
}

struct FirstTables;

impl MigrationName for FirstTables {
    fn name(&self) -> &str {
        "m0001_first_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FirstTables {
    /// All or nothing: a registry that is killed at its first start begins again.
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
        Ok(())
    }
}

/// Times are seconds since 1970 in UTC; days are text, `YYYY-MM-DD`; words are those of the wire.
fn tables() -> Vec<TableCreateStatement> {
    vec![
        // Which root key and signing key belong to this database, by their fingerprints.
        Table::create()
            .table("keys")
            .col(string("name").primary_key())
            .col(string("fingerprint"))
            .take(),
        Table::create()
            .table("accounts")
            .col(big_pk_auto("id"))
            .col(string_uniq("name"))
            .col(string("role"))
            .col(string("password_hash"))
            .col(big_integer("created_at"))
            .take(),
        // A token is known by its SHA-256 only.
        Table::create()
            .table("sessions")
            .col(string("token_hash").primary_key())
            .col(big_integer("account_id"))
            .col(big_integer("created_at"))
            .col(big_integer("used_at"))
            .foreign_key(&mut refers("sessions", "account_id", "accounts"))
            .take(),
        Table::create()
            .table("templates")
            .col(big_pk_auto("id"))
            .col(string_uniq("name"))
            .col(string("title"))
            .col(string("profile"))
            .col(integer("validity_days"))
            .col(boolean("confirm_number"))
            .col(big_integer("version"))
            .take(),
        // Enabled commands; what is not here is disabled.
        Table::create()
            .table("template_commands")
            .col(big_integer("template_id"))
            .col(string("state"))
            .col(string("command"))
            .col(integer("position"))
            .primary_key(Index::create().col("template_id").col("state").col("command"))
            .foreign_key(&mut refers("template_commands", "template_id", "templates"))
            .take(),
        // The columns ending with `_key` are what a search compares: no spaces, lower case.
        Table::create()
            .table("cards")
            .col(big_pk_auto("id"))
            .col(big_integer("template_id"))
            .col(string_uniq("number"))
            .col(string_uniq("number_key"))
            .col(string("state"))
            .col(boolean("interrupted"))
            .col(string_null("bureau_order"))
            .col(string_null("bureau_order_key"))
            .col(string_null("produced_on"))
            .col(string("expires_on"))
            // The chip that the bureau put into the card, where it said.
            .col(binary_null("expected_cplc").unique_key())
            .col(string_null("chip_name"))
            .col(string_null("chip_key"))
            .col(binary_null("guid"))
            .col(big_integer("version"))
            .foreign_key(&mut refers("cards", "template_id", "templates"))
            .take(),
        // One chip is bound to one card, one card to one chip.
        Table::create()
            .table("chips")
            .col(big_pk_auto("id"))
            .col(big_integer("card_id").unique_key())
            .col(binary_null("cplc").unique_key())
            .col(binary_null("iin"))
            .col(binary_null("cin"))
            // What it named itself before our ids were on it: a chip without immutable ids is
            // known by these until then.
            .col(binary_null("first_card_id"))
            .col(binary_null("first_guid"))
            .col(binary_null("serial"))
            .col(binary_null("atr"))
            .col(binary("guid").unique_key())
            .col(big_integer("bound_at"))
            .foreign_key(&mut refers("chips", "card_id", "cards"))
            .take(),
        // Each keying of a chip. Rows are never deleted: they open what they once keyed.
        Table::create()
            .table("generations")
            .col(big_pk_auto("id"))
            .col(big_integer("chip_id"))
            .col(binary("card_id").unique_key())
            .col(binary("pin_nonce"))
            .col(binary("pin_ciphertext"))
            .col(string("state"))
            .col(big_integer("issued_at"))
            .foreign_key(&mut refers("generations", "chip_id", "chips"))
            .take(),
        Table::create()
            .table("processes")
            .col(string("id").primary_key())
            .col(big_integer("card_id"))
            .col(string("command"))
            .col(string("state"))
            .col(string("account"))
            .col(text_null("reason"))
            // How the last job failed, as JSON of the wire's type.
            .col(text_null("failure"))
            .col(big_integer("started_at"))
            .col(big_integer_null("ended_at"))
            .foreign_key(&mut refers("processes", "card_id", "cards"))
            .take(),
        // Nonces that no job has used.
        Table::create()
            .table("nonces")
            .col(big_pk_auto("id"))
            .col(string("process_id"))
            .col(binary("nonce").unique_key())
            .foreign_key(&mut refers("nonces", "process_id", "processes"))
            .take(),
        Table::create()
            .table("jobs")
            // Newer jobs have greater numbers.
            .col(big_pk_auto("id"))
            .col(string_uniq("name"))
            .col(string("process_id"))
            .col(string("workstation"))
            .col(big_integer("generation_id"))
            .col(binary("helper_nonce"))
            .col(binary("profile_hash"))
            .col(binary("fasc_n"))
            .col(string("expires_on"))
            .col(string("state"))
            // The statement as the helper signed it, its SHA-256 and its signature.
            .col(text_null("outcome"))
            .col(binary_null("outcome_hash"))
            .col(binary_null("outcome_signature"))
            .col(big_integer_null("outcome_at"))
            .col(big_integer("issued_at"))
            .foreign_key(&mut refers("jobs", "process_id", "processes"))
            .foreign_key(&mut refers("jobs", "generation_id", "generations"))
            .take(),
        Table::create()
            .table("audit_events")
            .col(big_pk_auto("id"))
            .col(big_integer("at"))
            .col(string("by"))
            .col(string("kind"))
            .col(big_integer_null("card_id"))
            .col(string_null("process_id"))
            .col(text("what"))
            .col(string_null("state"))
            .foreign_key(&mut refers("audit_events", "card_id", "cards"))
            .take(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        // At most one open process per card: the database guarantees it.
        Index::create()
            .name("one_open_process_per_card")
            .table("processes")
            .col("card_id")
            .unique()
            .and_where(Expr::col("state").is_in(["started", "encoding"]))
            .take(),
        // At most one keying of a chip at a time has an unknown end.
        Index::create()
            .name("one_pending_generation_per_chip")
            .table("generations")
            .col("chip_id")
            .unique()
            .and_where(Expr::col("state").eq("pending"))
            .take(),
        // An issuer's chips share the IIN; the CIN is unique within it.
        unique("chips_by_image", "chips", ["iin", "cin"]),
        // A helper's nonce is good for one job.
        unique("jobs_by_helper_nonce", "jobs", ["workstation", "helper_nonce"]),
        plain("sessions_by_account", "sessions", "account_id"),
        plain("cards_by_state", "cards", "state"),
        plain("jobs_by_process", "jobs", "process_id"),
        plain("nonces_by_process", "nonces", "process_id"),
        plain("audit_events_by_card", "audit_events", "card_id"),
    ]
}

pub(super) fn refers(
    table: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("{table}_{column}")).from(table, column).to(to, "id").take()
}

fn unique(
    name: &'static str,
    table: &'static str,
    columns: [&'static str; 2],
) -> IndexCreateStatement {
    Index::create().name(name).table(table).col(columns[0]).col(columns[1]).unique().take()
}

pub(super) fn plain(
    name: &'static str,
    table: &'static str,
    column: &'static str,
) -> IndexCreateStatement {
    Index::create().name(name).table(table).col(column).take()
}
