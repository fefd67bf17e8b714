//! What a test does to a registry's database while the registry runs, behind its back.

use crate::world::TestRegistry;
use cardwright_protocol::domain::Permission;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

impl TestRegistry {
    /// Grants an account these permissions and no others.
    pub(crate) async fn grant(&self, account: &str, permissions: &[Permission]) {
        let words: Vec<_> = permissions.iter().map(|permission| permission.name()).collect();
        let (sql, words) = ("UPDATE accounts SET granted = ? WHERE name = ?", words.join(" "));
        let values = [words.into(), account.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let database = self.database().await;
        database.execute_raw(statement).await.unwrap();
        database.close().await.unwrap();
    }

    /// What the audit events say of versions of the root key.
    pub(crate) async fn root_key_events(&self) -> Vec<String> {
        let sql = "SELECT what FROM audit_events WHERE kind = 'registry.root-key-added'";
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        let database = self.database().await;
        let rows = database.query_all_raw(statement).await.unwrap();
        database.close().await.unwrap();
        rows.iter().map(|row| row.try_get("", "what").unwrap()).collect()
    }

    async fn database(&self) -> DatabaseConnection {
        let file = self.folder.path().join("registry.sqlite");
        Database::connect(format!("sqlite://{}", file.display())).await.unwrap()
    }
}
