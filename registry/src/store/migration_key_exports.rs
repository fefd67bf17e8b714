use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

/// Which root keys were exported, by their fingerprints, and when the last time was.
pub(super) struct KeyExports;

impl MigrationName for KeyExports {
    fn name(&self) -> &str {
        "m0002_key_exports"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeyExports {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("key_exports")
            .col(string("fingerprint").primary_key())
            .col(big_integer("exported_at"))
            .take();
        manager.create_table(table.take()).await
    }
}
