//! Taking deleted rooms out, and clearing away what they leave behind.
//!
//! A room is gone with the transaction that deletes it. Its log and its people may be a million rows,
//! which nobody can reach any more; they are cleared away afterwards, in steps that a crash between
//! them does not harm.

use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::RoomAggregate;

use crate::engine::Transaction;
use crate::sql::Statement;
use crate::{Store, StoreError};

/// Rows cleared away at once: some milliseconds of work, which is how long it keeps others from
/// writing on SQLite.
const CLEARED_MAX: i64 = 1_000;

/// What goes with the room itself: what is bounded, or refers to its row.
const WITH_THE_ROOM: [&str; 5] = [
    "DELETE FROM sessions WHERE room_id = $1",
    "DELETE FROM overlay_tokens WHERE room_id = $1",
    "DELETE FROM room_trains WHERE room_id = $1",
    "DELETE FROM room_censuses WHERE room_id = $1",
    "DELETE FROM rooms WHERE id = $1",
];

/// What is cleared away afterwards, by the key within the room.
const AFTERWARDS: [(&str, &str); 6] = [
    ("events", "seq"),
    ("parts", "part"),
    ("keyframes", "seq"),
    ("participants", "id"),
    ("presences", "viewer_id"),
    ("audit_entries", "id"),
];

/// Takes a room out, and notes that there is something to clear away.
pub(super) async fn room(
    transaction: &mut Transaction,
    aggregate: &RoomAggregate,
) -> Result<(), sqlx::Error> {
    let room = &aggregate.room;
    let note = Statement::new(
        "INSERT INTO deleted_rooms (room_id, tenant_id, deleted_at) VALUES ($1, $2, $3)",
    );
    let at = aggregate.head.occurred_at;
    let note = note.bind(room.id).bind(room.tenant_id).bind(at);
    transaction.execute(note).await?;
    for text in WITH_THE_ROOM {
        transaction
            .execute(Statement::new(text).bind(room.id))
            .await?;
    }

    Ok(())
}

impl Store {
    /// Clears away a part of what deleted rooms have left behind. Returns whether there is more.
    pub async fn clear_deleted_rooms(&self) -> Result<bool, StoreError> {
        let first = "SELECT room_id FROM deleted_rooms ORDER BY deleted_at, room_id LIMIT 1";
        let found = self.engine.fetch(Statement::new(first)).await?;
        let Some(mut row) = found.into_iter().next() else {
            return Ok(false);
        };
        let room_id = RoomId(row.take()?);

        for (table, key) in AFTERWARDS {
            let clear = Statement::new(format!(
                "DELETE FROM {table} WHERE room_id = $1 AND {key} IN
                     (SELECT {key} FROM {table} WHERE room_id = $1 LIMIT {CLEARED_MAX})"
            ));
            let mut transaction = self.engine.begin().await?;
            let cleared = transaction.execute(clear.bind(room_id)).await?;
            transaction.commit().await.map_err(StoreError::of_commit)?;
            if cleared > 0 {
                return Ok(true);
            }
        }

        let done = Statement::new("DELETE FROM deleted_rooms WHERE room_id = $1");
        self.engine.write(done.bind(room_id)).await?;
        Ok(true)
    }
}
