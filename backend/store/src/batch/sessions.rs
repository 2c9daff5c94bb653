//! The sessions of a batch's rooms.

use super::write::{Room, each};
use crate::engine::Transaction;
use crate::sql::row;

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let mut sessions: Vec<_> = each(rooms, |aggregate| aggregate.changes.session.values());
    // A room's old session ends before its new one starts, or two would be live for a moment.
    sessions.sort_by_key(|(_, session)| session.is_live());
    let rows = sessions
        .into_iter()
        .map(|(aggregate, session)| {
            row![
                session.id,
                aggregate.room.tenant_id,
                aggregate.room.id,
                session.started_at,
                session.interrupted_at,
                session.ended_at,
                session.delay_ms,
            ]
        })
        .collect();

    transaction
        .insert(
            "INSERT INTO sessions
                 (id, tenant_id, room_id, started_at, interrupted_at, ended_at, delay_ms) ",
            rows,
            " ON CONFLICT (id) DO UPDATE SET
                 interrupted_at = excluded.interrupted_at, ended_at = excluded.ended_at,
                 delay_ms = excluded.delay_ms",
        )
        .await?;

    Ok(())
}
