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

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::migration::Migrator;
    use crate::key_name::KeyName;
    use sea_orm::{ConnectionTrait as _, Database};
    use sea_orm_migration::MigratorTrait as _;

    #[tokio::test]
    async fn the_keys_of_a_database_of_before_are_known_by_their_files() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, Some(2)).await.unwrap();
        for row in [
            "INSERT INTO keys VALUES ('root', 'one'), ('signing', 'two')",
            "INSERT INTO key_exports VALUES ('one', 7)",
        ] {
            database.execute_unprepared(row).await.unwrap();
        }
        Migrator::up(&database, None).await.unwrap();
        let snapshot =
            Store { database, in_use: None, recorded: Default::default() }.read().await.unwrap();
        let known = snapshot.key_fingerprints().await.unwrap().into_iter().collect::<Vec<_>>();
        let expected = [(KeyName::Root(1), "one".to_owned()), (KeyName::Signing, "two".to_owned())];
        assert_eq!(known, expected);
        assert!(snapshot.is_every_root_key_exported().await.unwrap());
        assert_eq!(snapshot.chips_by_root_key().await.unwrap().into_iter().next(), Some((1, 0)));
    }
}
