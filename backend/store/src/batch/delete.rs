//! Taking deleted rooms out. What is not bounded is cleared away afterwards.

use parlor_domain::room_aggregate::RoomAggregate;

use crate::due_work;
use crate::engine::Transaction;
use crate::sql::Statement;

/// What goes with the room itself: what is bounded, or refers to its row.
const WITH_THE_ROOM: [&str; 6] = [
    "DELETE FROM sessions WHERE room_id = $1",
    "DELETE FROM overlay_tokens WHERE room_id = $1",
    "DELETE FROM room_trains WHERE room_id = $1",
    "DELETE FROM room_censuses WHERE room_id = $1",
    "DELETE FROM room_earnings WHERE room_id = $1",
    "DELETE FROM rooms WHERE id = $1",
];

/// Takes a room out, and notes that there is something to clear away.
pub(super) async fn room(
    transaction: &mut Transaction,
    aggregate: &RoomAggregate,
) -> Result<(), sqlx::Error> {
    let room = &aggregate.room;
    due_work::write_room_clearing(
        transaction,
        room.id,
        room.tenant_id,
        aggregate.head.occurred_at,
    )
    .await?;
    for text in WITH_THE_ROOM {
        transaction
            .execute(Statement::new(text).bind(room.id))
            .await?;
    }

    Ok(())
}
