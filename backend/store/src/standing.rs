//! Whether PostgreSQL can be written to through the connections that there are.
//!
//! After a failover some may lead to a server that follows another one, or to a former primary that is
//! kept from writing. They answer, and so would stay in the pool, and every batch that got one would
//! fail. Each is given up as soon as it is found out, and none that is new is taken.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sqlx::error::DatabaseError;
use sqlx::{PgConnection, Row};

/// What PostgreSQL says to whoever would write where it can only be read.
pub(crate) const READ_ONLY: &str = "25006";

/// Connections that are asked before they are used once one was found to be read-only: twice as many
/// as any pool has, for they are not taken strictly in turn.
const SUSPECTED: u32 = 200;

/// What is known of the server behind a pool.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    is_read_only: AtomicBool,
    suspected: AtomicU32,
}

impl Standing {
    /// Whether the connection that was looked at last could only be read from.
    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Relaxed)
    }

    /// Takes in what a statement failed with.
    pub(crate) fn suspect(&self, error: &sqlx::Error) {
        let code = error.as_database_error().and_then(DatabaseError::code);
        if code.as_deref() == Some(READ_ONLY) {
            self.suspected.store(SUSPECTED, Ordering::Relaxed);
        }
    }

    /// Whether the next connection is to be asked, however lately it was used.
    pub(crate) fn is_suspected(&self) -> bool {
        let left = |left: u32| left.checked_sub(1);
        let suspected = self
            .suspected
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);

        suspected.is_ok()
    }

    /// Asks the connection, which answers at least, and returns whether to give it up.
    pub(crate) async fn gives_up(
        &self,
        connection: &mut PgConnection,
    ) -> Result<bool, sqlx::Error> {
        let is_read_only = is_read_only(connection).await?;
        if is_read_only {
            self.suspected.store(SUSPECTED, Ordering::Relaxed);
        }
        self.is_read_only.store(is_read_only, Ordering::Relaxed);

        Ok(is_read_only)
    }
}

pub(crate) async fn is_read_only(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let ask = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

    let found = sqlx::raw_sql(ask).fetch_one(connection).await?;

    found.try_get(0)
}

/// Why a connection is not taken.
pub(crate) fn read_only() -> sqlx::Error {
    sqlx::Error::Configuration("the database can only be read, as one that follows another".into())
}
