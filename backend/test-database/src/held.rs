//! A lock that keeps the program under test waiting.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::{Database, Engine};

/// What others wait for until it is released.
pub enum Held {
    /// The one place of whoever writes.
    Sqlite(SqliteConnection),
    /// A table, for reading as well.
    Postgres(PgConnection),
}

impl Database {
    /// Keeps everybody from writing, and on PostgreSQL from reading `table` as well. Fails if somebody
    /// has left a transaction open that wrote there.
    pub async fn hold(&self, table: &str) -> Held {
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                let lock = sqlx::raw_sql("BEGIN IMMEDIATE");
                lock.execute(&mut connection).await.unwrap();
                Held::Sqlite(connection)
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let lock = format!(
                    "SET lock_timeout = '5s'; BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
                );
                let lock = sqlx::raw_sql(AssertSqlSafe(lock));
                lock.execute(&mut connection).await.unwrap();
                Held::Postgres(connection)
            }
        }
    }
}

impl Held {
    /// Lets the others go on.
    pub async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}
