use super::migration::plain;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_pk_auto, string};

/// Versions of the root key, each known by the name of its file; and when secrets were revealed to
/// whom, which bounds how many.
pub(super) struct RootKeyVersions;

impl MigrationName for RootKeyVersions {
    fn name(&self) -> &str {
        "m0007_root_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RootKeyVersions {
    /// All or nothing: a registry that is killed in between begins again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (before, now) in [("root", "root-key"), ("signing", "signing-key")] {
            let mut named = Query::update()
                .table("keys")
                .value("name", now)
                .and_where(Expr::col("name").eq(before))
                .take();
            manager.execute(named.take()).await?;
        }
        let mut reveals = Table::create()
            .table("reveals")
            .col(big_pk_auto("id"))
            .col(string("account"))
            .col(big_integer("at"))
            .take();
        manager.create_table(reveals.take()).await?;
        manager.create_index(plain("reveals_by_account", "reveals", "account")).await
    }
}
