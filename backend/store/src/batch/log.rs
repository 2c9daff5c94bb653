//! The log, the parts it leaves, and the keyframes.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::event::{Event, Part};
use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::RoomAggregate;

use super::write::{Room, each};
use crate::due_work::trimming;
use crate::engine::Transaction;
use crate::error::is_unreadable;
use crate::event_row;
use crate::kept_event::KeptEvent;
use crate::sql::{Value, row, to_json};

/// Returns the rooms whose state could not be read to be kept, which is tried again with what comes
/// next.
pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<BTreeSet<RoomId>, sqlx::Error> {
    events(transaction, rooms).await?;
    keyframes(transaction, rooms).await
}

async fn events(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let events = each(rooms, |aggregate| aggregate.changes.events.iter())
        .into_iter()
        .map(|(of, event)| event_row::event_row(of.room.id, of.room.tenant_id, event))
        .collect();
    transaction
        .insert(event_row::INSERT_EVENTS, events, "")
        .await?;

    let mut last: BTreeMap<(RoomId, Part), (&RoomAggregate, &Event)> = BTreeMap::new();
    for (of, event) in each(rooms, |aggregate| aggregate.changes.events.iter()) {
        if let Some(part) = event.body.part() {
            last.insert((of.room.id, part), (of, event));
        }
    }
    let (emptied, last): (Vec<_>, Vec<_>) = last
        .into_iter()
        .partition(|(_, (_, event))| event.body.empties_part());
    let emptied = emptied
        .into_iter()
        .map(|((id, part), _)| row![id, part.key().into_owned()])
        .collect();
    transaction
        .update("v (room_id, part)", emptied, event_row::DELETE_PARTS)
        .await?;
    let parts = last
        .into_iter()
        .map(|((id, part), (of, event))| event_row::part_row(id, of.room.tenant_id, part, event))
        .collect();
    transaction
        .insert(event_row::INSERT_PARTS, parts, event_row::REPLACE_PARTS)
        .await?;

    Ok(())
}

/// Keeps the picture of the rooms in which enough has happened since it was last kept. The live parts are
/// nobody's to seek back to.
async fn keyframes(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<BTreeSet<RoomId>, sqlx::Error> {
    let mut due: Vec<_> = rooms.iter().filter(|room| room.writes_keyframe()).collect();
    let of_room = |room: &&Room<'_>| {
        let id = room.aggregate.room.id;
        Part::PICTURE.map(|part| row![id, part.key().into_owned()])
    };
    let keys = due.iter().flat_map(of_room).collect();
    let columns = event_row::columns("parts");
    let text = format!(
        "SELECT parts.room_id, {columns} FROM wanted CROSS JOIN parts
         WHERE parts.room_id = wanted.id AND parts.part = wanted.part"
    );

    let mut parts: BTreeMap<RoomId, Vec<KeptEvent>> = BTreeMap::new();
    let mut unreadable = BTreeSet::new();
    for mut row in transaction
        .look_up("wanted (id, part)", keys, &text)
        .await?
    {
        let room_id = RoomId(row.take()?);
        match event_row::read(&mut row) {
            Ok(event) => parts.entry(room_id).or_default().push(event.into()),
            Err(error) if is_unreadable(&error) => {
                tracing::error!(%room_id, %error, "a room's parts cannot be read, nor kept");
                unreadable.insert(room_id);
            }
            Err(error) => return Err(error),
        }
    }
    due.retain(|room| !unreadable.contains(&room.aggregate.room.id));
    let kept = due.iter().map(|room| room.aggregate);
    let rows: Vec<Vec<Value>> = due
        .iter()
        .map(
            |Room {
                 aggregate,
                 keyframe_seq,
                 ..
             }| {
                let (room, head) = (&aggregate.room, &aggregate.head);
                let mut kept = parts.remove(&room.id).unwrap_or_default();
                kept.sort_by_key(KeptEvent::seq);
                row![
                    room.id,
                    *keyframe_seq,
                    room.tenant_id,
                    head.occurred_at,
                    to_json(&kept)
                ]
            },
        )
        .collect();

    let insert = "INSERT INTO keyframes (room_id, seq, tenant_id, occurred_at, events) ";
    transaction.insert(insert, rows, "").await?;
    trimming::write(transaction, kept).await?;

    Ok(unreadable)
}
