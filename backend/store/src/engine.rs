//! The two engines behind one set of calls: pools, transactions, and running a statement.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Postgres, Sqlite};

use crate::error::StoreError;
use crate::lineage;
use crate::log_keep::LogKeep;
use crate::ownership;
use crate::set::{Dialect, SetStatement};
use crate::sql::{Row, Statement, Value};
use crate::standing::{self, Standing};

/// How long a writer waits for another process's lock. Well below a client's patience, and many times
/// what a batch takes.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long anybody waits for a connection of the pool, so that two waits in a row are shorter than a
/// request may be.
const ACQUIRE_MAX: Duration = Duration::from_secs(3);
/// How long PostgreSQL may take over one statement, with the wait for a connection or for a lock, which
/// end before. What takes longer stands on a connection that says nothing any more.
const STATEMENT_MAX: Duration = Duration::from_secs(7);
/// How long a connection may take to show that it is whole when it comes back from whoever gave up on
/// it. One that says nothing is closed, or it would keep its place in the pool for ever.
const RECOVER_MAX: Duration = Duration::from_secs(2);
/// How long an open transaction may sit idle before PostgreSQL takes its locks away. A node that is
/// stopped in the middle holds up its rooms for everybody; who waits for the lock then gets it before
/// [`WAIT_MAX`] is over. Between two statements of a batch lie milliseconds.
const IDLE_IN_TRANSACTION_MAX_MS: u32 = 4_000;
/// A connection idle for longer is tested before use. Under load none is, which saves a round trip
/// for each transaction.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// Statements that stay prepared: every fixed one, and the sets in each of their sizes.
const PREPARED_MAX: usize = 400;
/// Connections to a database that serves one node, lanes and readers together.
pub const POOL_SIZE_DEFAULT: u32 = 10;
/// SQLite's page cache for the writer, in KiB: the hot pages of some thousands of rooms.
const WRITER_CACHE_KIB: u32 = 32 * 1024;

/// Where the database is, and how careful to be with it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite://path/to/file.db` or `postgres://user@host/name`.
    pub url: String,
    pub sqlite_synchronous: Synchronous,
    /// Connections held at most; on SQLite these are the readers, beside one writer.
    pub pool_size: u32,
    pub log_keep: LogKeep,
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
            lanes: None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Engine {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres {
        pool: PgPool,
        standing: Arc<Standing>,
    },
}

pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres {
        transaction: sqlx::Transaction<'static, Postgres>,
        standing: Arc<Standing>,
    },
}

macro_rules! run_on_sqlite {
    ($statement:expr, $executor:expr, $call:ident) => {{
        let (text, arguments) = $statement.for_sqlite()?;
        sqlx::query_with(AssertSqlSafe(text), arguments)
            .$call($executor)
            .await
    }};
}

impl Engine {
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let address = settings.url.as_str();
        let connected = if address.starts_with("sqlite:") {
            connect_sqlite(settings).await
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            connect_postgres(settings).await
        } else {
            let url = without_password(address);
            return Err(StoreError::AddressUnknown { url });
        };

        connected.map_err(|source| {
            let url = without_password(address);
            StoreError::Unreachable { url, source }
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }

    /// Runs one statement that reads.
    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => fetch_sqlite(statement, readers).await,
            Self::Postgres { pool, standing } => {
                let fetched = fetch_postgres(statement, pool).await;
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
            Self::Sqlite { writer, .. } => fetch_sqlite(statement, writer).await,
            Self::Postgres { pool, standing } => {
                let fetched = fetch_postgres(statement, pool).await;
                fetched.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Opens a transaction. Its first statement must write the row that serves as the lock: SQLite
    /// refuses to let one that has read become a writer once another has written.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => writer.begin().await.map(Transaction::Sqlite),
            Self::Postgres { pool, standing } => {
                let (pool, standing) = (pool.clone(), Arc::clone(standing));
                whole(async move { answered(pool.begin()).await }, standing).await
            }
        }
    }

    /// Opens a transaction whose reads all see one state.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => readers.begin().await.map(Transaction::Sqlite),
            Self::Postgres { pool, standing } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                let (pool, standing) = (pool.clone(), Arc::clone(standing));
                whole(
                    async move { answered(pool.begin_with(begin)).await },
                    standing,
                )
                .await
            }
        }
    }
}

/// Sees the beginning of a transaction to its end, also when the caller is dropped meanwhile, as a
/// handler is when its client goes away. sqlx would take the connection back into the pool without
/// knowing that a transaction was begun on it, and whoever gets it next would read old state and fail
/// to write.
async fn whole(
    begin: impl Future<Output = Result<sqlx::Transaction<'static, Postgres>, sqlx::Error>>
    + Send
    + 'static,
    standing: Arc<Standing>,
) -> Result<Transaction, sqlx::Error> {
    match tokio::spawn(begin).await {
        Ok(result) => result.map(|transaction| Transaction::Postgres {
            transaction,
            standing,
        }),
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // The runtime goes down, and the pool with it.
        Err(_) => Err(sqlx::Error::PoolClosed),
    }
}

impl Transaction {
    pub(crate) async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => fetch_sqlite(statement, &mut **transaction).await,
            Self::Postgres {
                transaction,
                standing,
            } => {
                let fetched = fetch_postgres(statement, &mut **transaction).await;
                fetched.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Returns how many rows were written.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => {
                let done = run_on_sqlite!(statement, &mut **transaction, execute)?;
                Ok(done.rows_affected())
            }
            Self::Postgres {
                transaction,
                standing,
            } => {
                let done = execute_postgres(statement, &mut **transaction).await;
                done.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Runs `{into} {rows} {after}`. Returns how many rows were written.
    pub(crate) async fn insert(
        &mut self,
        into: &str,
        rows: Vec<Vec<Value>>,
        after: &str,
    ) -> Result<usize, sqlx::Error> {
        self.execute_set(SetStatement::insert(into, rows, after))
            .await
    }

    /// Runs `WITH {table} AS ({rows}) {update}`. Returns how many rows were written.
    pub(crate) async fn update(
        &mut self,
        table: &str,
        rows: Vec<Vec<Value>>,
        update: &str,
    ) -> Result<usize, sqlx::Error> {
        self.execute_set(SetStatement::with(table, rows, update))
            .await
    }

    /// Runs `WITH {table} AS ({keys}) {select}`.
    pub(crate) async fn look_up(
        &mut self,
        table: &str,
        keys: Vec<Vec<Value>>,
        select: &str,
    ) -> Result<Vec<Row>, sqlx::Error> {
        self.fetch_set(SetStatement::with(table, keys, select))
            .await
    }

    async fn fetch_set(&mut self, set: SetStatement<'_>) -> Result<Vec<Row>, sqlx::Error> {
        let mut rows = Vec::new();
        for statement in set.statements(self.dialect()) {
            rows.extend(self.fetch(statement).await?);
        }

        Ok(rows)
    }

    async fn execute_set(&mut self, set: SetStatement<'_>) -> Result<usize, sqlx::Error> {
        let mut written = 0;
        for statement in set.statements(self.dialect()) {
            written += self.execute(statement).await?;
        }

        Ok(usize::try_from(written).expect("what was written fitted memory"))
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres { transaction, .. } => answered(transaction.commit()).await,
        }
    }

    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres { transaction, .. } => answered(transaction.rollback()).await,
        }
    }
}

async fn fetch_sqlite<'e>(
    statement: Statement,
    executor: impl sqlx::Executor<'e, Database = Sqlite>,
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = run_on_sqlite!(statement, executor, fetch_all)?;
    Ok(rows.into_iter().map(Row::from).collect())
}

async fn fetch_postgres<'e>(
    statement: Statement,
    executor: impl sqlx::Executor<'e, Database = Postgres>,
) -> Result<Vec<Row>, sqlx::Error> {
    let (text, arguments) = statement.for_postgres()?;
    let query = sqlx::query_with(AssertSqlSafe(text), arguments);
    let rows = answered(query.fetch_all(executor)).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

async fn execute_postgres<'e>(
    statement: Statement,
    executor: impl sqlx::Executor<'e, Database = Postgres>,
) -> Result<u64, sqlx::Error> {
    let (text, arguments) = statement.for_postgres()?;
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

async fn connect_sqlite(settings: &Settings) -> Result<Engine, sqlx::Error> {
    let synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Normal => SqliteSynchronous::Normal,
    };
    let options = SqliteConnectOptions::from_str(&settings.url)?
        .busy_timeout(WAIT_MAX)
        .synchronous(synchronous)
        .statement_cache_capacity(PREPARED_MAX)
        .disable_statement_logging();
    let writing = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"));
    ownership::check_sqlite(&options).await?;
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_MAX)
            .idle_timeout(None)
            .max_lifetime(None)
    };

    // One writer: SQLite has one lock, and waiting for it in the pool is fair.
    let writer = pool().max_connections(1).connect_with(writing).await?;
    let readers = pool().max_connections(settings.pool_size);
    let readers = readers.connect_with(options.read_only(true)).await?;

    Ok(Engine::Sqlite { writer, readers })
}

async fn connect_postgres(settings: &Settings) -> Result<Engine, sqlx::Error> {
    let options = PgConnectOptions::from_str(&settings.url)?
        .application_name("parlor")
        .options([
            ("lock_timeout", WAIT_MAX.as_millis().to_string()),
            (
                "idle_in_transaction_session_timeout",
                IDLE_IN_TRANSACTION_MAX_MS.to_string(),
            ),
        ])
        .statement_cache_capacity(PREPARED_MAX)
        .disable_statement_logging();
    // A pool tells only that time ran out; a connection tells why there is none.
    let mut connection = PgConnection::connect_with(&options).await?;
    if standing::is_read_only(&mut connection).await? {
        return Err(standing::read_only());
    }
    ownership::check_postgres(&mut connection).await?;
    connection.close().await?;
    let standing = Arc::new(Standing::default());
    let (of_new, of_used) = (Arc::clone(&standing), Arc::clone(&standing));
    let pool = PgPoolOptions::new()
        .max_connections(settings.pool_size)
        .acquire_timeout(ACQUIRE_MAX)
        .after_release(|connection, _| {
            Box::pin(async move {
                let answer = tokio::time::timeout(RECOVER_MAX, connection.ping()).await;
                // One that is lost is closed without a word: whoever used it has told of it.
                Ok(matches!(answer, Ok(Ok(()))))
            })
        })
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let standing = Arc::clone(&of_new);
            Box::pin(async move {
                if standing.gives_up(connection).await? {
                    return Err(standing::read_only());
                }
                lineage::settle(connection).await
            })
        })
        .before_acquire(move |connection, meta: PoolConnectionMetadata| {
            let standing = Arc::clone(&of_used);
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE || standing.is_suspected() {
                    return Ok(!standing.gives_up(connection).await?);
                }
                Ok(true)
            })
        });

    Ok(Engine::Postgres {
        pool: pool.connect_with(options).await?,
        standing,
    })
}

/// The address as it may be shown: logs are read by more people than the database.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let rest = rest.split('?').next().unwrap_or(rest);
    let Some((user, place)) = rest.rsplit_once('@') else {
        return format!("{scheme}://{rest}");
    };

    let user = user.split(':').next().unwrap_or(user);
    format!("{scheme}://{user}@{place}")
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "postgres://ann:se:c@ret@db:5432/parlor",
                "postgres://ann@db:5432/parlor",
            ),
            (
                "postgres://db/parlor?password=secret",
                "postgres://db/parlor",
            ),
            ("sqlite://data/parlor.db", "sqlite://data/parlor.db"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
