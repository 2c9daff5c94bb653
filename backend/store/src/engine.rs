//! The two engines behind one set of calls: pools, transactions, and running a statement.

mod connect;
mod prepared;
mod transaction;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

use crate::disk::{Disk, Unwritable};
use crate::error::StoreError;
use crate::log_keep::LogKeep;
use crate::set::{Dialect, SetStatement};
use crate::sql::{Row, Statement, Value};
use crate::standing::Standing;
use prepared::Prepared;

pub(crate) use transaction::Transaction;

/// How long PostgreSQL may take over one statement, with the wait for a connection or for a lock, which
/// end before. What takes longer stands on a connection that says nothing any more.
const STATEMENT_MAX: Duration = Duration::from_secs(7);
/// Connections to a database that serves one node, lanes and readers together.
pub const POOL_SIZE_DEFAULT: u32 = 10;

/// Where the database is, and how careful to be with it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite://path/to/file.db` or `postgres://user@host/name`.
    pub url: String,
    pub sqlite_synchronous: Synchronous,
    /// Connections held at most; on SQLite these are the readers, beside one writer.
    pub pool_size: u32,
    pub log_keep: LogKeep,
    /// Whether a file that is not there is made, on SQLite.
    pub makes_file: bool,
    /// How many batches are written side by side on PostgreSQL; `None` for half of the connections, up to
    /// a few.
    pub lanes: Option<u32>,
}

/// What a commit on SQLite survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A power cut.
    #[default]
    Full,
    /// A crash of the process only: a power cut may lose the last commits, so that positions in
    /// logs could be given out twice.
    Normal,
}

impl Settings {
    /// Full durability and a pool of the usual size.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            sqlite_synchronous: Synchronous::Full,
            pool_size: POOL_SIZE_DEFAULT,
            log_keep: LogKeep::default(),
            makes_file: true,
            lanes: None,
        }
    }

    /// The same, for a database that has to be there.
    pub fn existing(url: impl Into<String>) -> Self {
        Self {
            makes_file: false,
            ..Self::new(url)
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        disk: Arc<Disk>,
    },
    Postgres {
        pool: PgPool,
        /// One connection, made when it is first asked for.
        apart: PgPool,
        standing: Arc<Standing>,
        prepared: Arc<Prepared>,
    },
}

/// Checks that an address of SQLite names a file. Without one SQLite keeps everything in memory, for each
/// connection apart.
fn check_names_file(address: &str, file: &str) -> Result<(), StoreError> {
    let file = file.strip_prefix("//").unwrap_or(file);
    let (path, options) = file.split_once('?').unwrap_or((file, ""));
    if path.is_empty() || path == ":memory:" || options.contains("mode=memory") {
        let url = address.to_owned();
        return Err(StoreError::AddressNamesNoFile { url });
    }

    Ok(())
}

impl Engine {
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let address = settings.url.as_str();
        let connected = if let Some(file) = address.strip_prefix("sqlite:") {
            check_names_file(address, file)?;
            connect::sqlite(settings).await
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            connect::postgres(settings).await
        } else {
            let url = connect::without_password(address);
            return Err(StoreError::AddressUnknown { url });
        };

        connected.map_err(|source| {
            let url = connect::without_password(address);
            match Unwritable::of(&source) {
                Some(unwritable) => StoreError::NotOpened { url, unwritable },
                None => StoreError::Unreachable { url, source },
            }
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, apart, .. } => {
                apart.close().await;
                pool.close().await;
            }
        }
    }

    /// The same database by a connection of its own.
    pub(crate) fn apart(&self) -> Self {
        match self {
            Self::Sqlite { .. } => self.clone(),
            Self::Postgres {
                apart,
                standing,
                prepared,
                ..
            } => Self::Postgres {
                pool: apart.clone(),
                apart: apart.clone(),
                standing: Arc::clone(standing),
                prepared: Arc::clone(prepared),
            },
        }
    }

    /// Runs one statement that reads.
    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => fetch_sqlite(statement, readers).await,
            Self::Postgres { pool, standing, .. } => {
                let fetched = fetch_postgres(statement, None, pool).await;
                fetched.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Runs `WITH {table} AS ({keys}) {update}`, in transactions of its own.
    pub(crate) async fn write_set(
        &self,
        table: &str,
        keys: Vec<Vec<Value>>,
        update: &str,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut rows = Vec::new();
        for statement in SetStatement::with(table, keys, update).statements(self.dialect()) {
            rows.extend(self.write(statement).await?);
        }

        Ok(rows)
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Runs one statement that writes, in a transaction of its own. It must be one that may be run again:
    /// an answer that was lost is told as one that may be tried again.
    pub(crate) async fn write(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { writer, disk, .. } => {
                let fetched = fetch_sqlite(statement, writer).await;
                fetched.inspect_err(|error| disk.suspect(error))
            }
            Self::Postgres { pool, standing, .. } => {
                let fetched = fetch_postgres(statement, None, pool).await;
                fetched.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Opens a transaction. Its first statement must write the row that serves as the lock: SQLite
    /// refuses to let one that has read become a writer once another has written.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite { writer, disk, .. } => Transaction::begin_on_sqlite(writer, disk).await,
            Self::Postgres {
                pool,
                standing,
                prepared,
                ..
            } => Transaction::begin_on_postgres(pool, standing, Some(prepared), "BEGIN").await,
        }
    }

    /// Opens a transaction whose reads all see one state.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite { readers, disk, .. } => Transaction::begin_on_sqlite(readers, disk).await,
            Self::Postgres { pool, standing, .. } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                Transaction::begin_on_postgres(pool, standing, None, begin).await
            }
        }
    }
}

async fn fetch_sqlite<'e>(
    statement: Statement,
    executor: impl sqlx::Executor<'e, Database = Sqlite>,
) -> Result<Vec<Row>, sqlx::Error> {
    let (text, arguments) = statement.for_sqlite()?;
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    let rows = query.fetch_all(executor).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

async fn execute_sqlite<'e>(
    statement: Statement,
    executor: impl sqlx::Executor<'e, Database = Sqlite>,
) -> Result<u64, sqlx::Error> {
    let (text, arguments) = statement.for_sqlite()?;
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    let done = query.execute(executor).await?;
    Ok(done.rows_affected())
}

async fn fetch_postgres<'e>(
    statement: Statement,
    prepared: Option<&Prepared>,
    executor: impl sqlx::Executor<'e, Database = Postgres>,
) -> Result<Vec<Row>, sqlx::Error> {
    let (text, arguments) = statement.for_postgres(|text, types| {
        if let Some(prepared) = prepared {
            prepared.note(text, types);
        }
    })?;
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    let rows = answered(query.fetch_all(executor)).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

async fn execute_postgres<'e>(
    statement: Statement,
    prepared: Option<&Prepared>,
    executor: impl sqlx::Executor<'e, Database = Postgres>,
) -> Result<u64, sqlx::Error> {
    let (text, arguments) = statement.for_postgres(|text, types| {
        if let Some(prepared) = prepared {
            prepared.note(text, types);
        }
    })?;
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    let done = answered(query.execute(executor)).await?;
    Ok(done.rows_affected())
}

/// Waits for PostgreSQL, up to [`STATEMENT_MAX`].
async fn answered<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answered = tokio::time::timeout(STATEMENT_MAX, answer).await;
    answered.map_err(|late| sqlx::Error::Io(late.into()))?
}
