//! Which history of the database the rooms' epochs belong to.
//!
//! A server that was promoted, or restored to a point in time, may lack what its predecessor had
//! committed and told, and gives the same positions out again. PostgreSQL begins a new timeline
//! then, and says so to every connection. Beside the rooms it is kept which one their epochs are of, and
//! whoever connects first to another renews them all, before anything is read or written there. So
//! nobody needs to have known the log that was lost: not the nodes, which may have died with the
//! primary, and not whether a room was watched.

use sqlx::{PgConnection, PgPool, Row};

/// The cluster and its timeline. The name of the file that is written to begins with the timeline, which
/// is current at once; what `pg_control_checkpoint` says is so after the next checkpoint.
const CURRENT: &str = "SELECT system_identifier || '/' ||
         left(pg_walfile_name(pg_current_wal_lsn()), 8) AS identity
     FROM pg_control_system()";

/// Keeps which history this is, if nothing is kept yet.
pub(crate) async fn note(pool: &PgPool) -> Result<(), sqlx::Error> {
    let note = sqlx::AssertSqlSafe(format!(
        "INSERT INTO log_lineage (id, identity) SELECT 1, identity FROM ({CURRENT}) AS current
         ON CONFLICT (id) DO NOTHING"
    ));
    sqlx::query(note).execute(pool).await?;

    Ok(())
}

/// Renews every room's epoch if the history is another than theirs. One statement, so that of
/// several connections one does it, and the others wait until it is done.
pub(crate) async fn settle(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_kept = "SELECT to_regclass('log_lineage') IS NOT NULL";
    let found = sqlx::raw_sql(is_kept).fetch_one(&mut *connection).await?;
    let is_kept: bool = found.try_get(0)?;
    if !is_kept {
        return Ok(());
    }

    let renew = sqlx::AssertSqlSafe(format!(
        "WITH current AS ({CURRENT}),
         moved AS (
             UPDATE log_lineage SET identity = current.identity FROM current
             WHERE log_lineage.identity <> current.identity RETURNING 1
         )
         UPDATE rooms SET epoch = gen_random_uuid() FROM moved"
    ));
    let renewed = sqlx::raw_sql(renew).execute(connection).await?;
    let rooms = renewed.rows_affected();
    if rooms > 0 {
        tracing::warn!(
            rooms,
            "the database has another history than before, so every room's epoch was renewed"
        );
    }
    Ok(())
}
