//! Transactions, and what becomes of a connection on which one was left open.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Database, Pool, Postgres, Sqlite};
use tokio::runtime::Handle;

use super::connect::RECOVER_MAX;
use super::prepared::Prepared;
use super::{answered, execute_postgres, execute_sqlite, fetch_postgres, fetch_sqlite};
use crate::disk::Disk;
use crate::set::{Dialect, SetStatement};
use crate::sql::{Row, Statement, Value};
use crate::standing::Standing;

pub(crate) enum Transaction {
    Sqlite {
        transaction: Exclusive<Sqlite>,
        disk: Arc<Disk>,
    },
    Postgres {
        transaction: Exclusive<Postgres>,
        standing: Arc<Standing>,
        /// What notes the statements of one that writes.
        prepared: Option<Arc<Prepared>>,
    },
}

/// A connection on which a transaction is open, or may be.
///
/// It goes back to the pool when the transaction has ended for certain, and never else: not after a BEGIN
/// whose answer was not waited for, as when the caller is dropped or time ran out, and not after a COMMIT
/// that failed. sqlx keeps count of the answers that it saw, and not of what SQLite undoes by itself when
/// a disk is full: whoever got such a connection next would read old state, or have committed what is
/// undone later.
pub(crate) struct Exclusive<DB: Engine>(Option<PoolConnection<DB>>);

/// What [`Exclusive`] asks of a database.
pub(crate) trait Engine: Database {
    /// Says BEGIN, COMMIT or ROLLBACK.
    fn say(
        connection: &mut Self::Connection,
        words: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Engine for Postgres {
    async fn say(connection: &mut PgConnection, words: &'static str) -> Result<(), sqlx::Error> {
        answered(sqlx::raw_sql(words).execute(connection)).await?;
        Ok(())
    }
}

impl Engine for Sqlite {
    async fn say(
        connection: &mut SqliteConnection,
        words: &'static str,
    ) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(words).execute(connection).await?;
        Ok(())
    }
}

impl<DB: Engine> Exclusive<DB> {
    async fn begin(pool: &Pool<DB>, begin: &'static str) -> Result<Self, sqlx::Error> {
        let mut transaction = Self(Some(pool.acquire().await?));
        DB::say(transaction.connection(), begin).await?;

        Ok(transaction)
    }

    async fn end(mut self, end: &'static str) -> Result<(), sqlx::Error> {
        DB::say(self.connection(), end).await?;
        self.0 = None;

        Ok(())
    }

    fn connection(&mut self) -> &mut DB::Connection {
        self.0.as_mut().expect("it is there until the end")
    }
}

impl<DB: Engine> Drop for Exclusive<DB> {
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else {
            return;
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(roll_back(connection))),
            // The runtime has gone, and the pool with it.
            Err(_) => drop(connection.detach()),
        }
    }
}

/// Ends what is open on the connection, which is closed if that cannot be, also because nothing is open.
async fn roll_back<DB: Engine>(mut connection: PoolConnection<DB>) {
    let rolled_back = DB::say(&mut connection, "ROLLBACK");
    let rolled_back = tokio::time::timeout(RECOVER_MAX, rolled_back).await;
    if !matches!(rolled_back, Ok(Ok(()))) {
        connection.close_on_drop();
    }
}

impl Transaction {
    pub(super) async fn begin_on_sqlite(
        pool: &SqlitePool,
        disk: &Arc<Disk>,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self::Sqlite {
            transaction: Exclusive::begin(pool, "BEGIN").await?,
            disk: Arc::clone(disk),
        })
    }

    pub(super) async fn begin_on_postgres(
        pool: &PgPool,
        standing: &Arc<Standing>,
        prepared: Option<&Arc<Prepared>>,
        begin: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let transaction = Exclusive::begin(pool, begin).await;

        Ok(Self::Postgres {
            transaction: transaction.inspect_err(|error| standing.suspect(error))?,
            standing: Arc::clone(standing),
            prepared: prepared.map(Arc::clone),
        })
    }

    pub(crate) async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite { transaction, disk } => {
                let fetched = fetch_sqlite(statement, transaction.connection()).await;
                fetched.inspect_err(|error| disk.suspect(error))
            }
            Self::Postgres {
                transaction,
                standing,
                prepared,
            } => {
                let fetched =
                    fetch_postgres(statement, prepared.as_deref(), transaction.connection()).await;
                fetched.inspect_err(|error| standing.suspect(error))
            }
        }
    }

    /// Returns how many rows were written.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite { transaction, disk } => {
                let done = execute_sqlite(statement, transaction.connection()).await;
                done.inspect_err(|error| disk.suspect(error))
            }
            Self::Postgres {
                transaction,
                standing,
                prepared,
            } => {
                let done =
                    execute_postgres(statement, prepared.as_deref(), transaction.connection())
                        .await;
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
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { transaction, disk } => {
                let done = transaction.end("COMMIT").await;
                done.inspect_err(|error| disk.suspect(error))
            }
            Self::Postgres { transaction, .. } => transaction.end("COMMIT").await,
        }
    }

    pub(crate) async fn roll_back(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { transaction, .. } => transaction.end("ROLLBACK").await,
            Self::Postgres { transaction, .. } => transaction.end("ROLLBACK").await,
        }
    }
}
