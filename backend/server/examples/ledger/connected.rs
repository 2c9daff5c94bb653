//! A connection to the database beside the product's own.

use anyhow::Result;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Executor};

pub(super) enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connected {
    pub(super) async fn open(url: &str) -> Result<Self> {
        if !url.starts_with("sqlite") {
            return Ok(Self::Postgres(PgConnection::connect(url).await?));
        }
        let options = url.parse::<SqliteConnectOptions>()?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);

        Ok(Self::Sqlite(
            SqliteConnection::connect_with(&options).await?,
        ))
    }

    pub(super) async fn run(&mut self, words: &str) -> Result<()> {
        let words = AssertSqlSafe(words.to_owned());
        match self {
            Self::Sqlite(connection) => {
                connection.execute(words).await?;
            }
            Self::Postgres(connection) => {
                connection.execute(words).await?;
            }
        }

        Ok(())
    }
}
