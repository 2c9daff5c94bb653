//! Connecting: what is asked of every connection, and which ones are not taken.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::prepared::{PREPARED_MAX, Prepared};
use super::{Engine, Settings, Synchronous};
use crate::lineage;
use crate::ownership;
use crate::standing::{self, Standing};

/// How long a writer waits for another process's lock. Well below a client's patience, and many times
/// what a batch takes.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How long anybody waits for a connection of the pool, so that two waits in a row are shorter than a
/// request may be.
const ACQUIRE_MAX: Duration = Duration::from_secs(3);
/// How long a connection may take to show that it is whole when it comes back from whoever gave up on
/// it, with a transaction rolled back. One that says nothing is closed, or it would keep its place in the
/// pool for ever.
pub(super) const RECOVER_MAX: Duration = Duration::from_secs(2);
/// How long an open transaction may sit idle before PostgreSQL takes its locks away. A node that is
/// stopped in the middle holds up its rooms for everybody; who waits for the lock then gets it before
/// [`WAIT_MAX`] is over. Between two statements of a batch lie milliseconds.
const IDLE_IN_TRANSACTION_MAX_MS: u32 = 4_000;
/// A connection idle for longer is tested before use. Under load none is, which saves a round trip
/// for each transaction.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// SQLite's page cache for the writer, in KiB: the hot pages of some thousands of rooms.
const WRITER_CACHE_KIB: u32 = 32 * 1024;
/// How many pages the log of SQLite holds before a commit moves them into the database: 16 MiB. The pages
/// of busy rooms are written again with every batch, and are moved once however often that was.
const CHECKPOINT_PAGES: u32 = 4_096;

pub(super) async fn sqlite(settings: &Settings) -> Result<Engine, sqlx::Error> {
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
        .create_if_missing(settings.makes_file)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
        // What a statement may have to take back is kept in memory instead of a file beside the database.
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string());
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

    Ok(Engine::Sqlite {
        writer,
        readers,
        disk: Arc::default(),
    })
}

pub(super) async fn postgres(settings: &Settings) -> Result<Engine, sqlx::Error> {
    let options = PgConnectOptions::from_str(&settings.url)?
        .application_name("parlor")
        .options([
            ("lock_timeout", WAIT_MAX.as_millis().to_string()),
            (
                "idle_in_transaction_session_timeout",
                IDLE_IN_TRANSACTION_MAX_MS.to_string(),
            ),
            // A batch looks up hundreds of keys. Of a table of some thousand rows PostgreSQL thinks it cheaper
            // to read all of them, with every batch, which takes ten times as long as the index does.
            ("enable_seqscan", "off".to_owned()),
            // What has to be read whole all the same counts as so dear by that, that it would be compiled first.
            ("jit", "off".to_owned()),
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
    let prepared = Arc::new(Prepared::default());

    Ok(Engine::Postgres {
        pool: pool(settings.pool_size, &standing, &prepared)
            .connect_with(options.clone())
            .await?,
        // It runs no batch, and is not to wait for what they have to.
        apart: pool(1, &standing, &Arc::default()).connect_lazy_with(options),
        standing,
        prepared,
    })
}

fn pool(connections_max: u32, standing: &Arc<Standing>, prepared: &Arc<Prepared>) -> PgPoolOptions {
    let (of_new, of_used) = (Arc::clone(standing), Arc::clone(standing));
    let (for_new, for_used) = (Arc::clone(prepared), Arc::clone(prepared));
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_MAX)
        .after_release(move |connection, _| {
            let prepared = Arc::clone(&for_used);
            Box::pin(async move {
                let recovered = async {
                    prepared.prepare_on_released(connection).await?;
                    connection.ping().await
                };
                let answer = tokio::time::timeout(RECOVER_MAX, recovered).await;
                // One that is lost is closed without a word: whoever used it has told of it.
                Ok(matches!(answer, Ok(Ok(()))))
            })
        })
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let (standing, prepared) = (Arc::clone(&of_new), Arc::clone(&for_new));
            Box::pin(async move {
                if standing.gives_up(connection).await? {
                    return Err(standing::read_only());
                }
                lineage::settle(connection).await?;
                prepared.prepare_on_new(connection).await
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
        })
}

/// The address as it may be shown: logs are read by more people than the database.
pub(super) fn without_password(url: &str) -> String {
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
