//! Clearing away what deleted rooms leave behind.
//!
//! A room is gone with the transaction that deletes it. Its log and its people may be a million rows,
//! which nobody can reach any more; they are cleared away afterwards, in steps that a crash between
//! them does not harm.

use super::{DueWork, FINISH, Lease, advance};
use crate::sql::Statement;
use crate::{Store, StoreError};

/// Rows cleared away at once: some milliseconds of work, which is how long it keeps others from
/// writing on SQLite.
const CLEARED_MAX: u64 = 1_000;

/// What is cleared away, by the key within the room. The name of the table is how far it has come.
const TABLES: [(&str, &str); 8] = [
    ("events", "seq"),
    ("parts", "part"),
    ("keyframes", "seq"),
    ("participants", "id"),
    ("presences", "viewer_id"),
    ("audit_entries", "id"),
    ("rewards", "id"),
    ("draws", "id"),
];

impl Store {
    /// Clears away a part of what a deleted room has left behind, and prolongs the lease. Returns
    /// whether there is more; if not, or if the lease has ended, the work is no longer held.
    pub async fn clear_deleted_room(
        &self,
        work: &mut DueWork,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        let at = TABLES
            .iter()
            .position(|(table, _)| Some(*table) == work.progress.as_deref())
            .unwrap_or(0);
        let (table, key) = TABLES[at];
        let claim_at = lease.now.plus_millis(lease.lease_ms);
        let clear = Statement::new(format!(
            "DELETE FROM {table} WHERE room_id = $1 AND {key} IN
                 (SELECT {key} FROM {table} WHERE room_id = $1 LIMIT {CLEARED_MAX})"
        ))
        .bind(work.subject_id);

        let mut transaction = self.engine.begin().await?;
        if !advance(&mut transaction, work, Some(table), claim_at).await? {
            transaction.roll_back().await?;
            return Ok(false);
        }
        let is_cleared = transaction.execute(clear).await? < CLEARED_MAX;
        let next = TABLES.get(at + 1).map(|(table, _)| *table);
        let reached = if is_cleared { next } else { Some(table) };
        if reached.is_some() {
            advance(&mut transaction, work, reached, claim_at).await?;
        } else {
            let finish = work.bind_to(Statement::new(FINISH));
            transaction.execute(finish).await?;
        }
        transaction.commit().await.map_err(StoreError::of_commit)?;

        work.progress = reached.map(str::to_owned);
        Ok(reached.is_some())
    }
}
