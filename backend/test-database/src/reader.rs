//! A connection that reads on behind the program's back, for what is looked at again and again.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::{Database, Engine};

/// A kept connection to a test's database.
pub struct Reader(Kept);

enum Kept {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    /// Opens a connection to read with.
    pub async fn reader(&self) -> Reader {
        Reader(match self.engine {
            Engine::Sqlite => Kept::Sqlite(SqliteConnection::connect(&self.url).await.unwrap()),
            Engine::Postgres => Kept::Postgres(PgConnection::connect(&self.url).await.unwrap()),
        })
    }
}

impl Reader {
    /// Reads rows of which every column is a text, or null, which reads as an empty one.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>, sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match &mut self.0 {
            Kept::Sqlite(connection) => {
                let rows = sql.fetch_all(connection).await?;
                rows.iter().map(texts_of_sqlite).collect()
            }
            Kept::Postgres(connection) => {
                let rows = sql.fetch_all(connection).await?;
                rows.iter().map(texts_of_postgres).collect()
            }
        }
    }
}

fn texts_of_sqlite(row: &SqliteRow) -> Result<Vec<String>, sqlx::Error> {
    let texts = (0..row.len()).map(|column| row.try_get::<Option<String>, _>(column));
    texts.map(|text| Ok(text?.unwrap_or_default())).collect()
}

fn texts_of_postgres(row: &PgRow) -> Result<Vec<String>, sqlx::Error> {
    let texts = (0..row.len()).map(|column| row.try_get::<Option<String>, _>(column));
    texts.map(|text| Ok(text?.unwrap_or_default())).collect()
}
