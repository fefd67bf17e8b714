//! What is in the files of a registry.

use crate::world::TestRegistry;
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};

impl TestRegistry {
    /// The audit events of kinds that begin so, in their order: who, and what.
    pub(crate) async fn events(&self, kind: &str) -> Vec<String> {
        let file = self.folder.path().join("registry.sqlite");
        let database = Database::connect(format!("sqlite:{}", file.display())).await.unwrap();
        let sql = r#"SELECT "by" || ': ' || what AS told FROM audit_events WHERE kind LIKE ? ORDER BY rowid"#;
        let values = [format!("{kind}%").into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let rows = database.query_all_raw(statement).await.unwrap();
        let told = rows.iter().map(|row| row.try_get("", "told").unwrap()).collect();
        database.close().await.unwrap();
        told
    }

    /// Whether the bytes are anywhere in the database's files, as they are or in hexadecimal.
    pub(crate) fn database_holds(&self, bytes: &[u8]) -> bool {
        let files = ["registry.sqlite", "registry.sqlite-wal"];
        let forms =
            [bytes.to_vec(), hex::encode(bytes).into_bytes(), hex::encode_upper(bytes).into()];
        files.iter().any(|file| {
            let content = std::fs::read(self.folder.path().join(file)).unwrap_or_default();
            forms.iter().any(|form| content.windows(form.len()).any(|window| window == form))
        })
    }
}
