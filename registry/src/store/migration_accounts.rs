use super::migration::{plain, refers};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, integer, string, text};

/// Sessions that are keys, what admins change of accounts, and the tries of those who log in.
pub(super) struct Accounts;

impl MigrationName for Accounts {
    fn name(&self) -> &str {
        "m0005_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Accounts {
    /// All or nothing: a registry that is killed in between begins again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Those of before named no key: whoever had one logs in again.
        manager.drop_table(Table::drop().table("sessions").take()).await?;
        for mut table in tables() {
            manager.create_table(table.take()).await?;
        }
        for column in columns() {
            let mut alter = Table::alter().table("accounts").add_column(column).take();
            manager.alter_table(alter.take()).await?;
        }
        manager.create_index(plain("sessions_by_account", "sessions", "account_id")).await?;
        manager.create_index(plain("login_tries_by_time", "login_tries", "tried_at")).await
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("sessions")
            // The public key that proves each request, as 64 upper-case hexadecimal digits.
            .col(string("key").primary_key())
            .col(big_integer("account_id"))
            .col(big_integer("created_at"))
            .col(big_integer("used_at"))
            .foreign_key(&mut refers("sessions", "account_id", "accounts"))
            .take(),
        // Failed logins in a row, by account, unknown name and address. Rows are forgotten with
        // time, and their number is bounded.
        Table::create()
            .table("login_tries")
            .col(string("kind"))
            .col(string("subject"))
            .col(integer("failures"))
            .col(big_integer("tried_at"))
            .col(big_integer("blocked_until"))
            .primary_key(Index::create().col("kind").col("subject"))
            .take(),
    ]
}

/// New columns of accounts, with what is true of those of before.
fn columns() -> Vec<ColumnDef> {
    vec![
        big_integer("version").default(1).take(),
        // Permissions beyond the role: their words, separated by spaces.
        text("granted").default("").take(),
        boolean("disabled").default(false).take(),
        boolean("must_change_password").default(false).take(),
        big_integer_null("logged_in_at").take(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::super::migration::Migrator;
    use sea_orm::{ConnectionTrait as _, Database};
    use sea_orm_migration::MigratorTrait as _;

    #[tokio::test]
    async fn accounts_of_before_go_on_and_their_sessions_end() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&database, Some(3)).await.unwrap();
        for row in [
            "INSERT INTO accounts VALUES (1, 'operator', 'operator', '$argon2id$', 7)",
            "INSERT INTO sessions VALUES ('00', 1, 7, 7)",
        ] {
            database.execute_unprepared(row).await.unwrap();
        }
        Migrator::up(&database, None).await.unwrap();
        let snapshot =
            Store { database, in_use: None, recorded: Default::default() }.read().await.unwrap();
        let account = snapshot.account("operator").await.unwrap().unwrap();
        assert_eq!((account.version, account.granted.len(), account.disabled), (1, 0, false));
        assert_eq!((account.must_change_password, account.logged_in_at), (false, None));
        assert!(snapshot.session("00", 0, 0).await.unwrap().is_none());
    }
}
